/**
 * What a store holds of one symbol's day beside the vendor's own bars of it. Volume in shares, turnover and prices in the
 * traded currency; null where one of both has none, as an index has no volume.
 */
export interface Completeness {
  type: 'completeness'
  symbol: string
  /** YYYY-MM-DD, Hong Kong. */
  date: string
  vendor: string
  /** Local time of the comparison, epoch ms. */
  timestamp: number
  volume: number | null
  vendor_volume: number | null
  turnover: number | null
  vendor_turnover: number | null
  /** volume / vendor_volume. */
  completeness: number | null
  open: number | null
  vendor_open: number | null
  high: number | null
  vendor_high: number | null
  low: number | null
  vendor_low: number | null
  close: number | null
  vendor_close: number | null
  /** Minutes of the day that the vendor's minute bars reach, and those of them that are not the same here; null for none. */
  minutes: number | null
  differing: number | null
}

/** What a comparison tells beside its key and its time, in the order of the record. */
export const COMPARED = [
  'volume',
  'vendor_volume',
  'turnover',
  'vendor_turnover',
  'completeness',
  'open',
  'vendor_open',
  'high',
  'vendor_high',
  'low',
  'vendor_low',
  'close',
  'vendor_close',
  'minutes',
  'differing',
] as const
