import type { Flag, Seq, Side, Tick } from './event.ts'
import type { Sessions } from './session.ts'
import { isIndex } from './symbol.ts'

/** The best bid and ask as they stood at `quote_time`. A price or size that is not positive means that side is empty. */
export interface BestQuote {
  readonly bid_price: number | null
  readonly ask_price: number | null
  readonly bid_size: number | null
  readonly ask_size: number | null
  /** Exchange time of the book, epoch ms; null where the quote has no time of its own. */
  readonly quote_time: number | null
}

/** What a vendor tells of one trade; the rest of a Tick follows from it. */
export interface TradeParts {
  symbol: string
  /** Exchange time, epoch ms. */
  timestamp: number
  last_price: number
  /** Shares of this trade; ignored for an index. */
  volume: number | null
  /** Vendor's figure; null: last_price * volume. */
  turnover: number | null
  quote: BestQuote | null
  side: Side
  trade_type: string | null
  flags: readonly Flag[]
  seq: Seq
  source: string
  /** Local receive time, epoch ms; null where nothing was received (simulation). */
  received_at: number | null
}

/**
 * The whole Tick of a trade: value, spread and phase computed, an index without volume and quote. Judges nothing
 * (validation/admit.ts does). `parts` is not kept, so a caller may use the same object again.
 */
export function makeTick(parts: TradeParts, sessions: Sessions): Tick {
  const index = isIndex(parts.symbol)
  const volume = index ? null : parts.volume
  const value = volume === null ? null : clean(parts.last_price * volume)
  const quote = index ? null : parts.quote
  const bid = quote === null ? null : positive(quote.bid_price)
  const ask = quote === null ? null : positive(quote.ask_price)
  return {
    type: 'tick',
    symbol: parts.symbol,
    timestamp: parts.timestamp,
    last_price: parts.last_price,
    volume,
    turnover: volume === null ? null : (parts.turnover ?? value),
    bid_price: bid,
    ask_price: ask,
    bid_size: bid === null ? null : shares(quote!.bid_size),
    ask_size: ask === null ? null : shares(quote!.ask_size),
    quote_time: bid === null && ask === null ? null : quote!.quote_time,
    value,
    spread: bid === null || ask === null ? null : clean(ask - bid),
    side: parts.side,
    phase: sessions.phaseAt(parts.timestamp),
    trade_type: parts.trade_type,
    flags: parts.flags,
    seq: parts.seq,
    source: parts.source,
    received_at: parts.received_at,
  }
}

/**
 * The same amount without binary noise (0.30000000000000004 -> 0.3): rounded to a millionth, which is finer than any
 * price, from 100 million on to a thousandth, where a double can no longer tell millionths.
 */
export function clean(amount: number): number {
  const size = Math.abs(amount)
  if (size < 1e8) return Math.round(amount * 1e6) / 1e6
  return size < 1e12 ? Math.round(amount * 1e3) / 1e3 : amount
}

/** A size that is no whole number of shares is not known; the price beside it still is. */
function shares(value: number | null): number | null {
  return Number.isSafeInteger(value) ? positive(value) : null
}

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null
}
