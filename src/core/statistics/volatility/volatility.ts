import { SETTLE } from '../../bars/bucket.ts'
import type { Clock } from '../../clock.ts'
import type { Batches } from '../../market/event.ts'
import { withClock } from '../../pipeline/with-clock.ts'
import type { Evaluator } from './evaluator.ts'
import type { VolatilityEvent } from './intake.ts'
import { VolatilityMonitor, type WantedRecords } from './monitor.ts'
import type { VolatilityOptions } from './options.ts'
import type { VolatilityRecord } from './record.ts'

const SCAN_EVERY = 1_000

/** How the events of a run come. */
export interface Feeding {
  /**
   * Clock of a live feed: points of quiet symbols come out by it, and at the end only those that can change no more.
   * Without one, by event time alone, and at the end all of them.
   */
  clock?: Clock
  /** The events are all there were before this time (epoch ms): the last step of a recording is complete. */
  complete?: number
}

/** What `volatility` takes beside the settings. */
export interface VolatilityRun extends WantedRecords, Feeding {}

/**
 * The volatility strategy as a step: market events (or bars) in, volatility records out, history and live alike. Feed
 * the look-back's history first, then the live events, in one stream. Definitions: docs/estimators.md.
 * @param events batches of ticks and gaps (quotes too for the mid price), or of bars; any number of symbols
 * @param options what is absent comes from the preset, `session` by default
 * @returns batches of records, one an evaluation point; `volatility` is the deviation of one period's return
 * @throws HkqError E_USAGE for settings that cannot be, E_INPUT for ticks where bars are needed
 */
export async function* volatility(
  events: Batches<VolatilityEvent>,
  options: VolatilityOptions & VolatilityRun = {},
): AsyncGenerator<readonly VolatilityRecord[]> {
  yield* evaluate(events, new VolatilityMonitor(options, options), options)
}

/** Feeds the events to the evaluator: what it gives, as it becomes complete. */
export async function* evaluate<R>(
  events: Batches<VolatilityEvent>,
  evaluator: Evaluator<R>,
  feeding: Feeding = {},
): AsyncGenerator<readonly R[]> {
  const { clock } = feeding
  if (clock === undefined) {
    for await (const batch of events) yield* some(evaluator.push(batch))
    // Asked for at the end, which may come long after the beginning.
    yield* some(evaluator.end(feeding.complete))
    return
  }
  let due = nextScan(clock)
  for await (const batch of withClock(events, clock, () => due)) {
    if (batch.length > 0) yield* some(evaluator.push(batch))
    if (due !== Number.POSITIVE_INFINITY && clock.now() < due) continue
    yield* some(evaluator.scan(clock.now() - SETTLE))
    due = nextScan(clock)
  }
  yield* some(evaluator.stop(clock.now() - SETTLE))
}

/** A clock that events tell has no time before the first one. */
function nextScan(clock: Clock): number {
  const now = clock.now()
  return Number.isFinite(now) ? now + SCAN_EVERY : Number.POSITIVE_INFINITY
}

/** The batch where there is anything in it. */
export function* some<R>(given: readonly R[]): Generator<readonly R[]> {
  if (given.length > 0) yield given
}
