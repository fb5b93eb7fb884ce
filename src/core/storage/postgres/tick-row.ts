import type { Seq, Tick } from '../../market/event.ts'
import { clean } from '../../market/trade.ts'
import { PHASES } from '../columns.ts'
import { flagsIn, marksOf, SIDE_SHIFT, SIDES } from '../marks.ts'
import type { Ask } from './connection.ts'
import type { Placed, Shelf } from './place-all.ts'
import { numbers, texts } from './values.ts'

export const TICKS: Shelf<Tick> = {
  table: 'tick',
  telling: 'price, volume',
  told: ({ last_price, volume }) => [last_price, volume],
}

/** Puts ticks in that are not there, as they were placed. */
export async function insertTicks(ask: Ask, ticks: readonly Placed<Tick>[]): Promise<void> {
  if (ticks.length === 0) return
  const of = <T>(read: (tick: Tick) => T): T[] => ticks.map(({ record }) => read(record))
  const ago = (later: number, time: number | null): number | null => (time === null ? null : Math.round(later - time))
  await ask(INSERT, [
    numbers(of(({ timestamp }) => timestamp)),
    numbers(ticks.map(({ seq }) => seq)),
    numbers(of(({ last_price }) => last_price)),
    numbers(of(({ volume }) => volume)),
    numbers(of(storedTurnover)),
    numbers(of(({ bid_price }) => bid_price)),
    numbers(of(({ ask_price }) => ask_price)),
    numbers(of(({ bid_size }) => bid_size)),
    numbers(of(({ ask_size }) => ask_size)),
    numbers(of(({ timestamp, quote_time }) => ago(timestamp, quote_time))),
    numbers(of(({ timestamp, received_at }) => (received_at === null ? null : Math.round(received_at - timestamp)))),
    numbers(ticks.map(({ symbol }) => symbol)),
    numbers(ticks.map(({ source }) => source)),
    numbers(of(marksOf)),
    texts(of(({ trade_type }) => trade_type)),
  ])
}
const INSERT = `INSERT INTO tick (time, seq, price, volume, turnover, bid, ask, bid_size, ask_size, quoted, received, symbol, source, marks, trade_type)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::bigint[], $5::float8[], $6::float8[], $7::float8[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::int[], $13::int[], $14::int[], $15::text[])`

/** NULL where it is price * volume, NaN where it is not known. */
function storedTurnover({ last_price, volume, turnover }: Tick): number | null {
  if (turnover === usualTurnover(last_price, volume)) return null
  return turnover ?? Number.NaN
}

function usualTurnover(price: number, volume: number | null): number | null {
  return volume === null ? null : clean(price * volume)
}

/** What `readTick` reads, in its order. */
export const TICK_COLUMNS =
  'time, seq, source, price, volume, turnover, bid, ask, bid_size, ask_size, quoted, marks, trade_type, received, symbol'

export type TickRow = readonly [
  time: number,
  seq: Seq,
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
  symbol: number,
]

export function readTick(row: TickRow, symbol: string, source: string): Tick {
  const [timestamp, seq, , last_price, volume, turnover, bid_price, ask_price, bid_size, ask_size] = row
  const [quoted, marks, trade_type, received] = row.slice(10) as [number | null, number, string | null, number | null]
  const value = usualTurnover(last_price, volume)
  return {
    type: 'tick',
    symbol,
    timestamp,
    last_price,
    volume,
    turnover: turnover === null ? value : Number.isNaN(turnover) ? null : turnover,
    bid_price,
    ask_price,
    bid_size,
    ask_size,
    quote_time: quoted === null ? null : timestamp - quoted,
    value,
    spread: bid_price === null || ask_price === null ? null : clean(ask_price - bid_price),
    side: SIDES[(marks >> SIDE_SHIFT) & 3]!,
    phase: PHASES[marks & 7]!,
    trade_type,
    flags: flagsIn(marks),
    seq,
    source,
    received_at: received === null ? null : timestamp + received,
  }
}
