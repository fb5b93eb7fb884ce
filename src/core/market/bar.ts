/**
 * A bar as it leaves hkq: the ticks of [start, end). Times are epoch milliseconds UTC; prices in the traded currency;
 * volume in shares. `mean` is the arithmetic mean of last_price (the tutorial's), `vwap` sum(price * volume) / sum(volume).
 * `final` is false while the bar can still change; `revision` counts changes after it was final (absent when none).
 */
export interface Bar {
  type: 'bar'
  symbol: string
  start: number
  end: number
  open: number
  high: number
  low: number
  close: number
  volume: number | null
  turnover: number | null
  vwap: number | null
  mean: number | null
  trades: number | null
  final: boolean
  has_gap: boolean
  revision?: number
}
