import { perYear } from '../statistics/volatility/per-year.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import type { Column } from './columns.ts'
import { NONE, percent, price, ratio } from './figures.ts'
import type { Palette } from './palette.ts'
import type { Zone } from './zone.ts'

/**
 * Columns of volatility records.
 * @param annualized whether volatility, usual and threshold are per year in place of those of one period
 * @param jumps whether the records have a jump share
 */
export function volatilityColumns(zone: Zone, annualized = false, jumps = false): Column<VolatilityRecord>[] {
  const right = { align: 'right' } as const
  const figures = annualized ? perYear : (row: VolatilityRecord) => row
  const per = annualized ? ' p.a.' : ''
  return [
    { title: 'symbol', align: 'left', rank: 0, least: 8, text: (row) => row.symbol, paint: (_, p) => p.strong },
    { title: 'time', align: 'left', rank: 1, text: (row) => zone.local(row.timestamp) },
    { ...right, title: 'last', rank: 2, least: 8, text: (row) => price(row.last_price) },
    {
      ...right,
      title: annualized ? 'vol p.a.' : 'volatility',
      rank: 0,
      text: (row) => percent(figures(row).volatility),
      paint: byState,
    },
    { ...right, title: `usual${per}`, rank: 4, least: 8, text: (row) => percent(figures(row).usual) },
    { ...right, title: 'ratio', rank: 1, least: 6, text: (row) => ratio(row.ratio), paint: byState },
    {
      ...right,
      title: 'pct',
      rank: 3,
      least: 5,
      text: (row) => (row.percentile === null ? NONE : row.percentile.toFixed(1)),
    },
    { ...right, title: `threshold${per}`, rank: 5, text: (row) => percent(figures(row).threshold) },
    { ...right, title: 'turnover', rank: 2, text: (row) => ratio(row.volume_ratio) },
    ...(jumps ? [{ ...right, title: 'jumps', rank: 3, text: jumpsOf }] : []),
    { title: 'state', align: 'left', rank: 0, least: 11, text: stateOf, paint: byState },
  ]
}

function jumpsOf({ jump_share = null }: VolatilityRecord): string {
  return percent(jump_share)
}

function stateOf({ state, event }: VolatilityRecord): string {
  const sign = event === 'enter' ? ' ▲' : event === 'leave' ? ' ▽' : ''
  return state + sign
}

function byState({ state }: VolatilityRecord, palette: Palette): (text: string) => string {
  return state === 'alert' ? palette.alert : state === 'unconfirmed' ? palette.warning : (text) => text
}

/** The newest record of each symbol, the most unusual first: by ratio, then by percentile, undefined ones last. */
export function mostUnusualFirst<R extends VolatilityRecord>(rows: Iterable<R>): R[] {
  const newest = new Map<string, R>()
  for (const row of rows) {
    const known = newest.get(row.symbol)
    if (!known || row.timestamp >= known.timestamp) newest.set(row.symbol, row)
  }
  const none = Number.NEGATIVE_INFINITY
  return [...newest.values()].sort(
    (a, b) => compare(b.ratio ?? none, a.ratio ?? none) || compare(b.percentile ?? none, a.percentile ?? none),
  )
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
