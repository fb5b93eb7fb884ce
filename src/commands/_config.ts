import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PLANS } from '../core/address/source-options.ts'
import { HkqError, messageOf } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { checkOwner, checkTrust } from './_trust.ts'
import { choice } from './_values.ts'

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>
type Json = Readonly<Record<string, unknown>>

/** One configuration file, read and checked. `project` files come with a directory, not from the user's own hand. */
export interface ConfigFile {
  readonly path: string
  readonly kind: 'project' | 'user' | 'named'
  readonly values: Json
}

/** Everything the configuration files say, most important file first. */
export interface Config {
  readonly files: readonly ConfigFile[]
  /** Lines for stderr. */
  readonly warnings: readonly string[]
}

/** Where to look, and what commands there are. */
export interface ConfigPlace {
  readonly cwd: string
  readonly home: string
  readonly env: Env
  /** `--config FILE`: read instead of the project's and the user's file. */
  readonly file?: string
  /** Names of the commands, each with its long options (no dashes before, `no-color` as such), or null where they are not known here. */
  readonly commands: Readonly<Record<string, readonly string[] | null>>
}

/** Keys beside the names of the commands. */
export const GENERAL = ['from', 'to', 'symbols', 'tz', 'calendar', 'alltick', 'infoway', 'influx'] as const
/** What a vendor's section may say. */
const VENDORS = {
  alltick: ['tokenFile', 'token', 'endpoints', 'plan'],
  infoway: ['keyFile', 'key', 'endpoints', 'plan'],
  influx: ['tokenFile', 'token'],
} as const
type VendorSection = keyof typeof VENDORS
/** Options that are never settings: what a command prints of itself, and whom the dashboard lets in. */
export const NOT_SETTINGS = ['config', 'schema', 'help', 'version', 'host', 'allow-host', 'token-file']

/**
 * Reads `--config FILE`, else `./hkq.config.json` and the user's `$XDG_CONFIG_HOME/hkq/config.json` where they exist.
 * @throws HkqError E_CONFIG naming file and key path: unreadable, not JSON, a key that does not exist, a value of the
 *   wrong shape, `exec` in a project's file, a file that is not the user's to write
 */
export function loadConfig(place: ConfigPlace): Config {
  const named = place.file ?? (place.env.HKQ_CONFIG || undefined)
  const userHome = place.env.XDG_CONFIG_HOME || join(place.home, '.config')
  const candidates: [string, ConfigFile['kind']][] = named
    ? [[resolve(place.cwd, named), 'named']]
    : [
        [join(place.cwd, 'hkq.config.json'), 'project'],
        [join(userHome, 'hkq', 'config.json'), 'user'],
      ]
  const files: ConfigFile[] = []
  for (const [path, kind] of candidates) {
    const text = readText(path, kind === 'named')
    if (text === null) continue
    const values = check(path, kind, parseJson(path, text), place.commands)
    checkOwner(path)
    if (kind === 'project') checkTrust(path, values)
    files.push({ path, kind, values })
  }
  return { files, warnings: files.flatMap(exposedToken) }
}

function readText(path: string, required: boolean): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return null
    throw new HkqError('E_CONFIG', `cannot read the configuration "${path}": ${reason(cause)}`, { cause })
  }
}

function parseJson(path: string, text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    // The parser's own words quote the text around the fault, which may be a token.
    const at = / at position (\d+)/.exec(messageOf(cause))?.[1]
    const line = at === undefined ? '' : ` in line ${text.slice(0, Number(at)).split('\n').length}`
    throw new HkqError('E_CONFIG', `the configuration "${path}" is not JSON: look for a missing quote or comma${line}`)
  }
  if (isObject(value)) return value
  throw new HkqError('E_CONFIG', `the configuration "${path}" is not an object: start it with {`)
}

function check(path: string, kind: ConfigFile['kind'], values: Json, commands: ConfigPlace['commands']): Json {
  for (const [key, value] of Object.entries(values)) {
    known(path, '', key, [...GENERAL, ...Object.keys(commands)])
    if (isVendor(key)) checkVendor(path, key, value)
    else if (Object.hasOwn(commands, key)) checkSection(path, kind, key, value, commands[key] ?? null)
    else if (key === 'from' || key === 'to' || key === 'symbols') texts(path, key, value)
    else text(path, key, value)
  }
  return values
}

/** Checks the options of one command against `options`, where they are known. */
export function checkSection(
  path: string,
  kind: ConfigFile['kind'],
  command: string,
  value: unknown,
  options: readonly string[] | null,
): void {
  if (!isObject(value)) throw wrong(path, command, 'use an object of options')
  for (const [key, setting] of Object.entries(value)) {
    const name = kebab(key)
    if (name === 'exec' && kind === 'project') {
      throw wrong(
        path,
        `${command}.${key}`,
        'a project may not choose a command to run; move it to your own configuration',
      )
    }
    if (name === 'symbols') texts(path, `${command}.symbols`, setting)
    else if (options) known(path, `${command}.`, name, settable(options))
  }
}

function isVendor(key: string): key is VendorSection {
  return Object.hasOwn(VENDORS, key)
}

function checkVendor(path: string, vendor: VendorSection, value: unknown): void {
  if (!isObject(value)) throw wrong(path, vendor, `use an object of ${VENDORS[vendor].join(', ')}`)
  for (const [key, setting] of Object.entries(value)) {
    known(path, `${vendor}.`, key, VENDORS[vendor])
    if (key === 'endpoints') texts(path, `${vendor}.endpoints`, setting)
    else text(path, `${vendor}.${key}`, setting)
  }
  if (value.plan !== undefined)
    from(`${path}: ${vendor}.plan`, 'E_CONFIG', () => choice('plan', PLANS)(String(value.plan)))
}

function settable(options: readonly string[]): string[] {
  return ['symbols', ...options.map((name) => name.replace(/^no-/, '')).filter((name) => !NOT_SETTINGS.includes(name))]
}

function known(path: string, prefix: string, key: string, keys: readonly string[]): void {
  if (keys.includes(key)) return
  const guess = nearest(key, keys)
  const hint = guess ? `did you mean "${prefix}${guess}"?` : `use one of ${keys.join(', ')}`
  throw new HkqError('E_CONFIG', `unknown key "${prefix}${key}" in the configuration "${path}": ${hint}`)
}

function text(path: string, key: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw wrong(path, key, 'use a text')
}

function texts(path: string, key: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && one !== '')) {
    throw wrong(path, key, 'use a list of texts')
  }
}

/** The error for a value of the wrong shape. */
export function wrong(path: string, key: string, remedy: string): HkqError {
  return new HkqError('E_CONFIG', `wrong value of "${key}" in the configuration "${path}": ${remedy}`)
}

function exposedToken({ path, values }: ConfigFile): string[] {
  const holdsOne = Object.keys(VENDORS).some((vendor) => {
    const { token, key } = section(values, vendor)
    return token !== undefined || key !== undefined
  })
  return holdsOne ? exposed(path) : []
}

/** The warning about a file with a token in it that others may read, if they may. */
export function exposed(path: string): string[] {
  const mode = statSync(path).mode & 0o777
  if (process.platform === 'win32' || mode === 0o600 || mode === 0o400) return []
  return [`"${path}" holds a token and has mode ${mode.toString(8).padStart(4, '0')}: run chmod 600 ${path}`]
}

/** As `work`, with `origin` named in what goes wrong, in place of an option that was named. */
export function from<T>(origin: string, code: 'E_USAGE' | 'E_CONFIG', work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new HkqError(code, `${origin}: ${messageOf(cause).replace(/^--[a-z-]+: /, '')}`, { cause })
  }
}

/** The section of a command, or of a vendor; empty where there is none. */
export function section(values: Json, command: string): Json {
  const found = values[command]
  return isObject(found) ? found : {}
}

/** `maxJump` and `max-jump` are the same key. */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Why a file cannot be read, in words. */
export function reason(cause: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    EACCES: 'no permission to read it',
    EISDIR: 'it is a directory',
  }
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  return reasons[code] ?? messageOf(cause)
}
