import type { TradeColumns } from '../bars/trade-columns.ts'
import type { Tick } from '../market/event.ts'
import { flagMask } from '../market/flags.ts'

/** A chunk of ticks of one symbol in (timestamp, seq) order, column by column; bit i of `flags` as flagMask has it. */
export interface TickColumns extends TradeColumns {
  /** Index into PHASES. */
  readonly phase: Uint8Array
  /** Quote's prices, NaN where null; only when the book was asked for. */
  readonly bid_price: Float64Array | null
  readonly ask_price: Float64Array | null
}

/** Phases by the numbers that `TickColumns.phase` and the disk hold. The order is part of the file format. */
export const PHASES = [
  'pre_opening',
  'opening_auction',
  'morning',
  'lunch',
  'afternoon',
  'closing_auction',
  'closed',
] as const satisfies readonly Tick['phase'][]

/** Room for `length` ticks. */
export function emptyColumns(length: number, book: boolean): TickColumns {
  return {
    length,
    timestamp: new Float64Array(length),
    last_price: new Float64Array(length),
    volume: new Float64Array(length),
    turnover: new Float64Array(length),
    flags: new Uint16Array(length),
    phase: new Uint8Array(length),
    bid_price: book ? new Float64Array(length) : null,
    ask_price: book ? new Float64Array(length) : null,
  }
}

/** Columns of ticks at hand, for stores that have no faster way. */
export function columnsOf(ticks: readonly Tick[], book = false): TickColumns {
  const columns = emptyColumns(ticks.length, book)
  for (let i = 0; i < ticks.length; i++) {
    const tick = ticks[i]!
    columns.timestamp[i] = tick.timestamp
    columns.last_price[i] = tick.last_price
    columns.volume[i] = tick.volume ?? Number.NaN
    columns.turnover[i] = tick.turnover ?? Number.NaN
    columns.flags[i] = flagMask(tick.flags)
    columns.phase[i] = PHASES.indexOf(tick.phase)
    if (columns.bid_price) columns.bid_price[i] = tick.bid_price ?? Number.NaN
    if (columns.ask_price) columns.ask_price[i] = tick.ask_price ?? Number.NaN
  }
  return columns
}
