/** `session`: buckets start at the opening of each continuous session. `clock`: at Hong Kong midnight, as pandas' resample. */
export type Align = 'session' | 'clock'

/** Where the trades of the auctions go: into the first and last bucket of the day, into bars of their own, nowhere. */
export type Auctions = 'join' | 'separate' | 'drop'

/** A bar goes out this long after its end: time for a push in flight, and still within 3 s. */
export const SETTLE = 2_000

/** The stretch of one bar and when its bar may go out. All times epoch ms. */
export interface Bucket {
  readonly start: number
  readonly end: number
  /** Every time of [start, solid) belongs to this bucket; later ones may too (close tolerance, afternoon of a day, auction). */
  readonly solid: number
  /** Every trade of the bar lies in [from, to): wider than [start, end) where the tolerance or an auction joins in. */
  readonly from: number
  readonly to: number
  /** From here on the bar is final. */
  readonly settled: number
  /** From here on the bar is worth showing although the closing auction can still change it; null where none can. */
  readonly provisional: number | null
}

/** Which bucket a time belongs to. One instance per symbol. */
export interface Buckets {
  /** The bucket of a trade at `time`, null where such a trade makes no bar. */
  of(time: number): Bucket | null
  /** The next bucket after `bucket` that lies in continuous trading. */
  after(bucket: Bucket): Bucket
}
