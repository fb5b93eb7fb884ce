import type { Command, Option } from 'commander'
import { HkqError, messageOf } from '../core/errors.ts'
import { type Config, checkSection, type Env, from, GENERAL, kebab, NOT_SETTINGS, section, wrong } from './_config.ts'

/** Commands that read a live market by default; the others read what was recorded. */
const LIVE_COMMANDS = ['stream', 'record', 'serve']
const LIVE_SOURCE = /^\s*(alltick|tutorial|infoway|longbridge):/i

/**
 * Whether a value meant for every command suits this one: none that reads what was recorded goes to a live vendor for
 * it, and only those in `takesSink` write to a general sink.
 */
function suits(command: string, option: string, value: unknown, takesSink: readonly string[]): boolean {
  if (option === 'to') return takesSink.includes(command)
  // it asks a running recorder, unless its own section or a flag names a store
  if (option === 'from' && command === 'monitor') return false
  return (
    option !== 'from' || LIVE_COMMANDS.includes(command) || ![value].flat().some((one) => LIVE_SOURCE.test(String(one)))
  )
}

/**
 * Sets the options that no flag has set: from `HKQ_<OPTION>`, else the configuration, project before user, the
 * command's own section before the general keys. To be called after parsing, before the command runs.
 * @throws HkqError E_USAGE or E_CONFIG naming the variable, or file and key path
 */
export function applyConfig(command: Command, config: Config, env: Env): void {
  const name = command.name()
  const options = command.options.filter((option) => !NOT_SETTINGS.includes(longName(option)))
  checkAgain(name, config, options.map(longName))
  for (const option of options) {
    const source = command.getOptionValueSource(option.attributeName())
    if (source !== undefined && source !== 'default') continue
    const found = fromEnvironment(name, option, env) ?? fromFiles(name, option, config)
    if (found) command.setOptionValueWithSource(option.attributeName(), found.value, found.source)
  }
  if (weight(command, 'format') > weight(command, 'json')) command.setOptionValue('json', false)
}

/** How much the place an option's value comes from counts: `--json` and `--format` say the same in two ways. */
function weight(command: Command, option: string): number {
  return ['config', 'env', 'cli'].indexOf(command.getOptionValueSource(option) ?? '')
}

/** Symbols the configuration names for a command: its own section's, else the general ones, project before user. */
export function configuredSymbols(command: string, config: Config): readonly string[] {
  for (const { values } of config.files) {
    const own = section(values, command).symbols ?? values.symbols
    if (own !== undefined) return [own].flat() as string[]
  }
  return []
}

function checkAgain(command: string, { files }: Config, options: readonly string[]): void {
  for (const { path, kind, values } of files) {
    if (values[command] !== undefined) checkSection(path, kind, command, values[command], options)
  }
}

interface Found {
  value: unknown
  source: 'env' | 'config'
}

function fromEnvironment(command: string, option: Option, env: Env): Found | undefined {
  const variable = `HKQ_${longName(option).toUpperCase().replaceAll('-', '_')}`
  const negated = `HKQ_NO_${variable.slice(4)}`
  if (option.negate && env[negated]) return { value: !truth(negated, env[negated]), source: 'env' }
  const given = env[variable]
  if (given === undefined || given === '' || !suits(command, longName(option), given, ['record', 'export']))
    return undefined
  if (isSwitch(option)) return { value: truth(variable, given), source: 'env' }
  return { value: from(variable, 'E_USAGE', () => parse(option, [given])), source: 'env' }
}

function truth(variable: string, text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true
  if (/^(0|false|no|off)$/i.test(text)) return false
  throw new HkqError('E_USAGE', `${variable}: unknown value "${text}": use 1 or 0`)
}

function fromFiles(command: string, option: Option, { files }: Config): Found | undefined {
  const name = longName(option)
  for (const { path, values } of files) {
    const own = Object.entries(section(values, command)).find(([key]) => kebab(key) === name)
    if (own) return { value: read(path, `${command}.${own[0]}`, option, own[1]), source: 'config' }
    const general = (GENERAL as readonly string[]).includes(name) ? values[name] : undefined
    if (general !== undefined && suits(command, name, general, ['record'])) {
      return { value: read(path, name, option, general), source: 'config' }
    }
  }
  return undefined
}

function read(path: string, key: string, option: Option, value: unknown): unknown {
  if (isSwitch(option)) {
    if (typeof value === 'boolean') return value
    throw wrong(path, key, 'use true or false')
  }
  const given = [value].flat()
  if (given.length === 0 || !given.every((one) => typeof one === 'string' || Number.isFinite(one))) {
    throw wrong(path, key, 'use a text or a number')
  }
  const parsed = from(`${path}: ${key}`, 'E_CONFIG', () => parse(option, given.map(String)))
  if (given.length > 1 && !Array.isArray(parsed)) throw wrong(path, key, 'it takes one value')
  return parsed
}

function parse(option: Option, values: readonly string[]): unknown {
  if (!option.parseArg) return option.variadic ? values : values.at(-1)
  return values.reduce<unknown>((previous, value) => parseOne(option, value, previous), undefined)
}

function parseOne(option: Option, value: string, previous: unknown): unknown {
  try {
    return option.parseArg!(value, previous)
  } catch (cause) {
    if (cause instanceof HkqError) throw cause
    throw new HkqError('E_USAGE', `unknown value "${value}": ${messageOf(cause)}`, { cause })
  }
}

function longName(option: Option): string {
  return (option.long ?? '').replace(/^--(no-)?/, '')
}

function isSwitch(option: Option): boolean {
  return !option.required && !option.optional
}
