import type { Summary } from '../../bars/summary.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Instrument } from '../../market/instrument.ts'
import { numberIn, type Row, seqIn, textIn, type Value } from './answer.ts'
import { Fields, restored, series, type Tags } from './line.ts'

/**
 * Records that replace the one of the same place as a whole. A point leaves the fields of an older one where it has none,
 * so the field `unknown` names those that are null.
 */
const UNKNOWN = 'unknown'

type Type = 'float' | 'integer' | 'text'
type Shape<R> = Readonly<Partial<Record<keyof R & string, Type>>>

const SUMMARY: Shape<Summary> = {
  ...{ open: 'float', high: 'float', low: 'float', close: 'float' },
  ...{ first_time: 'integer', first_seq: 'integer', last_time: 'integer', last_seq: 'integer' },
  ...{ volume: 'float', turnover_mills: 'float', value_mills: 'float', price_mills: 'float' },
  ...{ trades: 'integer', left_out: 'integer', origin: 'text' },
}
const INSTRUMENT: Shape<Instrument> = {
  ...{ name_en: 'text', name_zh: 'text', currency: 'text', lot_size: 'float', kind: 'text' },
  ...{ prev_close: 'float', vendor_code: 'text' },
}
const COMPLETENESS: Shape<Completeness> = {
  ...{ timestamp: 'integer', volume: 'float', vendor_volume: 'float', turnover: 'float', vendor_turnover: 'float' },
  ...{ completeness: 'float', open: 'float', vendor_open: 'float', high: 'float', vendor_high: 'float', low: 'float' },
  ...{ vendor_low: 'float', close: 'float', vendor_close: 'float', minutes: 'float', differing: 'float' },
}

export const MINUTES = 'bars_1m'
export const INSTRUMENTS = 'instruments'
export const COMPARED = 'completeness'

export const MINUTE_COLUMNS = [...Object.keys(SUMMARY), UNKNOWN]
export const INSTRUMENT_COLUMNS = ['symbol', 'vendor', ...Object.keys(INSTRUMENT), UNKNOWN]
export const COMPARED_COLUMNS = ['vendor', ...Object.keys(COMPLETENESS), UNKNOWN]

/** @throws TypeError for a summary that is none */
export function minuteLine(minute: Summary): string {
  if (typeof minute.open !== 'number') throw new TypeError(`the minute of ${minute.symbol} has no open`)
  return point(SUMMARY, minute, series(MINUTES, { symbol: minute.symbol }), minute.start)
}

/** The summary of a row of MINUTE_COLUMNS. */
export function minuteIn(row: Row, symbol: string): Summary {
  return { symbol, start: Number(row[0]), ...recordIn<Summary>(SUMMARY, row, 1) } as Summary
}

export function instrumentLine(row: Instrument): string {
  return point(INSTRUMENT, row, series(INSTRUMENTS, { symbol: row.symbol, vendor: row.vendor }), Date.parse(row.date))
}

/** The facts of a row of INSTRUMENT_COLUMNS. */
export function instrumentIn(row: Row): Instrument {
  const named = { symbol: restored(textIn(row[1]) ?? ''), vendor: restored(textIn(row[2]) ?? ''), date: dateOf(row) }
  return { ...named, ...recordIn<Instrument>(INSTRUMENT, row, 3) } as Instrument
}

export function comparedLine(row: Completeness): string {
  const tags: Tags = { symbol: row.symbol, vendor: row.vendor }
  return point(COMPLETENESS, row, series(COMPARED, tags), Date.parse(row.date))
}

/** The comparison of a row of COMPARED_COLUMNS. */
export function comparedIn(row: Row, symbol: string): Completeness {
  const named = { symbol, vendor: restored(textIn(row[1]) ?? ''), date: dateOf(row) }
  return { type: 'completeness', ...named, ...recordIn<Completeness>(COMPLETENESS, row, 2) } as Completeness
}

function dateOf(row: Row): string {
  return new Date(Number(row[0])).toISOString().slice(0, 10)
}

function point<R>(shape: Shape<R>, record: R, key: string, time: number): string {
  const fields = new Fields()
  const unknown: string[] = []
  for (const [name, type] of Object.entries(shape) as [keyof R & string, Type][]) {
    const value = record[name] as never
    if (value === null || value === undefined) unknown.push(name)
    else fields[type](name, value)
  }
  // a time of whole milliseconds: such a record has its place to itself
  return fields.text(UNKNOWN, unknown.join(',')).at(key, `${BigInt(time) * 1_000_000n}`)
}

function recordIn<R>(shape: Shape<R>, row: Row, from: number): Partial<R> {
  const names = Object.keys(shape)
  const unknown = (textIn(row[from + names.length]) ?? '').split(',')
  const record: Record<string, unknown> = {}
  for (const [i, name] of names.entries())
    record[name] = unknown.includes(name) ? null : valueIn(name, shape[name as keyof Shape<R>] as Type, row[from + i])
  return record as Partial<R>
}

function valueIn(name: string, type: Type, value: Value | undefined): unknown {
  if (type === 'text') return textIn(value)
  return name.endsWith('_seq') ? seqIn(value) : numberIn(value)
}
