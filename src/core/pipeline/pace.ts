import type { Clock } from '../clock.ts'
import type { Batches, MarketEvent } from '../market/event.ts'

/**
 * Recorded events at the pace they once had, `speed` times as fast. Time that passes between two batches is what the
 * events say; the consumer's own time is taken off it. Stops quietly when `signal` aborts.
 */
export async function* pace(
  source: Batches,
  options: { speed: number; clock: Clock; signal?: AbortSignal },
): AsyncGenerator<readonly MarketEvent[]> {
  const { speed, clock, signal } = options
  let start: { event: number; clock: number } | undefined
  for await (const batch of source) {
    let from = 0
    while (from < batch.length) {
      if (signal?.aborted) return
      const time = timeOf(batch[from]!)
      if (time === null) {
        yield [batch[from++]!]
        continue
      }
      start ??= { event: time, clock: clock.monotonic() }
      const elapsed = (clock.monotonic() - start.clock) * speed
      const wait = (time - start.event - elapsed) / speed
      if (wait > 0) await clock.sleep(wait, signal)
      let to = from + 1
      const reached = start.event + elapsed + Math.max(0, wait) * speed
      while (to < batch.length && (timeOf(batch[to]!) ?? time) <= reached) to++
      if (signal?.aborted) return
      yield batch.slice(from, to)
      from = to
    }
  }
}

/** Null: a record without a time, which comes with what is before it. */
function timeOf(event: MarketEvent): number | null {
  return event.type === 'gap' ? event.to : event.timestamp
}
