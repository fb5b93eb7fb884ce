import type { TickColumns } from './prices.ts'

/** `unconfirmed`: volatility alone is above its threshold; `alert`: turnover confirms it, or is not asked. */
export type VolatilityState = 'normal' | 'unconfirmed' | 'alert'

/**
 * One evaluation point of the volatility strategy, with the JSON's names; null while undefined. `volatility` is the
 * deviation of one period's return, never scaled; `annualized` is a fraction per year (0.38 = 38 %).
 */
export interface VolatilityRecord {
  type: 'volatility'
  symbol: string
  /** Epoch ms. */
  timestamp: number
  last_price: number | null
  volatility: number | null
  annualized: number | null
  /** What is usual at this minute of the day: the median over the look-back. */
  usual: number | null
  /** volatility / usual. */
  ratio: number | null
  /** 0 to 100: share of the values behind the threshold that are <= this one. */
  percentile: number | null
  threshold: number | null
  /** Turnover of the window over what is usual. */
  volume_ratio: number | null
  state: VolatilityState
  event: 'enter' | 'leave' | null
  /** Returns (or terms) in the window. */
  samples: number
  estimator: string
  /** As given: `30m`, `1800t`. */
  window: string
  /** Whether the threshold follows the time of day. */
  seasonal: boolean
  /** 0 to 1: share of the window's variance that is due to jumps. Of `bipower` alone; absent elsewhere. */
  jump_share?: number | null
}

/** One evaluation point before it is judged. NaN where undefined. */
export interface Point {
  timestamp: number
  last_price: number
  volatility: number
  samples: number
  /** Turnover of the window; NaN where there is no volume. */
  turnover: number
  /** Number of the point among those of any day, by time of day; -1 where points do not lie on a grid. */
  slot: number
  /** Whether a trade happened since the point before. */
  traded: boolean
  /** Whether a recorded gap touches the step that ends here. */
  missing: boolean
  /** 0 to 1; undefined where the estimator does not tell it. */
  jumpShare?: number | undefined
}

/** Turns the events of one symbol into evaluation points. */
export interface Series<E> {
  push(event: E): void
  /** Ticks `from` to `to` (exclusive) of the columns, but for those with a flag of the mask `leftOut`. */
  pushColumns(columns: TickColumns, from: number, to: number, leftOut: number): void
  /** Data is missing between the two times (epoch ms, inclusive). */
  gap(from: number, to: number): void
  /** No event before `time` is to come: points before it are complete. */
  advance(time: number): void
}
