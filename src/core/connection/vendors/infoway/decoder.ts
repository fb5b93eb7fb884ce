import { type MarketEvent, NO_FLAGS } from '../../../market/event.ts'
import { canonicalSymbol } from '../../../market/symbol.ts'
import type { BestQuote } from '../../../market/trade.ts'
import { type Admission, admit, type Candidate, reject } from '../../../validation/admit.ts'
import { Ordinals } from '../../ordinal.ts'
import type { Decoder, DecoderContext, Reply } from '../../vendor.ts'
import { parseJson, RawText, wireNumber, wireObject, wireTime } from '../../wire.ts'
import { asksOf, bidsOf, type Fields, sideOf } from './fields.ts'
import { replyIn } from './replies.ts'

const TRADE_PUSH = 10002
const BOOK_PUSH = 10005
/** The plain text that greets a connection for stocks. */
const GREETING = /^You have permission\b/
/** The plain text that answers what is no JSON. */
const NOT_JSON = /^Param not json\b/i
const NO_LEVEL = [null, null] as const

/**
 * Decoder of Infoway's pushes and answers for one connection: trades joined with the best quote of the last book push,
 * the books themselves as quotes when a depth is asked for. Infoway has no sequence numbers: ordinals take their place.
 */
export class InfowayDecoder implements Decoder {
  unknown = 0
  readonly #source: string
  readonly #context: DecoderContext
  readonly #admission: Admission
  readonly #scrub: (text: string) => string
  readonly #raw: RawText
  readonly #books = new Map<string, BestQuote>()
  readonly #trades = new Ordinals()
  readonly #quotes = new Ordinals()

  /** @param scrub removes the secret from text that may leave the connection */
  constructor(source: string, context: DecoderContext, scrub: (text: string) => string) {
    this.#source = source
    this.#context = context
    this.#admission = { sessions: context.sessions, quoteInMessage: false }
    this.#scrub = scrub
    this.#raw = new RawText(scrub)
  }

  decode(frame: Buffer, receivedAt: number, out: MarketEvent[]): Reply | undefined {
    this.#raw.set(frame)
    const text = frame.toString('utf8')
    const message = wireObject(parseJson(text))
    if (message === null) return this.#plain(text, receivedAt, out)
    const code = wireNumber(message.code)
    if (code === TRADE_PUSH || code === BOOK_PUSH) {
      const items = Array.isArray(message.data) ? message.data : [message.data]
      for (const item of items) {
        const candidate = this.#candidate(wireObject(item) ?? {}, receivedAt)
        if (code === TRADE_PUSH) this.#trade(candidate, out)
        else this.#book(candidate, wireObject(item) ?? {}, out)
      }
      return undefined
    }
    const reply = replyIn(message, this.#scrub)
    if (reply === undefined) this.unknown++
    return reply
  }

  #plain(text: string, receivedAt: number, out: MarketEvent[]): Reply | undefined {
    if (GREETING.test(text)) this.unknown++
    else if (NOT_JSON.test(text)) {
      const message = this.#scrub(text).slice(0, 200)
      return { type: 'refused', id: null, kind: null, code: 515, message, verdict: 'fatal' }
    } else out.push(reject(this.#candidate({}, receivedAt), 'malformed', this.#raw))
    return undefined
  }

  #candidate(data: Fields, received_at: number): Candidate {
    const symbol = typeof data.s === 'string' ? canonicalSymbol(data.s) : null
    return {
      symbol,
      timestamp: wireTime(data.t),
      last_price: wireNumber(data.p),
      volume: wireNumber(data.v),
      turnover: wireNumber(data.vw),
      quote: this.#books.get(symbol ?? '') ?? null,
      side: sideOf(data.td),
      trade_type: typeof data.ty === 'string' && data.ty !== '' ? this.#scrub(data.ty).slice(0, 20) : null,
      flags: NO_FLAGS,
      seq: 0,
      source: this.#source,
      received_at,
    }
  }

  #trade(candidate: Candidate, out: MarketEvent[]): void {
    const verdict = admit(candidate, this.#raw, this.#admission)
    if (verdict.type === 'tick') verdict.seq = this.#trades.next(verdict.symbol, verdict.timestamp)
    out.push(verdict)
  }

  #book({ symbol, timestamp, source, received_at }: Candidate, data: Fields, out: MarketEvent[]): void {
    if (symbol === null || Number.isNaN(timestamp)) {
      out.push(reject({ symbol, timestamp, source, received_at }, 'malformed', this.#raw))
      return
    }
    const bids = bidsOf(data.b)
    const asks = asksOf(data.a)
    const [bid_price, bid_size] = bids[0] ?? NO_LEVEL
    const [ask_price, ask_size] = asks[0] ?? NO_LEVEL
    this.#books.set(symbol, { bid_price, bid_size, ask_price, ask_size, quote_time: timestamp })
    const { depth, sessions } = this.#context
    if (depth === 0) return
    out.push({
      type: 'quote',
      symbol,
      timestamp,
      bids: bids.slice(0, depth),
      asks: asks.slice(0, depth),
      phase: sessions.phaseAt(timestamp),
      seq: this.#quotes.next(symbol, timestamp),
      source,
      received_at,
    })
  }
}
