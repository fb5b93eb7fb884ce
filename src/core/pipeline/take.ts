import type { Batches, MarketEvent } from '../market/event.ts'

/** The events up to and including the `count`th tick; then the source is closed. */
export async function* takeTicks(source: Batches, count: number): AsyncGenerator<readonly MarketEvent[]> {
  let left = count
  if (left <= 0) return
  for await (const batch of source) {
    let end = 0
    while (end < batch.length && left > 0) if (batch[end++]!.type === 'tick') left--
    yield end === batch.length ? batch : batch.slice(0, end)
    if (left === 0) return
  }
}

/** The events with the first tick of each symbol only, until every symbol has had one. */
export async function* takeOnce(source: Batches, symbols: readonly string[]): AsyncGenerator<readonly MarketEvent[]> {
  const missing = new Set(symbols)
  for await (const batch of source) {
    const kept = batch.filter((event) => event.type !== 'tick' || missing.delete(event.symbol))
    if (kept.length > 0) yield kept
    if (missing.size === 0) return
  }
}

/** The events of these symbols, and those that concern all. */
export async function* onlySymbols(
  source: Batches,
  symbols: readonly string[],
): AsyncGenerator<readonly MarketEvent[]> {
  const wanted = new Set(symbols)
  for await (const batch of source) {
    const kept = batch.filter((event) => event.symbol === null || wanted.has(event.symbol))
    if (kept.length > 0) yield kept
  }
}

/** The events from `since` (inclusive) to `until` (exclusive), epoch ms; events without a time pass. */
export async function* within(
  source: Batches,
  since = -Infinity,
  until = Infinity,
): AsyncGenerator<readonly MarketEvent[]> {
  for await (const batch of source) {
    const kept = batch.filter((event) => {
      if (event.type === 'gap') return event.to >= since && event.from < until
      return event.timestamp === null || (event.timestamp >= since && event.timestamp < until)
    })
    if (kept.length > 0) yield kept
  }
}

/** The events before `until` (epoch ms) of a source in order of time; the first one at or after it ends the stream. */
export async function* takeBefore(source: Batches, until: number): AsyncGenerator<readonly MarketEvent[]> {
  for await (const batch of source) {
    const end = batch.findIndex((event) => event.type !== 'gap' && event.timestamp !== null && event.timestamp >= until)
    if (end === -1) yield batch
    else {
      if (end > 0) yield batch.slice(0, end)
      return
    }
  }
}
