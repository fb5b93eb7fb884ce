import { SETTLE } from '../bars/bucket.ts'
import type { Clock } from '../clock.ts'
import type { Batches } from '../market/event.ts'
import { Sessions } from '../market/session.ts'
import { dayNumber, dayStart } from '../market/time.ts'
import { begun } from '../pipeline/begun.ts'
import type { Source } from '../pipeline/source.ts'
import type { Evaluator } from '../statistics/volatility/evaluator.ts'
import { foodOf } from '../statistics/volatility/food.ts'
import { historyStart } from '../statistics/volatility/history.ts'
import type { WantedRecords } from '../statistics/volatility/monitor.ts'
import type { VolatilityOptions } from '../statistics/volatility/options.ts'
import { evaluate } from '../statistics/volatility/volatility.ts'
import { follow } from '../storage/follow.ts'
import { Present } from '../storage/present.ts'
import type { Store } from '../storage/store.ts'
import { evaluateStored } from '../storage/stored-volatility.ts'
import { feedHistory, newestStored, seamOf } from './history.ts'
import { joined } from './joined.ts'

/** One run of the strategy over a store. */
export interface StoredRun<R> {
  store: Store
  symbols: readonly string[]
  settings: VolatilityOptions
  /** Makes what the events are fed to. */
  evaluator: (wanted: Pick<WantedRecords, 'since' | 'last'>) => Evaluator<R>
  /** Whether the newest value of each symbol is all that is wanted of a recording. */
  last: boolean
  /** Epoch ms, inclusive and exclusive; absent: all. */
  since?: number
  until?: number
  /** The machine's. */
  clock: Clock
  signal: AbortSignal
  /** Called when history has been read: from here on events come as they happen. */
  onLive: () => void
}

/** What is older than this has been committed, ms. */
export const SETTLED = 2_000

/** What a store holds, by one evaluator a symbol. */
export async function* evaluateRecorded<R>(run: StoredRun<R>): AsyncGenerator<readonly R[]> {
  const { store, symbols, settings, until = Number.POSITIVE_INFINITY, clock, signal } = run
  const span = { since: startOf(run), until }
  const complete = Math.min(until, clock.now() - SETTLED)
  const asOf = settledBefore(until, clock)
  for (const symbol of symbols) {
    if (signal.aborted) break
    yield* evaluateStored(
      store,
      symbol,
      span,
      run.evaluator({ last: run.last }),
      { ...settings, complete, asOf },
      signal,
    )
  }
}

/** What a store holds, then what a recorder adds to it, until the signal aborts. */
export async function* evaluateFollowed<R>(run: StoredRun<R>): AsyncGenerator<readonly R[]> {
  const { store, symbols, settings, clock, signal, onLive } = run
  const evaluator = run.evaluator({})
  const [start, seam] = [startOf(run), await seamOf(store, symbols, settings)]
  yield* feedHistory(store, symbols, { since: start, until: seam }, evaluator, settings, signal)
  const present = new Present(clock, true)
  const query = { symbols, since: Math.max(start, seam), types: ['tick', 'gap'] as const }
  const events = follow(store, query, clock, signal, () => {
    present.caughtUp()
    onLive()
  })
  yield* evaluate(foodOf(present.of(events), settings, present), evaluator, { clock: present })
}

/**
 * A live source, warmed up from a store: without `since` from the last stored day on.
 * @param source its name and clock
 * @param live its events
 */
export async function* evaluateJoined<R>(
  run: StoredRun<R>,
  source: Pick<Source, 'name' | 'clock'>,
  live: Batches,
): AsyncGenerator<readonly R[]> {
  const { store, symbols, settings, clock, signal, onLive } = run
  const events = begun(live)
  try {
    const now = clock.now()
    const newest = await newestStored(store, await store.symbols())
    const lastDay = dayStart(dayNumber(newest === Number.NEGATIVE_INFINITY ? now : Math.min(newest, now)))
    const since = run.since ?? lastDay
    const evaluator = run.evaluator({ since })
    const [start, seam] = [historyStart(settings, Math.min(since, lastDay)), await seamOf(store, symbols, settings)]
    yield* feedHistory(store, symbols, { since: start, until: seam }, evaluator, settings, signal)
    const present = new Present(source.clock, true)
    const all = joined({
      ...{ store, source: source.name, live: events, symbols, now: clock.now, since: Math.max(start, seam) },
      sessions: settings.sessions ?? new Sessions(),
      onCaughtUp: () => {
        present.caughtUp()
        onLive()
      },
    })
    yield* evaluate(foodOf(present.of(all), settings, present), evaluator, { clock: present })
  } finally {
    await events[Symbol.asyncIterator]().return?.()
  }
}

/** Bars that can still change at this time (epoch ms) are none, nor is one that `until` cuts. */
export function settledBefore(until: number, clock: Clock): number {
  return Math.min(until + SETTLE, clock.now())
}

/** From when events must be read, so that those from `since` on are judged by the whole look-back. */
function startOf({ since, settings }: Pick<StoredRun<unknown>, 'since' | 'settings'>): number {
  return since === undefined ? Number.NEGATIVE_INFINITY : historyStart(settings, since)
}
