/** A K-line as a vendor made it: prices in the traded currency, volume in shares. */
export interface Kline {
  /** The vendor's label, epoch ms: start or end of the bar, which some vendors do not say. */
  time: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  turnover: number
}
