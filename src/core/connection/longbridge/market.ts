import { type Flag, type Level, type MarketEvent, NO_FLAGS, type Status } from '../../market/event.ts'
import type { Sessions } from '../../market/session.ts'
import { canonicalSymbol } from '../../market/symbol.ts'
import type { BestQuote } from '../../market/trade.ts'
import { type Admission, admit, reject } from '../../validation/admit.ts'
import { joinable } from '../../validation/quote.ts'
import { Ordinals } from '../ordinal.ts'
import {
  type Depth,
  type PushDepthEvent,
  type PushQuoteEvent,
  type PushTradesEvent,
  TRADE_STATUS,
  type Trade,
} from './sdk.ts'

const SOURCE = 'longbridge'
const NO_LEVEL = [null, null] as const

/**
 * What Hong Kong's trade types say of a trade. Auction trades (`U`) and those matched within one broker (`Y`) are made on
 * the exchange at its prices; an overseas trade (`*`) is not made there.
 */
const FLAGS: Readonly<Record<string, readonly Flag[]>> = {
  '*': ['off_exchange'],
  D: ['odd_lot'],
  M: ['off_exchange'],
  P: ['off_exchange', 'late'],
  X: ['off_exchange'],
}

/** Statuses in which a security does not trade, in words. Those of before a listing or an opening are none of these. */
const HALTS: Readonly<Record<number, string>> = {
  [TRADE_STATUS.halted]: 'trading is halted',
  [TRADE_STATUS.delisted]: 'it is delisted',
  [TRADE_STATUS.fuse]: 'a circuit breaker holds it',
  [TRADE_STATUS.codeMoved]: 'its code has moved',
  [TRADE_STATUS.splitStockHalts]: 'trading is halted for a split',
  [TRADE_STATUS.expired]: 'it has expired',
  [TRADE_STATUS.suspend]: 'it is suspended',
}

/**
 * Makes events of what Longbridge's SDK calls back with. Times are whole seconds, and there are no sequence numbers:
 * ordinals take their place. A book has no time of its own: the time of receipt decides what it may be joined to.
 * `side` stays null, since nothing says what the SDK's directions Up and Down mean.
 */
export class LongbridgeMarket {
  readonly #admission: Admission
  readonly #sessions: Sessions
  readonly #depth: number
  readonly #books = new Map<string, BestQuote & { readonly at: number }>()
  readonly #halted = new Set<string>()
  #trades = new Ordinals()
  #quotes = new Ordinals()

  /** @param depth levels of the book to deliver as quotes, 0 for none */
  constructor(sessions: Sessions, depth: number) {
    this.#admission = { sessions, quoteInMessage: false }
    this.#sessions = sessions
    this.#depth = depth
  }

  /** Another connection: books are forgotten, ordinals begin anew. Whether a security is halted is still known. */
  reconnected(): void {
    this.#books.clear()
    this.#trades = new Ordinals()
    this.#quotes = new Ordinals()
  }

  trades({ symbol: code, data }: PushTradesEvent, receivedAt: number, out: MarketEvent[]): void {
    const symbol = canonicalSymbol(code)
    for (const trade of data.trades) {
      const timestamp = trade.timestamp.getTime()
      const candidate = {
        symbol,
        timestamp,
        last_price: trade.price.toNumber(),
        volume: trade.volume,
        turnover: null,
        quote: this.#quoteFor(symbol, timestamp),
        side: null,
        trade_type: trade.tradeType.trim() || null,
        flags: FLAGS[trade.tradeType.trim()] ?? NO_FLAGS,
        seq: 0,
        source: SOURCE,
        received_at: receivedAt,
      }
      const verdict = admit(candidate, { toString: () => textOf(code, trade) }, this.#admission)
      if (verdict.type === 'tick') verdict.seq = this.#trades.next(verdict.symbol, verdict.timestamp)
      out.push(verdict)
    }
  }

  depth({ symbol: code, data }: PushDepthEvent, receivedAt: number, out: MarketEvent[]): void {
    const symbol = canonicalSymbol(code)
    if (symbol === null) {
      const known = { symbol, timestamp: Number.NaN, source: SOURCE, received_at: receivedAt }
      out.push(reject(known, 'malformed', `a book of "${code}"`))
      return
    }
    const bids = levelsOf(data.bids).sort((a, b) => b[0] - a[0])
    const asks = levelsOf(data.asks).sort((a, b) => a[0] - b[0])
    const [bid_price, bid_size] = bids[0] ?? NO_LEVEL
    const [ask_price, ask_size] = asks[0] ?? NO_LEVEL
    this.#books.set(symbol, { bid_price, bid_size, ask_price, ask_size, quote_time: null, at: receivedAt })
    if (this.#depth === 0) return
    out.push({
      type: 'quote',
      symbol,
      timestamp: receivedAt,
      bids: bids.slice(0, this.#depth),
      asks: asks.slice(0, this.#depth),
      phase: this.#sessions.phaseAt(receivedAt),
      seq: this.#quotes.next(symbol, receivedAt),
      source: SOURCE,
      received_at: receivedAt,
    })
  }

  /** Tells when a security stops trading, and when it trades again. */
  status({ symbol: code, data }: PushQuoteEvent, now: number, out: MarketEvent[]): void {
    const symbol = canonicalSymbol(code)
    if (symbol === null) return
    const why = HALTS[data.tradeStatus]
    const isHalted = this.#halted.has(symbol)
    const status = (state: Status['state'], detail: string): Status => {
      return { type: 'status', source: SOURCE, symbol, state, timestamp: now, detail }
    }
    if (why !== undefined && !isHalted) {
      this.#halted.add(symbol)
      out.push(status('halted', why))
    } else if (data.tradeStatus === TRADE_STATUS.normal && isHalted) {
      this.#halted.delete(symbol)
      out.push(status('resumed', 'trading goes on'))
    }
  }

  /** The last book, unless an opening lies between it and the trade. */
  #quoteFor(symbol: string | null, timestamp: number): BestQuote | null {
    const book = symbol === null ? undefined : this.#books.get(symbol)
    return book !== undefined && joinable(book.at, timestamp, this.#sessions) ? book : null
  }
}

function levelsOf(side: readonly Depth[]): Level[] {
  const found: Level[] = []
  for (const { price, volume } of side) {
    const number = price?.toNumber() ?? 0
    if (number > 0 && volume > 0) found.push([number, volume])
  }
  return found
}

function textOf(symbol: string, { price, volume, timestamp, tradeType }: Trade): string {
  return JSON.stringify({ symbol, price: price.toNumber(), volume, timestamp: timestamp.getTime(), tradeType })
}
