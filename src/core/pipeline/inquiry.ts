import type { Seq, Side } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Kline } from '../market/kline.ts'

/** The latest trade of a symbol, as a vendor tells it when asked. */
export interface LatestTrade {
  symbol: string
  seq: Seq
  /** Exchange time, epoch ms. */
  time: number
  price: number
  volume: number
  turnover: number
  side: Side
}

/**
 * What a vendor answers when asked, beside its stream: one call at a time at the pace of the plan, whoever asks. Methods
 * reject with HkqError (E_TOKEN, E_NETWORK), `staticInfo` never; no error contains the token.
 */
export interface Inquiry {
  /** Static facts of each symbol as far as they are known now; never rejects. */
  staticInfo(symbols: readonly string[]): Promise<Instrument[]>
  /** The latest trade of each symbol that has one. */
  latestTrades(symbols: readonly string[]): Promise<LatestTrade[]>
  /** The newest bars of a symbol, oldest first, unadjusted; at most `maxBars` of them. */
  klines(symbol: string, every: '1m' | '1d', count: number): Promise<Kline[]>
  /** How many bars of a kind the vendor's history holds. */
  readonly maxBars: number
}
