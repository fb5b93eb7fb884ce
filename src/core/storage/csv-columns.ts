import type { TimeFormat } from '../market/json.ts'
import { TIME_FIELDS } from '../market/json.ts'
import { formatIso } from '../market/time.ts'

/** Columns of ticks in CSV, in order. */
export const TICK_COLUMNS = [
  'symbol',
  'timestamp',
  'last_price',
  'volume',
  'turnover',
  'bid_price',
  'ask_price',
  'bid_size',
  'ask_size',
  'quote_time',
  'value',
  'spread',
  'side',
  'phase',
  'trade_type',
  'flags',
  'seq',
  'source',
  'received_at',
] as const

/** Columns of bars in CSV, in order. */
export const BAR_COLUMNS = [
  'symbol',
  'start',
  'end',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'turnover',
  'vwap',
  'mean',
  'trades',
  'final',
  'has_gap',
  'revision',
] as const

/**
 * One record as a line of CSV without the line feed: times ISO 8601 with zone, lists joined by spaces, empty for null and
 * NaN. Text that a spreadsheet would take for a formula gets an apostrophe; numbers are left alone.
 */
export function csvLine(record: object, columns: readonly string[], time: TimeFormat = formatIso): string {
  const values = record as Record<string, unknown>
  return columns.map((column) => cell(values[column], TIME_FIELDS.has(column) ? time : null)).join(',')
}

function cell(value: unknown, time: TimeFormat | null): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return Number.isFinite(value) ? (time ? time(value) : String(value)) : ''
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  const text = Array.isArray(value) ? value.join(' ') : String(value)
  const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",;\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
