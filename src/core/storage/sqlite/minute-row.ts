import type { Summary } from '../../bars/summary.ts'
import { readSeq } from './tick-row.ts'

/** Columns of the `minute` table behind its key, in the order of a row. */
export const MINUTE_COLUMNS = [
  'open',
  'high',
  'low',
  'close',
  'first_time',
  'first_seq',
  'last_time',
  'last_seq',
  'volume',
  'turnover_mills',
  'value_mills',
  'price_mills',
  'trades',
  'left_out',
  'origin',
] as const

/** The column list of a SELECT that `readMinute` understands; sequence numbers that are no safe integers come as text. */
export const MINUTE_SELECT = ['start', ...MINUTE_COLUMNS]
  .map((name) => (name.endsWith('_seq') ? `iif(abs(${name}) < ${2 ** 53}, ${name}, CAST(${name} AS TEXT))` : name))
  .join(', ')

/** A row of MINUTE_SELECT as an array: objects would cost three times as much. */
export type MinuteRow = readonly [
  start: number,
  open: number,
  high: number,
  low: number,
  close: number,
  first_time: number,
  first_seq: number | string,
  last_time: number,
  last_seq: number | string,
  volume: number | null,
  turnover_mills: number | null,
  value_mills: number | null,
  price_mills: number | null,
  trades: number | null,
  left_out: number,
  origin: Summary['origin'],
]

export function readMinute(row: MinuteRow, symbol: string): Summary {
  return {
    symbol,
    start: row[0],
    open: row[1],
    high: row[2],
    low: row[3],
    close: row[4],
    first_time: row[5],
    first_seq: readSeq(row[6]),
    last_time: row[7],
    last_seq: readSeq(row[8]),
    volume: row[9],
    turnover_mills: row[10],
    value_mills: row[11],
    price_mills: row[12],
    trades: row[13],
    left_out: row[14],
    origin: row[15],
  }
}
