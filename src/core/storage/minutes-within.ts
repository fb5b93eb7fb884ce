import { summarise } from '../bars/minutes.ts'
import { minuteOf, type Summary } from '../bars/summary.ts'
import type { Tick } from '../market/event.ts'
import type { Slice, Span, Store } from './store.ts'

/**
 * The stored minutes of one symbol in a span, in order; of a minute that an end of the span cuts, what its ticks within the
 * span come to. A vendor's minute has none of its own and cannot be cut: such a part is made of what was recorded of it.
 */
export async function* minutesWithin(
  store: Pick<Store, 'minutes' | 'ticks'>,
  symbol: string,
  span: Span,
): AsyncGenerator<readonly Summary[]> {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = span
  if (since >= until) return
  const [first, last] = [-minuteOf(-since), minuteOf(until)]
  if (since < first) yield await partOf(store, symbol, { since, until: Math.min(first, until) })
  if (first < last) {
    yield* store.minutes(symbol, {
      ...(span.since !== undefined && { since: first }),
      ...(span.until !== undefined && { until: last }),
    })
  }
  if (first <= last && last < until) yield await partOf(store, symbol, { since: last, until })
}

async function partOf(store: Pick<Store, 'ticks'>, symbol: string, slice: Slice): Promise<readonly Summary[]> {
  const ticks: Tick[] = []
  for await (const chunk of store.ticks(symbol, slice)) ticks.push(...chunk)
  return summarise(ticks)
}
