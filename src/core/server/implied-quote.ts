import type { Level, Quote, Tick } from '../market/event.ts'

const EMPTY: readonly Level[] = []

/**
 * The one-level book that a trade carries, where a source has no books of its own (recorded without depth): so that a
 * client that joins books to trades gets back the same trades.
 * @param previous the one implied last, null before the first
 * @returns null when nothing changed
 */
export function impliedQuote(tick: Tick, previous: Quote | null): Quote | null {
  const bids = side(tick.bid_price, tick.bid_size)
  const asks = side(tick.ask_price, tick.ask_size)
  if (same(bids, previous?.bids ?? EMPTY) && same(asks, previous?.asks ?? EMPTY)) return null
  return {
    type: 'quote',
    symbol: tick.symbol,
    timestamp: tick.quote_time ?? tick.timestamp,
    bids,
    asks,
    phase: tick.phase,
    seq: tick.seq,
    source: tick.source,
    received_at: tick.received_at,
  }
}

function side(price: number | null, size: number | null): readonly Level[] {
  return price === null ? EMPTY : [[price, size ?? 0]]
}

function same(a: readonly Level[], b: readonly Level[]): boolean {
  return a.length === b.length && a[0]?.[0] === b[0]?.[0] && a[0]?.[1] === b[0]?.[1]
}
