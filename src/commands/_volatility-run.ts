import { parseAddress } from '../core/address/address.ts'
import { SETTLE } from '../core/bars/bucket.ts'
import { mergeBars } from '../core/bars/merge-bars.ts'
import { resample } from '../core/bars/resample.ts'
import type { Clock } from '../core/clock.ts'
import type { Bar } from '../core/market/bar.ts'
import type { Batches, MarketEvent } from '../core/market/event.ts'
import { dayNumber, dayStart } from '../core/market/time.ts'
import { begun } from '../core/pipeline/begun.ts'
import type { Source } from '../core/pipeline/source.ts'
import { barsWanted } from '../core/statistics/volatility/bars-wanted.ts'
import type { Evaluator } from '../core/statistics/volatility/evaluator.ts'
import { historyStart } from '../core/statistics/volatility/history.ts'
import type { WantedRecords } from '../core/statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../core/statistics/volatility/options.ts'
import type { OvernightMove } from '../core/statistics/volatility/overnight.ts'
import { evaluate } from '../core/statistics/volatility/volatility.ts'
import { follow } from '../core/storage/follow.ts'
import { Present } from '../core/storage/present.ts'
import type { Span, Store } from '../core/storage/store.ts'
import { evaluateStored, feedStored } from '../core/storage/stored-volatility.ts'
import { overnightLine } from '../core/terminal/lines.ts'
import { OVERLAP, warmedUp } from '../core/warm-up.ts'
import type { Io } from './_io.ts'
import type { CommonOptions, LiveOptions, RangeOptions, ReadingOptions } from './_options.ts'
import { tell } from './_print.ts'
import { openRecorded, openStore, type Recorded, symbolsOf } from './_recorded.ts'
import type { Setup } from './_setup.ts'

/** What the command line says of a run. */
export interface VolatilityCommand
  extends CommonOptions,
    LiveOptions,
    RangeOptions,
    ReadingOptions,
    Omit<VolatilityOptions, 'sessions' | 'auctions'> {
  last?: boolean
  follow?: boolean
  history?: string
  exec?: string
  describe?: boolean
  chart?: boolean
  backtest?: boolean
  horizon?: string
}

/**
 * Opens what the strategy reads: of a file also the history that warms up for `--since`, unless it is replayed at a pace.
 * @throws HkqError as openRecorded
 */
export function openHistory(
  options: VolatilityCommand,
  settings: VolatilityOptions,
  setup: Setup,
  signal: AbortSignal,
  io: Io,
): Promise<Recorded> {
  const { from, since } = options
  const isPaced = from !== undefined && parseAddress(from, 'source').params.has('speed')
  const start = since === undefined || isPaced ? since : historyStart(settings, since)
  return openRecorded({ ...options, ...(start !== undefined && { since: start }) }, setup, signal, io)
}

/** One run of the strategy over what was opened. */
export interface VolatilityRun<R> {
  options: VolatilityCommand
  settings: VolatilityOptions
  /** Makes what the events are fed to: one for a source, one for each symbol of a store. */
  evaluator: (run: VolatilityOptions & WantedRecords) => Evaluator<R>
  setup: Setup
  signal: AbortSignal
  /** Called when history has been read: from here on alerts are news. */
  onLive: () => void
  io: Io
}

/** What the evaluator gives of a store or source: history, and with `--follow` or a live source what comes after it. */
export async function runOver<R>(recorded: Recorded, asked: VolatilityRun<R>): Promise<Batches<R>> {
  const { options, settings, evaluator } = asked
  if ('store' in recorded) return fromStore(recorded.store, asked)
  const { source, events } = recorded
  const run = runOf(asked)
  if (source.bars) {
    return evaluate(barsAsNeeded(source.bars({}), settings), evaluator({ auctions: 'join', ...run }))
  }
  if (source.kind === 'recorded') return evaluate(asNeeded(events, settings), evaluator(run))
  if (options.history !== undefined) {
    const store = await openStore(parseAddress(options.history, 'source'), asked.setup, options, asked.io)
    return afterHistory(store, source, events, asked)
  }
  const clock = source.kind === 'simulated' ? source.clock : new Present(source.clock, false)
  const told = clock instanceof Present ? clock.of(events) : events
  return evaluate(asNeeded(told, settings, clock), evaluator(run), { clock })
}

/** The settings, the records wanted, and who is told of moves over night. */
function runOf<R>({ options, settings, io }: VolatilityRun<R>): VolatilityOptions & WantedRecords {
  const { since } = options
  const onOvernightMove = (move: OvernightMove): void => tell(overnightLine(move), options, io)
  return { ...settings, onOvernightMove, ...(since !== undefined && { since }) }
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

/** What the evaluator gives of a live source that is warmed up from a store, from the last stored day on. */
async function* afterHistory<R>(
  store: Store,
  source: Source,
  events: Batches,
  asked: VolatilityRun<R>,
): AsyncGenerator<readonly R[]> {
  const { options, settings, evaluator, setup, onLive, io } = asked
  const { symbols, sessions } = setup
  const live = begun(events)
  const newest = Math.max(...store.checkpoints().map(({ timestamp }) => timestamp ?? Number.NEGATIVE_INFINITY))
  const lastDay = dayStart(dayNumber(Number.isFinite(newest) ? Math.min(newest, io.clock.now()) : io.clock.now()))
  const since = options.since ?? lastDay
  const start = historyStart(settings, Math.min(since, lastDay))
  const seam = seamOf(store, symbols, settings)
  const present = new Present(source.clock, true)
  const each = evaluator({ ...runOf(asked), since })
  try {
    yield* history(store, symbols, { since: start, until: seam }, each, asked)
    const joined = warmedUp({
      ...{ store, source: source.name, live, symbols, sessions, now: io.clock.now, since: Math.max(start, seam) },
      onCaughtUp: () => {
        present.caughtUp()
        onLive()
      },
    })
    yield* evaluate(asNeeded(present.of(joined), settings, present), each, { clock: present })
  } finally {
    await store.close()
  }
}

async function* fromStore<R>(store: Store, asked: VolatilityRun<R>): AsyncGenerator<readonly R[]> {
  const { options, settings, evaluator, setup, signal, onLive, io } = asked
  const { since, until } = options
  const from = since === undefined ? Number.NEGATIVE_INFINITY : historyStart(settings, since)
  const query = { since: from, ...(until !== undefined && { until }), types: ['tick', 'gap'] as const }
  const run = runOf(asked)
  const symbols = symbolsOf(store, setup)
  try {
    if (options.follow) {
      const each = evaluator(run)
      const seam = seamOf(store, symbols, settings)
      yield* history(store, symbols, { ...query, until: Math.min(seam, until ?? seam) }, each, asked)
      const present = new Present(io.clock, true)
      const events = follow(store, { ...query, since: Math.max(from, seam), symbols }, io.clock, signal, () => {
        present.caughtUp()
        onLive()
      })
      yield* evaluate(asNeeded(present.of(events), settings, present), each, { clock: present })
      return
    }
    const complete = Math.min(until ?? Number.POSITIVE_INFINITY, io.clock.now() - SETTLED)
    // A bar that `until` cuts is none.
    const asOf = Math.min((until ?? Number.POSITIVE_INFINITY) + SETTLE, io.clock.now())
    for (const symbol of symbols) {
      const each = evaluator({ ...run, last: options.last === true })
      yield* evaluateStored(store, symbol, query, each, { ...settings, complete, asOf }, signal)
      if (signal.aborted) break
    }
  } finally {
    await store.close()
  }
}

/** Feeds stored history symbol by symbol, the fast way, to an evaluator that goes on with events as they come. */
async function* history<R>(
  store: Store,
  symbols: readonly string[],
  span: Span,
  evaluator: Evaluator<R>,
  { settings, signal }: VolatilityRun<R>,
): AsyncGenerator<readonly R[]> {
  for (const symbol of symbols) {
    yield* feedStored(store, symbol, span, evaluator, settings, signal)
    if (signal.aborted) break
  }
}

/**
 * Up to when stored history is complete in itself, epoch ms: before what a recorder may still commit and a feed may give
 * again, or before the last day where bars are made. -Infinity without any.
 */
function seamOf(store: Store, symbols: readonly string[], settings: VolatilityOptions): number {
  const stored = store.checkpoints().filter(({ symbol }) => symbols.includes(symbol))
  const newest = Math.max(...stored.map(({ timestamp }) => timestamp ?? Number.NEGATIVE_INFINITY))
  if (newest === Number.NEGATIVE_INFINITY) return newest
  return barsWanted(settings) === null ? newest - OVERLAP : dayStart(dayNumber(newest))
}

/** What is older than this has been committed, ms. */
const SETTLED = 2_000
