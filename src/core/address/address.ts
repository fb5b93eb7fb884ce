import { HkqError } from '../errors.ts'
import { nearest } from '../nearest.ts'

/** What an address may be used for, and the options it takes behind `?`. */
interface Scheme {
  source: boolean
  sink: boolean
  params: readonly string[]
  /** Whether something must stand behind the colon. */
  path: 'required' | 'none'
}

const FILE_PARAMS = ['volume', 'label', 'columns', 'speed']

export const SCHEMES = {
  alltick: { source: true, sink: false, params: ['endpoint', 'plan', 'token'], path: 'none' },
  infoway: { source: true, sink: false, params: ['endpoint', 'plan', 'key', 'padded'], path: 'none' },
  longbridge: { source: true, sink: false, params: [], path: 'none' },
  tutorial: { source: true, sink: false, params: ['endpoint'], path: 'none' },
  sim: { source: true, sink: false, params: ['seed', 'speed', 'rate', 'start', 'days'], path: 'none' },
  sqlite: { source: true, sink: true, params: ['speed'], path: 'required' },
  influxdb: { source: true, sink: true, params: ['org', 'tls', 'speed', 'journal', 'waiting'], path: 'required' },
  parquet: { source: true, sink: true, params: ['speed'], path: 'required' },
  csv: { source: true, sink: true, params: [...FILE_PARAMS, 'bom'], path: 'required' },
  ndjson: { source: true, sink: true, params: FILE_PARAMS, path: 'required' },
  raw: { source: true, sink: false, params: ['speed'], path: 'required' },
  '-': { source: true, sink: true, params: FILE_PARAMS, path: 'none' },
  postgres: {
    source: true,
    sink: true,
    params: ['schema', 'sslmode', 'speed', 'journal', 'waiting'],
    path: 'required',
  },
  redis: {
    source: true,
    sink: true,
    params: ['mode', 'db', 'group', 'consumer', 'maxlen', 'tls', 'journal', 'waiting'],
    path: 'required',
  },
  nats: { source: true, sink: true, params: ['group', 'tls', 'journal', 'waiting'], path: 'required' },
  ws: { source: false, sink: true, params: [], path: 'required' },
} as const satisfies Record<string, Scheme>

export type SchemeName = keyof typeof SCHEMES

/** Vendors: what they bring is traded now and has no past. */
export const LIVE: ReadonlySet<SchemeName> = new Set(['alltick', 'infoway', 'longbridge', 'tutorial'])

/** Vendors whose frames hkq reads itself and can keep; an SDK hides its own. */
export const FRAMED: ReadonlySet<SchemeName> = new Set(['alltick', 'infoway', 'tutorial'])

/** A parsed address: where events come from or go to. `text` is as the user wrote it, fit to be shown: without secrets. */
export interface Address {
  readonly scheme: SchemeName
  readonly path: string
  readonly params: ReadonlyMap<string, readonly string[]>
  readonly text: string
  /** Of a feed that was found, not named: the endpoint where it is by now. Never rejects. */
  readonly endpointNow?: () => Promise<string>
}

type Use = 'source' | 'sink'

const BARE: readonly (readonly [RegExp, SchemeName])[] = [
  [/\.(db|sqlite3?)$/i, 'sqlite'],
  [/\.csv(\.gz)?$/i, 'csv'],
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
]

/**
 * Reads an address such as `sqlite:hk_market.db`, `sim:?seed=7&speed=60`, `ws://127.0.0.1:8765`, `-`, or a bare `FILE.db`.
 * @param use what it will be used for; a scheme that cannot is refused
 * @throws HkqError E_USAGE naming the nearest scheme or option
 */
export function parseAddress(given: string, use: Use): Address {
  if (/^[a-z]+:\/\/[^@]*[/?#][^@]*@[^@/?#]+\//i.test(given)) {
    const [scheme] = given.split(':')
    const text = 'a user or password holds one of / ? #: write %2F, %3F, %23 for it'
    throw new HkqError('E_USAGE', `${scheme}://***: ${text}`)
  }
  const text = shownAddress(given)
  const [body, query] = split(given)
  const { scheme, path } = place(body, text, use)
  const rules: Scheme = SCHEMES[scheme]
  if (!rules[use]) {
    throw new HkqError('E_USAGE', `"${text}" cannot be a ${use}: use one of ${schemesFor(use).join(', ')}`)
  }
  if (rules.path === 'required' && path === '') {
    throw new HkqError(
      'E_USAGE',
      `"${text}" names no ${scheme === 'ws' ? 'host' : scheme === 'parquet' ? 'folder' : 'file'}: write ${scheme}:NAME`,
    )
  }
  if (rules.path === 'none' && path !== '') {
    throw new HkqError('E_USAGE', `"${text}": nothing may stand between "${scheme}:" and "?", found "${path}"`)
  }
  if (scheme === 'sqlite') refuseOtherName(path, text)
  return { scheme, path, params: readParams(query, rules.params, text), text }
}

/** SQLite's driver takes some names for a database in memory, and leaves out the spaces around others. */
function refuseOtherName(path: string, text: string): void {
  const name = path.trim()
  if (name === '' || name === ':memory:') {
    throw new HkqError(
      'E_USAGE',
      `"${text}" would keep nothing, it names no file: write sqlite:NAME, e.g. hk_market.db`,
    )
  }
  if (name === path) return
  throw new HkqError('E_USAGE', `"${text}" begins or ends its file's name with a space: write sqlite:${name}`)
}

/** An address as it may be shown: no token, password or key in its options, or in those of an address within it. */
export function shownAddress(address: string): string {
  return address
    .replace(/((?:token|key|secret|password)(?:=|%3d))(?!off(?:&|$))[^&#\s]+/gi, '$1***')
    .replace(/((?::|%3a)(?:\/|%2f){2})[^/?#@\s]*(?:@|%40)/gi, '$1***@')
}

function schemesFor(use: Use): string[] {
  return Object.keys(SCHEMES).filter((name) => SCHEMES[name as SchemeName][use])
}

function split(text: string): [string, string] {
  const mark = text.indexOf('?')
  return mark === -1 ? [text, ''] : [text.slice(0, mark), text.slice(mark + 1)]
}

function place(body: string, text: string, use: Use): { scheme: SchemeName; path: string } {
  if (body === '-') return { scheme: '-', path: '' }
  if (/^ws:\/\//i.test(body)) return { scheme: 'ws', path: body }
  if (/^influxdb:\/\//i.test(body)) return { scheme: 'influxdb', path: body }
  if (/^postgres(ql)?:\/\//i.test(body)) return { scheme: 'postgres', path: body }
  const named = /^([a-z]+):(.*)$/is.exec(body)
  if (named) {
    const scheme = named[1]!.toLowerCase()
    if (Object.hasOwn(SCHEMES, scheme))
      return { scheme: scheme as SchemeName, path: named[2]!.replace(/^\/\/(?=\/)/, '') }
    throw unknown(text, scheme, use)
  }
  const bare = BARE.find(([ending]) => ending.test(body))
  if (bare) return { scheme: bare[1], path: body }
  throw unknown(text, body, use)
}

function unknown(text: string, scheme: string, use: Use): HkqError {
  const schemes = schemesFor(use)
  const guess = nearest(
    scheme,
    schemes.filter((name) => name !== '-'),
  )
  const hint = guess
    ? `did you mean "${guess}:"?`
    : `use one of ${schemes.join(', ')}, or a file ending in .db, .csv or .ndjson`
  return new HkqError('E_USAGE', `unknown address "${text}": ${hint}`)
}

function readParams(query: string, known: readonly string[], text: string): Map<string, string[]> {
  const params = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (!known.includes(name)) {
      const guess = nearest(name, known)
      const hint = guess
        ? `did you mean "${guess}"?`
        : known.length > 0
          ? `it takes ${known.join(', ')}`
          : 'it takes none'
      throw new HkqError('E_USAGE', `unknown option "${name}" in address "${text}": ${hint}`)
    }
    params.set(name, [...(params.get(name) ?? []), value])
  }
  return params
}

/** Options that tell one place at a server from another. */
const PLACE = ['schema', 'org', 'db', 'mode']

/** What stands at one path of a server is told apart by: empty where the path says it all. */
export function withinPath(address: Address): string {
  return PLACE.map((name) => param(address, name) ?? '')
    .join(' ')
    .trimEnd()
}

/** The last value of an option of the address, undefined when absent. */
export function param(address: Address, name: string): string | undefined {
  return address.params.get(name)?.at(-1)
}

/**
 * A numeric option of the address.
 * @throws HkqError E_USAGE when it is not a number in [min, max]
 */
export function numberParam(
  address: Address,
  name: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = param(address, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() === '' || !(value >= min && value <= max)) {
    throw new HkqError('E_USAGE', `"${name}=${text}" in address "${address.text}": use a number from ${min} to ${max}`)
  }
  return value
}

/** An option of the address that must be one of `values`. */
export function choiceParam<T extends string>(address: Address, name: string, values: readonly T[]): T | undefined {
  const text = param(address, name)
  if (text === undefined) return undefined
  if (!(values as readonly string[]).includes(text)) {
    throw new HkqError(
      'E_USAGE',
      `"${shownAddress(`${name}=${text}`)}" in address "${address.text}": use ${values.join(' or ')}`,
    )
  }
  return text as T
}
