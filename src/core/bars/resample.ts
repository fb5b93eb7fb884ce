import type { Clock } from '../clock.ts'
import type { Bar } from '../market/bar.ts'
import type { Batches, Gap } from '../market/event.ts'
import { withClock } from '../pipeline/with-clock.ts'
import type { BarOptions } from './options.ts'
import { Resampler } from './resampler.ts'
import type { Summary } from './summary.ts'

/** Bars of a stream. */
export interface ResampleOptions extends BarOptions {
  /** Live: bars go out by this clock, without waiting for a next trade. Absent: by the trades' own times and at the end. */
  clock?: Clock
  /** Told of each trade that came so late that its bar was forgotten; it is in none. */
  onTooLate?: (symbol: string, time: number) => void
}

/**
 * Bars of a stream of events, for each symbol in order of time. A bar is final once: what comes later makes a numbered
 * revision.
 * @param events batches of market events of any number of symbols; quotes make no bars, gaps mark them
 * @param options `every` in ms, and how bars are aligned and filled
 * @returns batches of bars of [start, end), epoch ms; prices in the traded currency, volume in shares
 * @throws what the events throw
 */
export async function* resample(events: Batches, options: ResampleOptions): AsyncGenerator<readonly Bar[]> {
  const { clock } = options
  const resampler = new Resampler(options, { onTooLate: options.onTooLate })
  const steps = clock === undefined ? events : withClock(events, clock, () => resampler.due)
  for await (const batch of steps) {
    if (batch.length > 0) resampler.add(batch)
    if (clock !== undefined) resampler.scan(clock.now())
    const bars = resampler.take()
    if (bars.length > 0) yield bars
  }
  resampler.end(clock?.now())
  const bars = resampler.take()
  if (bars.length > 0) yield bars
}

/**
 * Longer bars of stored one-minute summaries, without reading a tick. `gaps` mark the bars they cross, but for those that
 * have been filled: a vendor's minutes are among the summaries.
 */
export async function* barsFromSummaries(
  summaries: Iterable<readonly Summary[]> | AsyncIterable<readonly Summary[]>,
  options: BarOptions & { gaps?: readonly Gap[] },
): AsyncGenerator<readonly Bar[]> {
  const resampler = new Resampler(options)
  for (const gap of options.gaps ?? []) if (gap.filled_by === null) resampler.addGap(gap)
  for await (const batch of summaries) {
    resampler.addSummaries(batch)
    const bars = resampler.take()
    if (bars.length > 0) yield bars
  }
  resampler.end()
  const bars = resampler.take()
  if (bars.length > 0) yield bars
}
