import type { Quote, Tick } from '../../market/event.ts'

/** Middle of best bid and ask; NaN where a side is missing or they cross. */
export function midOf(event: Tick | Quote): number {
  const bid = event.type === 'tick' ? event.bid_price : event.bids[0]?.[0]
  const ask = event.type === 'tick' ? event.ask_price : event.asks[0]?.[0]
  return bid != null && ask != null && bid > 0 && bid < ask ? (bid + ask) / 2 : Number.NaN
}

/** Traded money of a tick; NaN for an index. */
export function turnoverOf(tick: Tick): number {
  if (tick.volume === null) return Number.NaN
  return tick.turnover ?? tick.last_price * tick.volume
}
