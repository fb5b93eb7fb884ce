/** What one of two feeds side by side did, compared with the other. Its names are those of the `summary` record. */
export interface FeedReport {
  source: string
  /** Trades it delivered, each once. */
  received: number
  /** How many of them went out. */
  given: number
  /** Exchange to receive of its newest 4,096 trades, ms, below zero where its clock is ahead; null where it is no live one. */
  lag_p50: number | null
  lag_p99: number | null
  /** Share of the trades of both, in symbols that both carry, that it delivered; null where there was nothing to compare. */
  coverage: number | null
  /** Of those, the trades that only the other delivered. */
  missed: number
  /** Holes of its own, whether the other filled them or not. */
  gaps: number
  reconnects: number
  /** Minutes of a symbol after which its last price was off the other's by more than a spread, and the largest such distance. */
  price_disagreements: number
  largest_disagreement: number | null
}
