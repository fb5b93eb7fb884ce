import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** The letters of the canary that every way of writing leaves as they are. */
const HEART = 'c4naryT0kenOfTheTests'

/**
 * The token of every test that has one. Its signs are written differently in an address, in a query, in JSON and in a
 * header, so that whoever hides one way of writing it alone is found out.
 */
export const CANARY = `hk"${HEART}/+%~'\\!-app`

/** What shows the canary however it is written: as it is, percent-encoded, escaped, in base64, hexadecimal or UTF-16. */
const TRACES: ReadonlyMap<string, string> = new Map([
  ['plain', HEART],
  ['reversed', [...HEART].reverse().join('')],
  ['hexadecimal', Buffer.from(HEART).toString('hex')],
  ['UTF-16', Buffer.from(HEART, 'utf16le').toString('latin1')],
  ...[0, 1, 2].map((offset) => [`base64 at ${offset}`, base64Of(HEART, offset)] as const),
])

/** The characters of a text's base64 that do not depend on what stands before (`offset` bytes, modulo 3) or behind it. */
function base64Of(text: string, offset: number): string {
  const whole = Buffer.from(`${'x'.repeat(offset)}${text}`)
    .toString('base64')
    .replace(/=+$/, '')
  return whole.slice(offset === 0 ? 0 : offset + 1, -2)
}

/** In which ways these bytes show the canary. */
export function traces(bytes: Buffer | string): string[] {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1')
  return [...TRACES].filter(([, trace]) => text.includes(trace)).map(([way]) => way)
}

/** Every file below `folder` that shows the canary, gzip looked into; those in `planted` may. */
export function tracesIn(folder: string, planted: readonly string[] = []): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !planted.includes(basename(entry.name)))
    .flatMap((entry) => {
      const file = join(entry.parentPath, entry.name)
      return [entry.name, contentOf(file)].flatMap(traces).map((way) => `${file} shows the token (${way})`)
    })
}

function contentOf(file: string): Buffer | string {
  const bytes = readFileSync(file)
  if (!file.endsWith('.gz')) return bytes
  try {
    return gunzipSync(bytes, { finishFlush: 2 })
  } catch {
    return bytes
  }
}
