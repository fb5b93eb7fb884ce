import { Command, type Option } from 'commander'
import { shownAddress } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import { parseSymbol } from '../core/market/symbol.ts'
import type { Io } from './_io.ts'
import * as value from './_values.ts'

/** What every command takes. */
export interface CommonOptions {
  format?: 'table' | 'json' | 'ndjson' | 'csv'
  json?: boolean
  tz: string
  quiet?: boolean
  verbose?: boolean
  color: boolean
  config?: string
  schema?: boolean
}

/** A command that prints through `io` and shows its defaults and choices in one style. */
export function defineCommand(name: string, io: Io): Command {
  return new Command(name)
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .configureHelp({ optionDescription: describe })
}

/** Options that end every command's list. */
export function withCommon(command: Command): Command {
  command
    .option(
      '--format <format>',
      'table in a terminal, else ndjson (table|json|ndjson|csv)',
      value.choice('format', ['table', 'json', 'ndjson', 'csv']),
    )
    .option('--json', 'the same as --format ndjson')
    .option('--tz <zone>', 'time zone of printed times', value.timeZone, 'Asia/Hong_Kong')
    .option('-q, --quiet', 'only data and errors')
    .option('-v, --verbose', 'say more of what is done')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .option('--config <file>', 'read this configuration file')
    .option('--schema', 'print the JSON Schema of the records and end')
  return command
}

export interface LiveOptions {
  duration?: number
  maxRetries?: number
  maxJump: number | false
}

/** One address, or two live feeds side by side. */
export interface FeedOptions {
  from?: readonly string[]
}

/** Options of commands that read a live source. */
export function withLive(command: Command): Command {
  return command
    .option('--duration <time>', 'end after this time, e.g. 30s', value.duration)
    .option('--max-retries <n>', 'attempts to reconnect before giving up (default: for ever)', value.integer(0))
    .option('--max-jump <share>', 'flag prices that jump further, or off', value.percentOrOff, 0.2)
}

export interface ReadingOptions {
  adjust?: string
  workers?: number
}

/** Options of commands that compute what a store holds. */
export function withReading(command: Command): Command {
  return command
    .option('--adjust <file>', 'adjust prices for corporate actions: CSV of date,symbol,factor')
    .option(
      '--workers <n>',
      'threads that read a long history ahead, 0 for none (default: by the cores)',
      value.integer(0),
    )
}

export interface RangeOptions {
  from?: string
  since?: number
  until?: number
}

/** `--since` and `--until` over what was recorded. */
export function withRange(command: Command, io: Io): Command {
  const time = (text: string): number => value.time(text, io.clock.now())
  return command
    .option('--since <time>', 'from this time on, e.g. 2026-11-23, 09:30, -2h', time)
    .option('--until <time>', 'before this time', time)
}

/** The source option, one address; `what` says what comes from there. */
export function withFrom(command: Command, fallback: string, what = 'where the events come from'): Command {
  return command.option('--from <address>', `${what} (${fallback})`, (text, previous?: string) => {
    if (previous === undefined) return text
    throw new HkqError(
      'E_USAGE',
      `one address is read at a time, found "${shownAddress(previous)}" and "${shownAddress(text)}"`,
    )
  })
}

/** The source option of commands that are meant to be stopped: one address, or two live feeds. */
export function withFeeds(command: Command, fallback: string): Command {
  const text = `where the events come from; twice: two live feeds side by side (${fallback})`
  return command.option('--from <address>', text, (address, previous: readonly string[] = []) => {
    if (previous.length < 2) return [...previous, address]
    throw new HkqError('E_USAGE', `two feeds are read side by side at most, found "${address}" as a third`)
  })
}

/** Canonical symbols of the arguments, each once. */
export function symbolList(texts: readonly string[]): string[] {
  return [
    ...new Set(
      texts
        .flatMap((text) => text.split(','))
        .filter(Boolean)
        .map(parseSymbol),
    ),
  ]
}

function describe(option: Option): string {
  const extra: string[] = []
  const shown = option.defaultValueDescription ?? option.defaultValue
  if (shown !== undefined && option.negate === false && typeof shown !== 'boolean') extra.push(`default: ${shown}`)
  return extra.length > 0 ? `${option.description} (${extra.join(', ')})` : option.description
}
