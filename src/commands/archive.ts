import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { type Address, parseAddress } from '../core/address/address.ts'
import { HkqError } from '../core/errors.ts'
import { dayNumber, dayStart, formatDate } from '../core/market/time.ts'
import { fieldNames } from '../core/records/schema.ts'
import { type Archiving, archive } from '../core/storage/archive.ts'
import { startSpinner } from '../core/terminal/progress.ts'
import { type Io, say } from './_io.ts'
import { type CommonOptions, defineCommand, withCommon, withFrom } from './_options.ts'
import { formatOf, printer, tell } from './_print.ts'
import { DEFAULT_STORE } from './_recorded.ts'
import { printedSchema, setUp } from './_setup.ts'
import { time } from './_values.ts'

interface Options extends CommonOptions {
  from?: string
  before?: number
  to: string
}

export function define(io: Io): Command {
  const command = defineCommand('archive', io)
    .description(
      'Moves closed days out of an SQLite store into Parquet files by date and symbol, each row verified before it is deleted. The store reads on as before. Broken off and run again it goes on.',
    )
    .option('--before <date>', 'days before this one (default: all but today)', (text) => time(text, io.clock.now()))
    .option('--to <address>', 'where the days go', 'parquet:hk_archive')
  withFrom(command, `default: ${DEFAULT_STORE}`)
  return withCommon(command).action(async (options: Options) => {
    setUp(command, io)
    if (printedSchema(command, io, ['archive'])) return
    const from = parseAddress(options.from ?? DEFAULT_STORE, 'source')
    const to = parseAddress(options.to, 'sink')
    refuse(from, to)
    const until = untilDay(options, io)
    demandFile(from)
    await run(from, to, until, options, io)
  })
}

/** @throws HkqError E_USAGE for what cannot be archived from or to */
function refuse(from: Address, to: Address): void {
  if (from.scheme !== 'sqlite')
    throw new HkqError('E_USAGE', `"${from.text}" is no SQLite store: use hkq export for it`)
  if (to.scheme !== 'parquet') throw new HkqError('E_USAGE', `"${to.text}" is no archive: name a folder, parquet:DIR`)
}

/** A store is not made in order to be archived. @throws HkqError E_STORAGE */
function demandFile({ path }: Address): void {
  if (existsSync(path)) return
  throw new HkqError('E_STORAGE', `no such file "${path}": record into it first, or name another`)
}

/** @throws HkqError E_USAGE where today, which is not closed, would go */
function untilDay({ before }: Options, io: Io): number {
  const today = dayNumber(io.clock.now())
  const day = before === undefined ? today : dayNumber(before)
  if (day <= today) return day
  const given = formatDate(dayStart(day))
  throw new HkqError(
    'E_USAGE',
    `--before "${given}": today is not closed yet, use ${formatDate(io.clock.now())} at most`,
  )
}

async function run(from: Address, to: Address, until: number, options: Options, io: Io): Promise<void> {
  const spinner = await startSpinner('', io.stderr, Boolean(io.stderr.isTTY) && !options.quiet)
  let done: Archiving
  try {
    done = await archive(from.path, to.path, until, {
      now: () => io.clock.now(),
      clock: io.clock,
      tell: (line) => say(io, `hkq: ${line}`),
      signal: io.interrupted,
      onDay: ({ symbol, day, ticks }) => spinner.update(`${formatDate(dayStart(day))} ${symbol}: ${ticks} ticks`),
    })
  } finally {
    spinner.stop()
  }
  if (formatOf(options, io) === 'table' || !(options.json || options.format)) tell(summary(done, from, to), options, io)
  else await print(done, from, to, options, io)
}

/** What was done as the one record on standard output. */
async function print(done: Archiving, from: Address, to: Address, options: Options, io: Io): Promise<void> {
  const record = { type: 'archive', store: from.path, folder: to.path, ...done }
  const output = printer<typeof record>(options, io, { columns: [], fields: fieldNames('archive') })
  await output.write([record])
  await output.end()
}

function summary({ days, symbols, ticks, quotes, freed }: Archiving, from: Address, to: Address): string {
  if (days === 0) return `nothing to move from ${from.text}: ${to.text} has every closed day`
  const space = freed > 0 ? `; ${(freed / 1e6).toFixed(1)} MB given back` : ''
  const moved = `${days} days of ${symbols} symbols, ${ticks} ticks, ${quotes} quotes`
  return `moved from ${from.text} to ${to.text}: ${moved}${space}`
}
