import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { PLANS, type Plan } from '../core/address/source-options.ts'
import { HkqError } from '../core/errors.ts'
import { type Config, type Env, exposed, from, reason, section } from './_config.ts'
import { choice } from './_values.ts'

/** How a vendor is named, and what it calls its secret: `HKQ_ALLTICK_TOKEN`, `alltick.tokenFile`, "AllTick token". */
export interface VendorNames {
  readonly section: 'alltick' | 'infoway' | 'influx'
  readonly secret: 'token' | 'key'
  readonly title: string
}
export const ALLTICK: VendorNames = { section: 'alltick', secret: 'token', title: 'AllTick' }
export const INFOWAY: VendorNames = { section: 'infoway', secret: 'key', title: 'Infoway' }
export const INFLUX: VendorNames = { section: 'influx', secret: 'token', title: 'InfluxDB' }
/** Vendors of quotes by the name that options have. */
export const QUOTE_VENDORS = { alltick: ALLTICK, infoway: INFOWAY } as const

/** What opening a store of InfluxDB 2 may ask for: `HKQ_INFLUX_TOKEN`, its file, or the configuration's `influx.tokenFile`. */
export function influxTokenOf(config: Config, io: { env: Env; cwd: string; home: string }): () => string | undefined {
  return () => resolveToken(config, io.env, io, INFLUX).token
}

/** What a user has of a vendor's secrets: the one that is used first, and those for further connections. */
export interface Secrets {
  token?: string
  others: readonly string[]
  warnings: readonly string[]
}

/** The environment variable of a vendor's secret. */
export function secretVariable({ section, secret }: VendorNames): string {
  return `HKQ_${section}_${secret}`.toUpperCase()
}

/** Endpoints and plan of a vendor's connection: `HKQ_ALLTICK_PLAN` or `HKQ_INFOWAY_PLAN`, else the configuration. */
export function vendorSettings(
  config: Config,
  env: Env,
  vendor: VendorNames,
): { endpoints?: readonly string[]; plan?: Plan } {
  const named = (key: string): unknown =>
    config.files.map((file) => section(file.values, vendor.section)[key]).find((one) => one !== undefined)
  const endpoints = named('endpoints')
  const variable = `HKQ_${vendor.section.toUpperCase()}_PLAN`
  const given = env[variable]
  const plan = given
    ? from(variable, 'E_USAGE', () => choice('plan', PLANS)(given))
    : (named('plan') as Plan | undefined)
  return {
    ...(endpoints === undefined ? {} : { endpoints: [endpoints].flat() as string[] }),
    ...(plan === undefined ? {} : { plan }),
  }
}

/** Calendar file the configuration names, absolute: `HKQ_CALENDAR`, else `calendar`, relative to the file naming it. */
export function calendarFile(config: Config, env: Env, place: { cwd: string; home: string }): string | undefined {
  if (env.HKQ_CALENDAR) return path(env.HKQ_CALENDAR, place.cwd, place.home)
  const file = config.files.find(({ values }) => values.calendar !== undefined)
  return file && path(String(file.values.calendar), dirname(file.path), place.home)
}

function path(text: string, base: string, home: string): string {
  return text.startsWith('~/') ? join(home, text.slice(2)) : resolve(base, text)
}

/**
 * A vendor's secret: of AllTick `HKQ_ALLTICK_TOKEN`, else the file `HKQ_ALLTICK_TOKEN_FILE`, else `alltick.tokenFile` or
 * `alltick.token` of the configuration. Undefined when there is none. No message ever contains it.
 * @throws HkqError E_TOKEN for a file that cannot be read or does not hold tokens
 */
export function resolveToken(
  config: Config,
  env: Env,
  place: { cwd: string; home: string },
  vendor: VendorNames = ALLTICK,
): Secrets {
  const { secret } = vendor
  const variable = secretVariable(vendor)
  const direct = env[variable]?.trim()
  if (direct) return { ...words(direct, variable, vendor), warnings: [] }
  const named = env[`${variable}_FILE`]
  if (named) return tokenIn(path(named, place.cwd, place.home), vendor)
  for (const file of config.files) {
    const { [`${secret}File`]: inFile, [secret]: inline } = section(file.values, vendor.section)
    if (typeof inFile === 'string') return tokenIn(path(inFile, dirname(file.path), place.home), vendor)
    if (typeof inline === 'string') {
      return { ...words(inline, `${vendor.section}.${secret} in "${file.path}"`, vendor), warnings: [] }
    }
  }
  return { others: [], warnings: [] }
}

function tokenIn(file: string, vendor: VendorNames): Secrets {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HkqError('E_TOKEN', `cannot read the ${vendor.secret} file "${file}": ${reason(cause)}`, { cause })
  }
  const where = `the ${vendor.secret} file "${file}"`
  return { ...words(text.replace(/^\ufeff/, ''), where, vendor), warnings: exposed(file) }
}

/** Several stand one a line, or with commas between them. */
function words(text: string, where: string, vendor: VendorNames): { token: string; others: readonly string[] } {
  const [first = '', ...others] = text
    .trim()
    .split(/\s*[,\r\n]\s*/)
    .filter((word, i) => word !== '' || i === 0)
  return { token: oneWord(first, where, vendor), others: others.map((word) => oneWord(word, where, vendor)) }
}

function oneWord(token: string, where: string, { title, secret }: VendorNames): string {
  if (token === '') throw new HkqError('E_TOKEN', `${where} is empty: put the ${title} ${secret} into it`)
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token
  throw new HkqError('E_TOKEN', `${where} is not a ${secret}: it must be one word of plain letters, digits and signs`)
}

/** What to say when a command needs a vendor's secret and there is none. */
export function tokenMissing(vendor: VendorNames = ALLTICK): HkqError {
  const { section, title, secret } = vendor
  const init = section === 'alltick' ? 'hkq init' : `hkq init --vendor ${section}`
  return new HkqError(
    'E_TOKEN',
    `no ${title} ${secret}: set ${secretVariable(vendor)}, run "${init}", or use --from sim: for the simulated market`,
  )
}
