import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { HkqError, messageOf } from '../errors.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
/** Kinds that grow smaller. */
const SQUEEZED = new Set(['.html', '.js', '.css', '.svg', '.txt'])

/** One file of the page, as it is served. */
export interface Asset {
  readonly type: string
  readonly etag: string
  readonly bytes: Buffer
  /** With brotli; null where that gains nothing. */
  readonly squeezed: Buffer | null
}

/** The files of the page by path, read once: a request can name these and nothing else. */
export interface Assets {
  readonly files: ReadonlyMap<string, Asset>
  /** Identity of them all. */
  readonly build: string
}

/**
 * Reads the page's files.
 * @throws HkqError E_INPUT where they are not there
 */
export function readAssets(folder: string): Assets {
  const files = new Map<string, Asset>()
  const all = createHash('sha256')
  for (const name of namesIn(folder)) {
    const bytes = readFileSync(join(folder, name))
    const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
    all.update(`${name} ${digest}\n`)
    const squeezed = SQUEEZED.has(extname(name)) ? squeeze(bytes) : null
    files.set(`/${name}`, { type: TYPES[extname(name)]!, etag: `"${digest}"`, bytes, squeezed })
  }
  const index = files.get('/index.html')
  if (index === undefined) throw missing(folder, 'no index.html')
  files.set('/', index)
  return { files, build: all.digest('base64url').slice(0, 16) }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => Object.hasOwn(TYPES, extname(name)))
      .sort()
  } catch (error) {
    throw missing(folder, messageOf(error))
  }
}

function missing(folder: string, why: string): HkqError {
  return new HkqError('E_INPUT', `the dashboard's page is not in "${folder}" (${why}): build it with npm run build`)
}

function squeeze(bytes: Buffer): Buffer | null {
  const squeezed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return squeezed.length < bytes.length * 0.9 ? squeezed : null
}
