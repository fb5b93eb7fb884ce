import type { Command } from 'commander'
import { type Address, parseAddress, shownAddress } from '../core/address/address.ts'
import { namesStore, openStoreAt } from '../core/address/open-store.ts'
import { HkqError } from '../core/errors.ts'
import { openHoles, refill } from '../core/holes/backfill.ts'
import { type Held, heldOf, knownSymbols } from '../core/holes/held.ts'
import { holesOf, inspect } from '../core/holes/inspect.ts'
import { isComplete, reconcile } from '../core/holes/reconcile.ts'
import { spanOf } from '../core/holes/untold.ts'
import type { Completeness } from '../core/market/completeness.ts'
import type { TradingDay } from '../core/market/session.ts'
import { formatLocal } from '../core/market/time.ts'
import { closeTime } from '../core/market/trading-day.ts'
import type { Store } from '../core/storage/store.ts'
import { gapLine } from '../core/terminal/lines.ts'
import type { Io } from './_io.ts'
import { type CommonOptions, defineCommand, type RangeOptions, withCommon, withFrom, withRange } from './_options.ts'
import { paletteOf, tell, zoneOf } from './_print.ts'
import { conclude, DEFAULT_STORE, openStore, rangeOf } from './_recorded.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { influxTokenOf } from './_token.ts'
import { openVendor, Questions, type Vendor } from './_vendor.ts'
import { type Report, reportOf } from './_verification.ts'

interface Options extends CommonOptions, RangeOptions {
  backfill?: boolean
  against?: string
  vendor: string
}

const FINDINGS = 3

export function define(io: Io): Command {
  const command = defineCommand('verify', io)
    .description(
      'Holds a store against the calendar and against itself: its file, every hole, the coverage of each day, minutes against trades.',
    )
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all of the store)')
    .option('--backfill', "fill holes with the vendor's one-minute bars, as far as they reach")
    .option(
      '--against <vendor>',
      "after the close: compare each day with the vendor's bars and store the completeness (vendor, or an address)",
    )
    .option('--vendor <address>', 'who is asked for bars', 'alltick:')
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['integrity', 'gap', 'mismatch', 'coverage', 'completeness'])) return
    rangeOf(options)
    const address = parseAddress(options.from ?? DEFAULT_STORE, 'source')
    if (!namesStore(address)) throw new HkqError('E_USAGE', `"${address.text}" is no store: name an SQLite file`)
    const filler = options.backfill ? await openVendor(options.vendor, setup, io) : null
    const judge =
      options.against === undefined ? null : await judgeOf(options.against, options.vendor, filler, setup, io)
    const store = await open(address, filler !== null || judge !== null, setup, io)
    try {
      await verify({ store, setup, options, io, filler, judge }, reportOf(shownAddress(address.path), options, io))
    } finally {
      await store.close()
    }
  })
}

/** Who is compared with: `vendor` is the one that is asked for bars anyway. */
async function judgeOf(against: string, asked: string, filler: Vendor | null, setup: Setup, io: Io): Promise<Vendor> {
  const text = against === 'vendor' ? asked : against
  return filler !== null && text === asked ? filler : openVendor(text, setup, io)
}

/** For reading; where something is to be written as a recorder does, so that no other writes meanwhile. */
async function open(address: Address, isWritten: boolean, setup: Setup, io: Io): Promise<Store> {
  const store = await openStore(address, setup, { workers: 0 }, io)
  if (!isWritten) return store
  await store.close()
  return openStoreAt(address, 'record', { now: () => io.clock.now(), influxToken: influxTokenOf(setup.config, io) })
}

interface Work {
  readonly store: Store
  readonly setup: Setup
  readonly options: Options
  readonly io: Io
  readonly filler: Vendor | null
  readonly judge: Vendor | null
}

/** A damaged file is told and read no further. */
async function verify(work: Work, report: Report): Promise<void> {
  const { store, setup, options, io, filler, judge } = work
  const { sessions } = setup
  const range = rangeOf(options)
  const problems = await store.integrity()
  let found = problems.length
  if (problems.length > 0) await report.integrity(problems)
  else {
    const symbols = setup.symbols.length > 0 ? setup.symbols : await knownSymbols(store)
    const held = await heldOf(store, symbols, sessions)
    const days = judge === null ? null : finishedDays(held, work)
    if (filler !== null) await fillHoles(held, filler, work)
    await report.integrity(problems)
    const questions = new Questions((line) => tell(line, options, io))
    for (const one of filler === null ? held : await heldOf(store, symbols, sessions)) {
      if (io.interrupted.aborted || report.gone.aborted) break
      const inspection = await inspect(store, one, range, sessions, io.clock.now())
      found += inspection.days.length + inspection.holes.length
      await report.inspection(inspection)
      const finished = days?.get(one.symbol) ?? []
      if (judge === null || finished.length === 0) continue
      const rows = await questions.ask(one.symbol, () => compare(one.symbol, finished, judge, work))
      if (rows !== null) await report.compared(rows, rows.filter((row) => !isComplete(row)).length)
      else await report.compared([], 1)
    }
    questions.end()
    if (!io.interrupted.aborted) conclude({ found, rejected: 0 }, setup, options, io)
  }
  await report.end()
  if (report.findings > 0) io.exitCode = FINDINGS
}

/** Fills what it can of all holes, and says of each other why it stays. */
async function fillHoles(
  all: readonly Held[],
  { inquiry }: Vendor,
  { store, setup, options, io }: Work,
): Promise<void> {
  const { sessions } = setup
  const now = (): number => io.clock.now()
  const [zone, palette] = [zoneOf(options), paletteOf(io.stderr, options, io)]
  const questions = new Questions((line) => tell(line, options, io))
  for (const held of all) {
    const open = openHoles(holesOf(held, rangeOf(options), sessions, now()), sessions)
    const gaps = open.filter(({ symbol }) => symbol !== null)
    if (gaps.length === 0 || io.interrupted.aborted) continue
    const done = await questions.ask(held.symbol, () => refill(held.symbol, gaps, { store, inquiry, sessions, now }))
    for (const { gap, reason } of done?.refused ?? []) {
      tell(`hkq: stays: ${gapLine(gap, zone, palette)}: ${reason}`, options, io)
    }
  }
  questions.end()
}

/**
 * The days to compare of each symbol.
 * @throws HkqError E_USAGE while one of them is not over
 */
function finishedDays(all: readonly Held[], { setup, options, io }: Work): Map<string, readonly TradingDay[]> {
  const now = io.clock.now()
  return new Map(
    all.map((held) => {
      const span = spanOf(held, rangeOf(options), now)
      const days = span === null ? [] : setup.sessions.days(span.from, span.to)
      const running = days.find((day) => now < closeTime(day))
      if (running === undefined) return [held.symbol, days]
      const end = formatLocal(closeTime(running)).slice(11, 16)
      throw new HkqError(
        'E_USAGE',
        `"${running.date}" is not over: --against compares whole days, after ${end}; or leave it out with --until`,
      )
    }),
  )
}

/** What the store holds of these days beside its vendor, kept in the store. */
async function compare(
  symbol: string,
  days: readonly TradingDay[],
  { name, inquiry }: Vendor,
  { store, setup, options, io }: Work,
): Promise<Completeness[]> {
  const { sessions } = setup
  const rows = await reconcile(symbol, days, { store, inquiry, vendor: name, sessions, now: () => io.clock.now() })
  await store.putCompleteness(rows)
  const compared = new Set(rows.map(({ date }) => date))
  const unknown = days.filter(({ date }) => !compared.has(date)).map(({ date }) => date)
  if (unknown.length > 0)
    tell(`hkq: ${name} has no bar of ${symbol} on ${unknown.join(', ')}: not compared`, options, io)
  return rows
}
