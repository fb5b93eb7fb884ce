import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { HkqError } from '../core/errors.ts'
import { Calendar } from '../core/market/calendar.ts'
import { calendarFrom } from '../core/market/calendar-file.ts'
import { Sessions } from '../core/market/session.ts'
import { schemaOf } from '../core/records/schema.ts'
import { applyConfig, configuredSymbols } from './_apply-config.ts'
import { type Config, loadConfig, reason } from './_config.ts'
import { type Io, say } from './_io.ts'
import { COMMAND_NAMES } from './_names.ts'
import { symbolList } from './_options.ts'
import { calendarFile } from './_token.ts'

/** What flags, environment and configuration files come to for one run of a command. */
export interface Setup {
  readonly config: Config
  readonly sessions: Sessions
  /** The command's symbols: the arguments, else the configured ones. */
  readonly symbols: readonly string[]
}

/**
 * Settles the options of a command: flag over environment over project's over user's file over default. To be called
 * first in every action; nothing is opened before.
 * @throws HkqError for any bad setting
 */
export function setUp(command: Command, io: Io, args: readonly string[] = []): Setup {
  const name = command.name()
  const config = loadConfig({
    cwd: io.cwd,
    home: io.home,
    env: io.env,
    commands: Object.fromEntries(COMMAND_NAMES.map((known) => [known, known === name ? longNames(command) : null])),
    ...(command.opts().config === undefined ? {} : { file: command.opts().config }),
  })
  applyConfig(command, config, io.env)
  if (!command.opts().quiet) for (const warning of config.warnings) say(io, `hkq: ${warning}`)
  const symbols = symbolList(args.length > 0 ? args : configuredSymbols(name, config))
  return { config, sessions: readSessions(config, command.opts().quiet === true, io), symbols }
}

/** Prints the JSON Schema of these record types when `--schema` was given. */
export function printedSchema(command: Command, io: Io, types: readonly string[]): boolean {
  if (!command.opts().schema) return false
  io.stdout.write(`${JSON.stringify(schemaOf(types), null, 2)}\n`)
  return true
}

/**
 * At least one symbol, or the reason to stop.
 * @throws HkqError E_USAGE
 */
export function demandSymbols(symbols: readonly string[]): readonly string[] {
  if (symbols.length > 0) return symbols
  throw new HkqError('E_USAGE', 'no symbol given: name at least one, e.g. 00700.HK or HSI')
}

function longNames(command: Command): string[] {
  return command.options.flatMap((option) => option.long?.replace(/^--/, '') ?? [])
}

function readSessions(config: Config, quiet: boolean, io: Io): Sessions {
  const calendar = readCalendar(config, io)
  return new Sessions(calendar, (date) => {
    const year = date.slice(0, 4)
    const text = `the calendar covers ${calendar.range}, not "${year}": Monday to Friday count as full trading days there`
    if (!quiet) say(io, `hkq: ${text}; name a calendar file in the configuration to tell its holidays`)
  })
}

function readCalendar(config: Config, io: Io): Calendar {
  const file = calendarFile(config, io.env, io)
  if (file === undefined) return new Calendar()
  try {
    return calendarFrom(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new HkqError('E_CONFIG', `cannot use the calendar file "${file}": ${reason(cause)}`, { cause })
  }
}
