import type { Completeness } from '../market/completeness.ts'
import type { Gap } from '../market/event.ts'
import type { Column } from './columns.ts'
import { amount, count, NONE, price, share } from './figures.ts'
import { gapColumns } from './market-columns.ts'
import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import { renderTable } from './table.ts'
import type { Zone } from './zone.ts'

/** A day of a symbol against the calendar. */
export interface DayRow {
  readonly symbol: string
  readonly date: string
  /** Seconds. */
  readonly scheduled: number
  readonly backfilled: number
  readonly missing: number
  readonly coverage: number
  readonly holes: number
  readonly unfilled: number
  readonly minutes: number
  readonly backfilled_minutes: number
  readonly differing_minutes: number
  readonly completeness: number | null
}

/** A figure of a stored minute that its trades do not make. */
export interface MismatchRow {
  readonly symbol: string
  readonly start: number
  readonly field: string
  readonly stored: string | null
  readonly recomputed: string | null
}

/** What a verification found, all of it. */
export interface Verification {
  /** Lines of the store's own check. */
  readonly problems: readonly string[]
  readonly days: readonly DayRow[]
  readonly holes: readonly Gap[]
  readonly mismatches: readonly MismatchRow[]
  readonly compared: readonly Completeness[]
}

/** A verification for people: a line on the file, then tables of what there is. */
export function renderVerification(found: Verification, zone: Zone, width: number, palette: Palette): string {
  const { problems, days, holes, mismatches, compared } = found
  const integrity =
    problems.length === 0
      ? `${palette.good('✓')} the file is sound`
      : problems.map((line) => `${palette.alert('✗')} ${sanitise(line)}`).join('\n')
  const table = <R>(title: string, columns: readonly Column<R>[], rows: readonly R[]): string[] =>
    rows.length === 0 ? [] : ['', palette.strong(title), renderTable(columns, rows, width, palette)]
  return [
    integrity,
    ...table('coverage', dayColumns(), days),
    ...table('holes', gapColumns(zone), holes),
    ...table('minutes that differ from their trades', mismatchColumns(zone), mismatches),
    ...table('beside the vendor', comparisonColumns(), compared),
  ].join('\n')
}

const right = { align: 'right' } as const

function dayColumns(): Column<DayRow>[] {
  return [
    { title: 'symbol', align: 'left', rank: 0, text: (row) => row.symbol, paint: (_, p) => p.strong },
    { title: 'day', align: 'left', rank: 0, text: (row) => row.date },
    {
      ...right,
      title: 'coverage',
      rank: 0,
      text: (row) => percentage(row.coverage),
      paint: ({ missing }, p) => (missing > 0 ? p.warning : (text) => text),
    },
    { ...right, title: 'scheduled', rank: 4, text: (row) => span(row.scheduled) },
    { ...right, title: 'missing', rank: 1, text: (row) => span(row.missing) },
    { ...right, title: 'backfilled', rank: 2, text: (row) => span(row.backfilled) },
    { ...right, title: 'holes', rank: 1, text: (row) => count(row.holes) },
    { ...right, title: 'unfilled', rank: 1, text: (row) => count(row.unfilled) },
    { ...right, title: 'minutes', rank: 3, text: (row) => count(row.minutes) },
    { ...right, title: 'vendor', rank: 5, text: (row) => count(row.backfilled_minutes) },
    { ...right, title: 'differ', rank: 2, text: (row) => count(row.differing_minutes) },
    { ...right, title: 'complete', rank: 3, text: (row) => percentage(row.completeness) },
  ]
}

function mismatchColumns(zone: Zone): Column<MismatchRow>[] {
  return [
    { title: 'symbol', align: 'left', rank: 0, text: (row) => row.symbol, paint: (_, p) => p.strong },
    { title: 'minute', align: 'left', rank: 0, text: (row) => zone.local(row.start).slice(0, 16) },
    { title: 'field', align: 'left', rank: 0, text: (row) => row.field },
    { ...right, title: 'stored', rank: 0, text: (row) => row.stored ?? NONE },
    { ...right, title: 'of trades', rank: 0, text: (row) => row.recomputed ?? NONE },
  ]
}

function comparisonColumns(): Column<Completeness>[] {
  const pair = (name: 'open' | 'high' | 'low' | 'close', rank: number): Column<Completeness> => ({
    ...right,
    ...{ title: name, rank },
    text: (row) => both(price(row[name]), price(row[`vendor_${name}`])),
  })
  return [
    { title: 'symbol', align: 'left', rank: 0, text: (row) => row.symbol, paint: (_, p) => p.strong },
    { title: 'day', align: 'left', rank: 0, text: (row) => row.date },
    { title: 'vendor', align: 'left', rank: 5, text: (row) => sanitise(row.vendor) },
    { ...right, title: 'complete', rank: 0, text: (row) => percentage(row.completeness) },
    { ...right, title: 'volume', rank: 0, text: (row) => both(amount(row.volume), amount(row.vendor_volume)) },
    { ...right, title: 'turnover', rank: 2, text: (row) => both(amount(row.turnover), amount(row.vendor_turnover)) },
    ...[pair('open', 3), pair('high', 3), pair('low', 3), pair('close', 1)],
    { ...right, title: 'minutes', rank: 2, text: (row) => count(row.minutes) },
    { ...right, title: 'differ', rank: 2, text: (row) => count(row.differing) },
  ]
}

/** Ours, and the vendor's where it is another. */
function both(ours: string, theirs: string): string {
  return ours === theirs ? ours : `${ours} of ${theirs}`
}

/** Never `100.0%` for what lacks something. */
function percentage(fraction: number | null): string {
  return fraction !== null && fraction < 1 ? share(Math.min(fraction, 0.999)) : share(fraction)
}

/** `5h30m`, `12m04s`, `3.2s`. */
function span(seconds: number): string {
  if (seconds < 60) return seconds === 0 ? '0' : `${Number(seconds.toFixed(1))}s`
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)]
  const pad = (value: number): string => String(value).padStart(2, '0')
  return minutes < 60 ? `${minutes}m${pad(rest)}s` : `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`
}
