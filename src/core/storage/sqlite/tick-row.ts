import type { Seq, Tick } from '../../market/event.ts'
import { clean } from '../../market/trade.ts'
import { PHASES } from '../columns.ts'
import { EXACT, flagsIn, marksOf, SIDE_SHIFT, SIDES } from '../marks.ts'
import type { Bind } from './bulk.ts'

/** Columns that a trade without quote and type fills; those it leaves out are NULL. */
export const PLAIN_ROW = ['symbol', 'time', 'seq', 'source', 'price', 'volume', 'turnover', 'marks', 'received']

/** Columns of the `tick` table, in the order of a row. */
export const TICK_ROW = [...PLAIN_ROW, 'bid', 'ask', 'bid_size', 'ask_size', 'quoted', 'trade_type']

/** Whether PLAIN_ROW holds the whole tick: binding no more than that takes a seventh off an insert. */
export function isPlain(tick: Tick): boolean {
  const { bid_price, ask_price, bid_size, ask_size, quote_time, trade_type } = tick
  return (
    bid_price === null &&
    ask_price === null &&
    bid_size === null &&
    ask_size === null &&
    quote_time === null &&
    trade_type === null
  )
}

/** Writes the row of a tick into `row` from `offset` on: TICK_ROW, or of a plain one PLAIN_ROW. */
export function putTick(row: Bind[], offset: number, tick: Tick, seq: Seq, symbol: number, source: number): void {
  const { bid_price, ask_price, quote_time, received_at } = tick
  const price = thousandths(tick.last_price)
  const bid = bid_price === null ? null : price - thousandths(bid_price)
  const ask = ask_price === null ? null : thousandths(ask_price) - price
  const usual = usualTurnover(tick.last_price, tick.volume)
  const turnover = tick.turnover === usual ? null : tick.turnover === null ? Number.NaN : thousandths(tick.turnover)
  // NaN in the sum: one of them is not a whole number of thousandths
  const sum = price + (bid ?? 0) + (ask ?? 0) + (turnover ?? 0)
  const exact = Number.isNaN(sum)
  row[offset] = symbol
  row[offset + 1] = tick.timestamp
  row[offset + 2] = seq
  row[offset + 3] = source
  row[offset + 4] = exact ? tick.last_price : price
  row[offset + 5] = tick.volume
  row[offset + 6] = exact ? tick.turnover : turnover
  row[offset + 7] = exact ? marksOf(tick) | EXACT : marksOf(tick)
  row[offset + 8] = received_at === null ? null : Math.round(received_at - tick.timestamp)
  if (isPlain(tick)) return
  row[offset + 9] = exact ? bid_price : bid
  row[offset + 10] = exact ? ask_price : ask
  row[offset + 11] = tick.bid_size
  row[offset + 12] = tick.ask_size
  row[offset + 13] = quote_time === null ? null : Math.round(tick.timestamp - quote_time)
  row[offset + 14] = tick.trade_type
}

/**
 * What `readTick` reads, in its order, as the cells of a JSON array: each number to its last digit, which JSON made of a REAL
 * would not have; a seq beyond 2^53 as text.
 */
export const TICK_CELLS = `time, iif(seq BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}, seq, CAST(seq AS TEXT)),
  source, ${digits('price')}, volume, ${digits('turnover')}, ${digits('bid')}, ${digits('ask')}, bid_size, ask_size, quoted, marks,
  trade_type, received`

/** Whole numbers, which nearly all amounts are, by the shortest way. */
function digits(amount: string): string {
  const whole = `CAST(${amount} AS INTEGER)`
  return `CASE WHEN ${amount} <> ${whole} THEN json(printf('%!.17g', ${amount})) ELSE ${whole} END`
}

export type TickRow = readonly [
  time: number,
  seq: number | string,
  source: number,
  price: number,
  volume: number | null,
  turnover: number | null,
  bid: number | null,
  ask: number | null,
  bid_size: number | null,
  ask_size: number | null,
  quoted: number | null,
  marks: number,
  trade_type: string | null,
  received: number | null,
]

export function readTick(row: TickRow, symbol: string, sourceName: string): Tick {
  const time = row[0]
  const marks = row[11]
  const volume = row[4]
  const exact = (marks & EXACT) !== 0
  const last_price = exact ? row[3] : row[3] / 1000
  const bid_price = row[6] === null ? null : exact ? row[6] : (row[3] - row[6]) / 1000
  const ask_price = row[7] === null ? null : exact ? row[7] : (row[3] + row[7]) / 1000
  const value = usualTurnover(last_price, volume)
  return {
    type: 'tick',
    symbol,
    timestamp: time,
    last_price,
    volume,
    turnover: exact ? row[5] : row[5] === null ? value : row[5] / 1000,
    bid_price,
    ask_price,
    bid_size: row[8],
    ask_size: row[9],
    quote_time: row[10] === null ? null : time - row[10],
    value,
    spread: bid_price === null || ask_price === null ? null : clean(ask_price - bid_price),
    side: SIDES[(marks >> SIDE_SHIFT) & 3]!,
    phase: PHASES[marks & 7]!,
    trade_type: row[12],
    flags: flagsIn(marks),
    seq: readSeq(row[1]),
    source: sourceName,
    received_at: row[13] === null ? null : time + row[13],
  }
}

export function readSeq(stored: number | string): Seq {
  return typeof stored === 'string' ? BigInt(stored) : stored
}

/** The turnover that needs no storing: price * volume. */
export function usualTurnover(price: number, volume: number | null): number | null {
  return volume === null ? null : clean(price * volume)
}

/** Whole thousandths of an amount that has no finer part, else NaN. */
function thousandths(amount: number): number {
  const whole = Math.round(amount * 1000)
  return whole / 1000 === amount && Math.abs(whole) < 1e12 ? whole : Number.NaN
}
