import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HkqError } from '../core/errors.ts'
import { type Config, type Env, exposed, from, PLANS, type Plan, reason, section } from './_config.ts'
import { choice } from './_values.ts'

/** Endpoints and plan of the AllTick connection: `HKQ_ALLTICK_PLAN`, else the configuration. */
export function alltickSettings(config: Config, env: Env): { endpoints?: readonly string[]; plan?: Plan } {
  const named = (key: string): unknown =>
    config.files.map((file) => section(file.values, 'alltick')[key]).find((one) => one !== undefined)
  const endpoints = named('endpoints')
  const plan = env.HKQ_ALLTICK_PLAN
    ? from('HKQ_ALLTICK_PLAN', 'E_USAGE', () => choice('plan', PLANS)(env.HKQ_ALLTICK_PLAN!))
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
 * The AllTick token: `HKQ_ALLTICK_TOKEN`, else the file `HKQ_ALLTICK_TOKEN_FILE`, else `alltick.tokenFile` or
 * `alltick.token` of the configuration. Undefined when there is none. No message ever contains it.
 * @throws HkqError E_TOKEN for a file that cannot be read or does not hold one token
 */
export function resolveToken(
  config: Config,
  env: Env,
  place: { cwd: string; home: string },
): { token?: string; warnings: readonly string[] } {
  const direct = env.HKQ_ALLTICK_TOKEN?.trim()
  if (direct) return { token: oneWord(direct, 'HKQ_ALLTICK_TOKEN'), warnings: [] }
  if (env.HKQ_ALLTICK_TOKEN_FILE) return tokenIn(path(env.HKQ_ALLTICK_TOKEN_FILE, place.cwd, place.home))
  for (const file of config.files) {
    const { tokenFile, token } = section(file.values, 'alltick')
    if (typeof tokenFile === 'string') return tokenIn(path(tokenFile, dirname(file.path), place.home))
    if (typeof token === 'string')
      return { token: oneWord(token.trim(), `alltick.token in "${file.path}"`), warnings: [] }
  }
  return { warnings: [] }
}

function tokenIn(file: string): { token: string; warnings: readonly string[] } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HkqError('E_TOKEN', `cannot read the token file "${file}": ${reason(cause)}`, { cause })
  }
  return { token: oneWord(text.replace(/^\ufeff/, '').trim(), `the token file "${file}"`), warnings: exposed(file) }
}

function oneWord(token: string, where: string): string {
  if (token === '') throw new HkqError('E_TOKEN', `${where} is empty: put the AllTick token into it`)
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token
  throw new HkqError('E_TOKEN', `${where} is not a token: it must be one word of plain letters, digits and signs`)
}

/** What to say when a command needs a token and there is none. */
export function tokenMissing(): HkqError {
  return new HkqError(
    'E_TOKEN',
    'no AllTick token: set HKQ_ALLTICK_TOKEN, run "hkq init", or use --from sim: for the simulated market',
  )
}
