import type { BacktestRecord } from '../statistics/volatility/backtest-record.ts'
import { HIT } from '../statistics/volatility/score.ts'
import type { Column } from './columns.ts'
import { count, NONE, ratio, share } from './figures.ts'

/** Columns of a backtest: in 80 cells all but `days` and `scored`. */
export function backtestColumns(): Column<BacktestRecord>[] {
  const right = { align: 'right' } as const
  return [
    { title: 'symbol', align: 'left', rank: 0, text: (row) => row.symbol ?? 'together', paint: (_, p) => p.strong },
    { title: 'threshold', align: 'left', rank: 0, text: (row) => row.threshold },
    { title: 'q', align: 'left', rank: 0, least: 5, text: (row) => String(row.quantile) },
    { ...right, title: 'days', rank: 1, text: (row) => count(row.days) },
    { ...right, title: 'alerts', rank: 0, text: (row) => count(row.alerts) },
    { ...right, title: 'a day', rank: 0, text: (row) => row.alerts_per_day?.toFixed(2) ?? NONE },
    { ...right, title: 'early', rank: 0, text: (row) => share(row.early_share) },
    { ...right, title: 'of days', rank: 0, text: (row) => share(row.early_days_share) },
    { ...right, title: 'base', rank: 0, text: (row) => share(row.base_rate) },
    { ...right, title: 'scored', rank: 2, text: (row) => count(row.scored) },
    { ...right, title: 'hit', rank: 0, text: (row) => share(row.hit_rate) },
    { ...right, title: 'lift', rank: 0, text: (row) => ratio(row.lift), paint: (_, p) => p.strong },
  ]
}

/** What the titles mean, in two lines. */
export function backtestLegend({ horizon }: BacktestRecord): readonly string[] {
  return [
    'early: alerts before 10:00, share of all alerts, and of days with one',
    `base, hit: the next ${horizon} above ${HIT}x its usual, of all points and of alerts`,
  ]
}
