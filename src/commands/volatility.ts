import type { Command } from 'commander'
import { parseAddress } from '../core/address/address.ts'
import { mergeBars } from '../core/bars/merge-bars.ts'
import type { BarOptions } from '../core/bars/options.ts'
import { resample } from '../core/bars/resample.ts'
import type { Bar } from '../core/market/bar.ts'
import { type Batches, FLAGS, type Flag, type MarketEvent } from '../core/market/event.ts'
import { DAY } from '../core/market/time.ts'
import { ESTIMATORS } from '../core/statistics/estimators/index.ts'
import { annualBasis, historyStart } from '../core/statistics/volatility/history.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { volatility } from '../core/statistics/volatility/volatility.ts'
import { follow } from '../core/storage/follow.ts'
import { Present } from '../core/storage/present.ts'
import type { Store } from '../core/storage/store.ts'
import { storedVolatility } from '../core/storage/stored-volatility.ts'
import { alertLine, leaveLine } from '../core/terminal/lines.ts'
import { mostUnusualFirst, volatilityColumns } from '../core/terminal/signal-columns.ts'
import { renderVolatilityChart } from '../core/terminal/volatility-chart.ts'
import { printCharts } from './_chart.ts'
import { printDescription } from './_describe.ts'
import { stopAfter } from './_events.ts'
import { type Alarm, openAlarm } from './_exec.ts'
import { type Io, say } from './_io.ts'
import {
  type CommonOptions,
  defineCommand,
  type LiveOptions,
  type RangeOptions,
  withCommon,
  withFrom,
  withLive,
  withRange,
} from './_options.ts'
import { paletteOf, printer, tell, zoneOf } from './_print.ts'
import {
  conclude,
  DEFAULT_STORE,
  openRecorded,
  openStore,
  type Recorded,
  rangeOf,
  rejectedIn,
  symbolsOf,
} from './_recorded.ts'
import { printedSchema, type Setup, setUp } from './_setup.ts'
import { choice, choices, integer, interval, positive, quantile, tradingDays, window } from './_values.ts'

interface Options extends CommonOptions, LiveOptions, RangeOptions {
  preset: 'session' | 'tutorial'
  window?: string
  grid?: string
  every?: string
  quantile?: number
  lookback?: string
  minHistory?: number
  confirmVolume?: number | false
  release?: number
  threshold?: 'auto' | 'flat' | 'seasonal'
  estimator?: string
  price?: 'last' | 'mid'
  sessionBreaks?: 'exclude' | 'include'
  annualize?: boolean
  include?: readonly Flag[]
  last?: boolean
  follow?: boolean
  history?: string
  exec?: string
  describe?: boolean
  chart?: boolean
  /** Called when history has been read: from here on alerts are news. */
  onLive?: () => void
}

const NAMES = ESTIMATORS.map(({ name }) => name)

export function define(io: Io): Command {
  const command = defineCommand('volatility', io)
    .description('Rolling volatility, what is usual at this time of day, the threshold, and alerts.')
    .argument('[symbols...]', 'e.g. 00700.HK HSI (default: all of the store)')
    .option(
      '--preset <name>',
      "session: a value a minute, by time of day; tutorial: the source's, per tick (session|tutorial)",
      choice('preset', ['session', 'tutorial']),
      'session',
    )
    .option('--window <length>', 'rolling window, e.g. 30m or 1800t (default: 30m)', checked(window))
    .option('--grid <step>', 'step of the price grid (default: 1m)', checked(interval))
    .option('--every <interval>', 'length of the bars of bar estimators (default: 1m)', checked(interval))
    .option('--estimator <name>', NAMES.join(', '), choice('estimator', NAMES))
    .option('--quantile <q>', 'quantile of the threshold (default: 0.9)', quantile)
    .option(
      '--lookback <days>',
      'trading days the threshold looks back, or all (default: 20d; tutorial: all)',
      lookback,
    )
    .option('--min-history <n>', 'values a flat threshold asks for (default: 30; tutorial: 100)', integer(1))
    .option(
      '--confirm-volume <ratio>',
      'turnover ratio that confirms, or off (default: 1.5; tutorial: off)',
      ratioOrOff,
    )
    .option('--release <share>', 'share of the threshold at which a state is left (default: 0.9)', positive('share'))
    .option(
      '--threshold <kind>',
      'by time of day, or flat (auto|flat|seasonal)',
      choice('threshold', ['auto', 'flat', 'seasonal']),
    )
    .option('--price <price>', 'last trade or mid of the quote (last|mid)', choice('price', ['last', 'mid']))
    .option(
      '--session-breaks <how>',
      'whether returns span nights and lunch (exclude|include)',
      choice('session breaks', ['exclude', 'include']),
    )
    .option('--annualize', 'demand the figure per year and show it')
    .option('--include <flags>', 'flagged ticks to take in, or all', choices('flag', FLAGS))
    .option('--last', 'newest value per symbol, most unusual first')
    .option('--follow', 'print history, then go on as it is recorded')
    .option('--history <store>', 'warm up a live source from this store')
    .option('--exec <command>', 'run this at each alert, the record on its standard input')
    .option('--chart', 'draw volatility, its threshold and the alerts in the terminal')
    .option('--describe', 'a summary of the values (needs danfojs-node)')
  withRange(command, io)
  withFrom(command, `default: ${DEFAULT_STORE}`)
  withLive(command)
  return withCommon(command).action(async (args: string[], options: Options) => {
    const setup = setUp(command, io, args)
    if (printedSchema(command, io, ['volatility'])) return
    rangeOf(options)
    const settings: VolatilityOptions = { ...options, sessions: setup.sessions }
    settingsOf(settings)
    const output = printer<VolatilityRecord>(options, io, {
      columns: volatilityColumns(zoneOf(options), options.annualize),
      whole: options.last === true,
    })
    const signal = stopAfter(options.duration, io, output.gone)
    let isNews = !options.follow && options.history === undefined
    const told = alertTeller(options, openAlarm(options.exec, io), io)
    const onLive = (): void => {
      isNews = true
    }
    const newest = new Map<string, VolatilityRecord>()
    const all: VolatilityRecord[] = []
    let count = 0
    let newestTime = 0
    const recorded = await openRecorded(options, setup, signal, io)
    if ('source' in recorded && options.history === undefined) onLive()
    for await (const records of await recordsFrom(recorded, { ...options, onLive }, settings, setup, signal, io)) {
      count += records.length
      newestTime = records.at(-1)!.timestamp
      if (isNews) told(records)
      if (options.last) for (const record of records) newest.set(record.symbol, record)
      else if (options.describe || options.chart) for (const record of records) all.push(record)
      else await output.write(records)
      if (signal.aborted) break
    }
    if (!signal.aborted) conclude({ found: count, rejected: rejectedIn(recorded) }, setup, options, io)
    if (options.describe) await printDescription(all, options, io)
    else if (options.chart)
      printCharts(all, (rows, view) => renderVolatilityChart(rows, view, options.annualize), options, io)
    if (options.annualize) tellBasis(settings, newestTime, options, io)
    if (options.last) await output.write(mostUnusualFirst(newest.values()))
    await output.end()
  })
}

/** Checks a value with a parser whose result the strategy reads for itself. */
function checked(parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    parse(text)
    return text.trim()
  }
}

function lookback(text: string): string {
  return text === 'all' ? text : `${tradingDays(text)}d`
}

function ratioOrOff(text: string): number | false {
  return text === 'off' ? false : positive('ratio')(text)
}

/** Alerts as lines on stderr while following, and `--exec` at each one. */
function alertTeller(options: Options, alarm: Alarm, io: Io): (records: readonly VolatilityRecord[]) => void {
  const palette = paletteOf(io.stderr, options, io)
  const zone = zoneOf(options)
  return (records) => {
    for (const record of records) {
      if (record.event === null) continue
      if (record.event === 'enter') alarm(record)
      if (!options.follow || options.quiet) continue
      say(io, record.event === 'enter' ? alertLine(record, zone, palette) : leaveLine(record, zone, palette))
    }
  }
}

/** What `annualized` is scaled by. */
function tellBasis(settings: VolatilityOptions, time: number, options: Options, io: Io): void {
  const basis = annualBasis(settings, time)
  tell(
    basis === null ? 'no annualised figure: the calendar does not cover these days' : `annualised by ${basis.text}`,
    options,
    io,
  )
}

async function recordsFrom(
  recorded: Recorded,
  options: Options,
  settings: VolatilityOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): Promise<Batches<VolatilityRecord>> {
  if ('store' in recorded) return fromStore(recorded.store, options, settings, setup, signal, io)
  const { source, events } = recorded
  const run = { ...settings, ...(options.since !== undefined && { since: options.since }) }
  if (source.bars) return volatility(barsAsNeeded(source.bars({}), settings), { auctions: 'join', ...run })
  if (source.kind === 'recorded') return volatility(asNeeded(events, settings), run)
  if (options.history === undefined && source.kind === 'simulated') {
    return volatility(asNeeded(events, settings), { ...run, clock: source.clock })
  }
  const present = new Present(source.clock, options.history !== undefined)
  const all = await warmedUp(events, options, setup, () => {
    present.caughtUp()
    options.onLive?.()
  })
  return volatility(asNeeded(present.of(all), settings), { ...run, clock: present })
}

/** The events themselves, or the bars that an estimator of bars works on. */
function asNeeded(events: Batches, settings: VolatilityOptions): Batches<MarketEvent | Bar> {
  const bars = barsWanted(settings)
  return bars === null ? events : resample(events, bars)
}

/** The bars of a file as they are, or merged to the length that an estimator of bars works on. */
function barsAsNeeded(given: Batches<Bar>, settings: VolatilityOptions): Batches<Bar> {
  const bars = barsWanted(settings)
  return bars === null ? given : mergeBars(given, bars)
}

/** What bars the estimator works on; null for one of ticks or of the grid. */
function barsWanted(settings: VolatilityOptions): BarOptions | null {
  const { estimator, period, sessions } = settingsOf(settings)
  if (estimator.name === 'tick-std' || estimator.name === 'grid-std') return null
  return { every: period, auctions: period < DAY ? 'separate' : 'join', sessions }
}

/** The history of `--history`, then the live events, as one stream. */
async function warmedUp(live: Batches, { history }: Options, setup: Setup, onCaughtUp: () => void): Promise<Batches> {
  if (history === undefined) return live
  const store = await openStore(parseAddress(history, 'source'), setup)
  return (async function* () {
    try {
      yield* store.read({ symbols: setup.symbols, types: ['tick', 'gap'] })
    } finally {
      await store.close()
    }
    onCaughtUp()
    yield* live
  })()
}

async function* fromStore(
  store: Store,
  options: Options,
  settings: VolatilityOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): AsyncGenerator<readonly VolatilityRecord[]> {
  const { since, until } = options
  const from = since === undefined ? Number.NEGATIVE_INFINITY : historyStart(settings, since)
  const query = { since: from, ...(until !== undefined && { until }), types: ['tick', 'gap'] as const }
  const run = { ...settings, ...(since !== undefined && { since }) }
  const symbols = symbolsOf(store, setup)
  try {
    if (options.follow) {
      const present = new Present(io.clock, true)
      const events = follow(store, { ...query, symbols }, io.clock, signal, () => {
        present.caughtUp()
        options.onLive?.()
      })
      yield* volatility(asNeeded(present.of(events), settings), { ...run, clock: present })
      return
    }
    const complete = Math.min(until ?? Number.POSITIVE_INFINITY, io.clock.now() - SETTLED)
    const bars = barsWanted(settings)
    const whole = { ...run, complete, last: options.last === true }
    for (const symbol of symbols) {
      if (bars === null) yield* storedVolatility(store, symbol, query, whole, signal)
      else yield* volatility(resample(store.read({ ...query, symbols: [symbol] }), bars), whole)
      if (signal.aborted) break
    }
  } finally {
    await store.close()
  }
}

/** What is older than this has been committed, ms. */
const SETTLED = 2_000
