import type { TradeColumns } from '../../bars/trade-columns.ts'
import type { Quote, Tick } from '../../market/event.ts'

/** Ticks of one symbol in (time, seq) order, column by column; flags as flagMask makes them. */
export interface TickColumns extends TradeColumns {
  /** Needed for the price `mid` alone. */
  readonly bid_price: Float64Array | null
  readonly ask_price: Float64Array | null
}

/** Middle of best bid and ask; NaN where a side is missing or they cross. */
export function midOf(event: Tick | Quote): number {
  return event.type === 'tick'
    ? middle(event.bid_price, event.ask_price)
    : middle(event.bids[0]?.[0] ?? null, event.asks[0]?.[0] ?? null)
}

/** As midOf, of tick i. */
export function midAt({ bid_price, ask_price }: TickColumns, i: number): number {
  return middle(bid_price?.[i] ?? null, ask_price?.[i] ?? null)
}

function middle(bid: number | null, ask: number | null): number {
  return bid !== null && ask !== null && bid > 0 && bid < ask ? (bid + ask) / 2 : Number.NaN
}

/** Traded money of a tick; NaN for an index. */
export function turnoverOf(tick: Tick): number {
  if (tick.volume === null) return Number.NaN
  return tick.turnover ?? tick.last_price * tick.volume
}

/** As turnoverOf, of tick i. */
export function turnoverAt({ volume, turnover, last_price }: TickColumns, i: number): number {
  if (Number.isNaN(volume[i]!)) return Number.NaN
  return Number.isNaN(turnover[i]!) ? last_price[i]! * volume[i]! : turnover[i]!
}
