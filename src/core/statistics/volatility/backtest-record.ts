import type { BacktestOptions } from './backtest.ts'
import { horizonOf } from './horizon.ts'
import { settingsOf } from './options.ts'
import { pooled, type Tally } from './tally.ts'

/** One row of a backtest, with the JSON's names. Shares and rates are fractions, null where there is nothing to divide by. */
export interface BacktestRecord {
  type: 'backtest'
  /** null for all symbols together: their counts added up, so that days are days of a symbol. */
  symbol: string | null
  threshold: 'seasonal' | 'flat'
  quantile: number
  /** Days on which the strategy could alert. */
  days: number
  /** `enter` events. */
  alerts: number
  alerts_per_day: number | null
  /** Share of the alerts that entered before 10:00. */
  early_share: number | null
  /** Share of the days with such an alert. */
  early_days_share: number | null
  /** Share of hits among all points at which the strategy could alert. */
  base_rate: number | null
  /** The same among the alerts. */
  hit_rate: number | null
  /** hit_rate / base_rate. */
  lift: number | null
  /** Alerts whose outcome is known, which the hit rate is over. */
  scored: number
  /** As given: `30m`. */
  horizon: string
  window: string
  estimator: string
}

/**
 * The rows of a backtest: those of each symbol, and of several all together at the end.
 * @param tallies of one or more readings, each symbol in one of them
 * @param options those of the backtest
 */
export function backtestRecords(tallies: readonly Tally[], options: BacktestOptions): BacktestRecord[] {
  const settings = settingsOf(options)
  const of = {
    horizon: horizonOf(settings, options.horizon).text,
    window: settings.windowText,
    estimator: settings.estimator.name,
  }
  const several = new Set(tallies.map(({ symbol }) => symbol)).size > 1
  return [...tallies, ...(several ? pooled(tallies) : [])].map((tally) => ({ ...figures(tally), ...of }))
}

function figures(tally: Tally): Omit<BacktestRecord, 'horizon' | 'window' | 'estimator'> {
  const { symbol, threshold, quantile, days, alerts, earlyAlerts, earlyDays, points, hits, scored, scoredHits } = tally
  const base = share(hits, points)
  const hit = share(scoredHits, scored)
  return {
    type: 'backtest',
    symbol,
    threshold,
    quantile,
    days,
    alerts,
    alerts_per_day: share(alerts, days),
    early_share: share(earlyAlerts, alerts),
    early_days_share: share(earlyDays, days),
    base_rate: base,
    hit_rate: hit,
    lift: base === null || hit === null ? null : share(hit, base),
    scored,
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
