import { parseAddress } from '../core/address/address.ts'
import { mergeBars } from '../core/bars/merge-bars.ts'
import type { BarOptions } from '../core/bars/options.ts'
import { resample } from '../core/bars/resample.ts'
import type { Clock } from '../core/clock.ts'
import type { Bar } from '../core/market/bar.ts'
import type { Batches, MarketEvent } from '../core/market/event.ts'
import { DAY, dayNumber, dayStart } from '../core/market/time.ts'
import type { Source } from '../core/pipeline/source.ts'
import { historyStart } from '../core/statistics/volatility/history.ts'
import { settingsOf, type VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { volatility } from '../core/statistics/volatility/volatility.ts'
import { follow } from '../core/storage/follow.ts'
import { Present } from '../core/storage/present.ts'
import type { Store } from '../core/storage/store.ts'
import { storedVolatility } from '../core/storage/stored-volatility.ts'
import { warmedUp } from '../core/warm-up.ts'
import type { Io } from './_io.ts'
import type { CommonOptions, LiveOptions, RangeOptions } from './_options.ts'
import { openStore, type Recorded, symbolsOf } from './_recorded.ts'
import type { Setup } from './_setup.ts'

/** What the command line says of a run. */
export interface VolatilityCommand
  extends CommonOptions,
    LiveOptions,
    RangeOptions,
    Omit<VolatilityOptions, 'sessions' | 'auctions'> {
  last?: boolean
  follow?: boolean
  history?: string
  exec?: string
  describe?: boolean
  chart?: boolean
}

/** One run of the strategy over what was opened. */
export interface VolatilityRun {
  options: VolatilityCommand
  settings: VolatilityOptions
  setup: Setup
  signal: AbortSignal
  /** Called when history has been read: from here on alerts are news. */
  onLive: () => void
  io: Io
}

/** The records of a store or source: history, and with `--follow` or a live source what comes after it. */
export async function recordsFrom(recorded: Recorded, asked: VolatilityRun): Promise<Batches<VolatilityRecord>> {
  const { options, settings } = asked
  if ('store' in recorded) return fromStore(recorded.store, asked)
  const { source, events } = recorded
  const run = { ...settings, ...(options.since !== undefined && { since: options.since }) }
  if (source.bars) return volatility(barsAsNeeded(source.bars({}), settings), { auctions: 'join', ...run })
  if (source.kind === 'recorded') return volatility(asNeeded(events, settings), run)
  if (options.history !== undefined) return afterHistory(options.history, source, events, asked)
  if (source.kind === 'simulated')
    return volatility(asNeeded(events, settings, source.clock), { ...run, clock: source.clock })
  const present = new Present(source.clock, false)
  return volatility(asNeeded(present.of(events), settings, present), { ...run, clock: present })
}

/** The events themselves, or the bars that an estimator of bars works on, by a clock none before it is whole. */
function asNeeded(events: Batches, settings: VolatilityOptions, clock?: Clock): Batches<MarketEvent | Bar> {
  const bars = barsWanted(settings)
  return bars === null ? events : resample(events, { ...bars, ...(clock && { clock, heard: true }) })
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

/** The records of a live source that is warmed up from a store, those of the last stored day among them. */
async function afterHistory(
  history: string,
  source: Source,
  live: Batches,
  { options, settings, setup, onLive, io }: VolatilityRun,
): Promise<Batches<VolatilityRecord>> {
  const store = await openStore(parseAddress(history, 'source'), setup)
  const newest = Math.max(...store.checkpoints().map(({ timestamp }) => timestamp ?? Number.NEGATIVE_INFINITY))
  const lastDay = dayStart(dayNumber(Number.isFinite(newest) ? Math.min(newest, io.clock.now()) : io.clock.now()))
  const since = options.since ?? lastDay
  const present = new Present(source.clock, true)
  const events = warmedUp({
    ...{ store, source: source.name, live, symbols: setup.symbols, sessions: setup.sessions, now: io.clock.now },
    since: historyStart(settings, Math.min(since, lastDay)),
    onCaughtUp: () => {
      present.caughtUp()
      onLive()
    },
  })
  return volatility(asNeeded(present.of(events), settings, present), { ...settings, since, clock: present })
}

async function* fromStore(store: Store, asked: VolatilityRun): AsyncGenerator<readonly VolatilityRecord[]> {
  const { options, settings, setup, signal, onLive, io } = asked
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
        onLive()
      })
      yield* volatility(asNeeded(present.of(events), settings, present), { ...run, clock: present })
      return
    }
    const complete = Math.min(until ?? Number.POSITIVE_INFINITY, io.clock.now() - SETTLED)
    const bars = barsWanted(settings)
    const whole = { ...run, complete, last: options.last === true }
    for (const symbol of symbols) {
      if (bars === null) yield* storedVolatility(store, symbol, query, whole, signal)
      else {
        const events = store.read({ ...query, symbols: [symbol] })
        yield* volatility(resample(events, { ...bars, asOf: io.clock.now() }), whole)
      }
      if (signal.aborted) break
    }
  } finally {
    await store.close()
  }
}

/** What is older than this has been committed, ms. */
const SETTLED = 2_000
