import { FLAGS, type Flag, type Tick } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { type BarOptions, mustReadAgain } from './options.ts'
import { addTick, isLeftOut, leftOutOf, merge, minuteOf, type Summary, summaryOf } from './summary.ts'

const EVERY_FLAG: ReadonlySet<Flag> = new Set(FLAGS)

/** One-minute summaries of the ticks of one symbol, in order of time. */
export function summarise(ticks: Iterable<Tick>): Summary[] {
  const minutes = new Map<number, Summary>()
  for (const tick of ticks) {
    const start = minuteOf(tick.timestamp)
    const minute = minutes.get(start)
    const leftOut = isLeftOut(tick)
    if (minute !== undefined && minute.trades !== 0 && !leftOut) {
      addTick(minute, tick)
      continue
    }
    const one = leftOut ? leftOutOf(tick, start) : summaryOf(tick, start)
    minutes.set(start, minute === undefined ? one : merge(minute, one))
  }
  return [...minutes.values()].sort((a, b) => a.start - b.start)
}

/**
 * The stored minutes; those whose left-out ticks these bars ask for are replaced by a summary of each of their ticks, as
 * some may belong to another bucket or to none.
 * @param ticksOf the stored ticks of the minute [from, to)
 */
export async function* refined(
  batches: Iterable<readonly Summary[]> | AsyncIterable<readonly Summary[]>,
  options: Pick<BarOptions, 'align' | 'include'>,
  ticksOf: (from: number, to: number) => AsyncIterable<readonly Tick[]>,
): AsyncGenerator<readonly Summary[]> {
  const include = options.align === 'clock' ? EVERY_FLAG : options.include
  for await (const batch of batches) {
    const minutes: Summary[] = []
    for (const minute of batch) {
      if (!mustReadAgain(minute, options)) minutes.push(minute)
      else
        for await (const ticks of ticksOf(minute.start, minute.start + MINUTE)) {
          for (const tick of ticks) if (!isLeftOut(tick, include)) minutes.push(summaryOf(tick, minute.start))
        }
    }
    yield minutes
  }
}
