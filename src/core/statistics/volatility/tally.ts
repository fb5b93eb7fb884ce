/** What a backtest judges by: one kind of threshold, one quantile. */
export interface BacktestRule {
  threshold: 'seasonal' | 'flat'
  quantile: number
}

/** What a backtest counts of one rule. */
export interface Tally extends BacktestRule {
  /** null for several symbols together. */
  symbol: string | null
  /** Days on which the strategy could alert: with a point that has both a threshold and a volatility. */
  days: number
  alerts: number
  /** Alerts before 10:00, and days with one. */
  earlyAlerts: number
  earlyDays: number
  /** Points at which the strategy could alert and whose outcome is known, and how many of them are hits. */
  points: number
  hits: number
  /** Alerts whose outcome is known, and how many of them are hits. */
  scored: number
  scoredHits: number
}

export function emptyTally(symbol: string | null, { threshold, quantile }: BacktestRule): Tally {
  const counts = { days: 0, alerts: 0, earlyAlerts: 0, earlyDays: 0, points: 0, hits: 0, scored: 0, scoredHits: 0 }
  return { symbol, threshold, quantile, ...counts }
}

/** The tally of two symbols together, by one rule: counts add up, so that days are days of a symbol. */
export function merge(a: Tally, b: Tally): Tally {
  return {
    symbol: null,
    threshold: a.threshold,
    quantile: a.quantile,
    days: a.days + b.days,
    alerts: a.alerts + b.alerts,
    earlyAlerts: a.earlyAlerts + b.earlyAlerts,
    earlyDays: a.earlyDays + b.earlyDays,
    points: a.points + b.points,
    hits: a.hits + b.hits,
    scored: a.scored + b.scored,
    scoredHits: a.scoredHits + b.scoredHits,
  }
}

/** Tallies of all symbols together, one for each rule. */
export function pooled(tallies: readonly Tally[]): Tally[] {
  const rules = new Map<string, Tally>()
  for (const tally of tallies) {
    const rule = `${tally.threshold} ${tally.quantile}`
    rules.set(rule, merge(rules.get(rule) ?? emptyTally(null, tally), tally))
  }
  return [...rules.values()]
}
