import type { Summary } from '../../bars/summary.ts'
import type { Seq } from '../../market/event.ts'
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

/** The column list of a SELECT that `readMinute` understands; sequence numbers come as text. */
export const MINUTE_SELECT = ['start', ...MINUTE_COLUMNS]
  .map((name) => (name.endsWith('_seq') ? `CAST(${name} AS TEXT) AS ${name}` : name))
  .join(', ')

/** A row of MINUTE_SELECT. */
export type MinuteRow = Omit<Summary, 'symbol' | 'first_seq' | 'last_seq'> & { first_seq: string; last_seq: string }

export function readMinute(row: MinuteRow, symbol: string): Summary {
  return { ...row, symbol, first_seq: seqOf(row.first_seq), last_seq: seqOf(row.last_seq) }
}

function seqOf(text: string): Seq {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : readSeq(text)
}
