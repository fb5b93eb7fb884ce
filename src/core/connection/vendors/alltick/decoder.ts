import { type Level, type MarketEvent, NO_FLAGS, type Seq } from '../../../market/event.ts'
import { canonicalSymbol } from '../../../market/symbol.ts'
import type { BestQuote } from '../../../market/trade.ts'
import { type Admission, admit, type Candidate, reject } from '../../../validation/admit.ts'
import type { Decoder, DecoderContext, Reply } from '../../vendor.ts'
import { longIntegers, parseExact, RawText, wireNumber, wireObject, wireSeq, wireTime } from '../../wire.ts'
import { asksOf, bidsOf, type Fields, highestFirst, lowestFirst, sideOf } from './fields.ts'
import { replyIn } from './replies.ts'
import { Scanner } from './scan.ts'

const LONG = longIntegers('seq', 'tick_time')
const TRADE_PUSH = 22998
const BOOK_PUSH = 22999
const NO_LEVEL = [null, null] as const

/**
 * Decoder of AllTick's pushes and answers for one connection: trades joined with the best quote of the last book push,
 * the books themselves as quotes when a depth is asked for. One candidate record is used over and over.
 */
export class AllTickDecoder implements Decoder {
  unknown = 0
  readonly #context: DecoderContext
  readonly #admission: Admission
  readonly #scrub: (text: string) => string
  readonly #scanner = new Scanner()
  readonly #raw: RawText
  readonly #books = new Map<string, BestQuote>()
  readonly #candidate: Candidate

  /** @param scrub removes the secret from text that may leave the connection */
  constructor(source: string, context: DecoderContext, scrub: (text: string) => string) {
    this.#context = context
    this.#admission = { sessions: context.sessions, quoteInMessage: false }
    this.#scrub = scrub
    this.#raw = new RawText(scrub)
    this.#candidate = {
      symbol: null,
      timestamp: Number.NaN,
      last_price: Number.NaN,
      volume: Number.NaN,
      turnover: Number.NaN,
      quote: null,
      side: null,
      trade_type: null,
      flags: NO_FLAGS,
      seq: 0,
      source,
      received_at: null,
    }
  }

  decode(frame: Buffer, receivedAt: number, out: MarketEvent[]): Reply | undefined {
    return this.scan(frame, 0, frame.length, receivedAt, out) ? undefined : this.#general(frame, out)
  }

  scan(bytes: Buffer, start: number, end: number, receivedAt: number, out: MarketEvent[]): boolean {
    this.#raw.set(bytes, start, end)
    this.#candidate.received_at = receivedAt
    const scan = this.#scanner
    if (scan.trade(bytes, start, end)) {
      this.#scanned(scan)
      this.#trade(scan.price, scan.volume, scan.turnover, scan.direction, out)
      return true
    }
    if (!scan.book(bytes, this.#context.depth === 0, start, end)) return false
    this.#scanned(scan)
    this.#book(highestFirst(scan.bids), lowestFirst(scan.asks), out)
    return true
  }

  /** Every shape that the scanner does not know. */
  #general(frame: Buffer, out: MarketEvent[]): Reply | undefined {
    const message = wireObject(parseExact(frame.toString('utf8'), LONG))
    if (message === null) {
      this.#head(null, null, null)
      out.push(reject(this.#candidate, 'malformed', this.#raw))
      return undefined
    }
    const command = wireNumber(message.cmd_id)
    if (command === TRADE_PUSH || command === BOOK_PUSH) {
      const items = Array.isArray(message.data) ? message.data : [message.data]
      for (const item of items) this.#push(command, wireObject(item) ?? {}, out)
      return undefined
    }
    const reply = replyIn(message, this.#scrub)
    if (reply === undefined) this.unknown++
    return reply
  }

  #push(command: number, data: Fields, out: MarketEvent[]): void {
    this.#head(typeof data.code === 'string' ? canonicalSymbol(data.code) : null, data.tick_time, data.seq)
    if (command === BOOK_PUSH) {
      this.#book(bidsOf(data.bids), asksOf(data.asks), out)
      return
    }
    const volume = wireNumber(data.volume ?? data.volumn)
    this.#trade(wireNumber(data.price ?? data.pric), volume, wireNumber(data.turnover), data.trade_direction, out)
  }

  /** The head of a scanned push, whose numbers are whole and exact: its time is in milliseconds as a rule. */
  #scanned({ symbol, time, seq }: Scanner): void {
    this.#candidate.symbol = symbol
    this.#candidate.timestamp = time >= 1e11 && time < 1e14 ? time : wireTime(time)
    this.#candidate.seq = seq
  }

  #head(symbol: string | null, time: unknown, seq: unknown): void {
    this.#candidate.symbol = symbol
    this.#candidate.timestamp = wireTime(time)
    this.#candidate.seq = wireSeq(seq) ?? Number.NaN
  }

  #trade(price: number, volume: number, turnover: number, direction: unknown, out: MarketEvent[]): void {
    const candidate = this.#candidate
    candidate.last_price = price
    candidate.volume = volume
    candidate.turnover = turnover
    candidate.side = sideOf(direction)
    candidate.quote = this.#books.get(candidate.symbol ?? '') ?? null
    out.push(admit(candidate, this.#raw, this.#admission))
  }

  #book(bids: Level[], asks: Level[], out: MarketEvent[]): void {
    const { symbol, timestamp, seq, source, received_at } = this.#candidate
    if (symbol === null || Number.isNaN(timestamp) || isMissing(seq)) {
      out.push(reject(this.#candidate, 'malformed', this.#raw))
      return
    }
    const [bid_price, bid_size] = bids[0] ?? NO_LEVEL
    const [ask_price, ask_size] = asks[0] ?? NO_LEVEL
    this.#books.set(symbol, { bid_price, bid_size, ask_price, ask_size, quote_time: timestamp })
    const { depth, sessions } = this.#context
    if (depth === 0) return
    const phase = sessions.phaseAt(timestamp)
    const [topBids, topAsks] = [bids.slice(0, depth), asks.slice(0, depth)]
    out.push({ type: 'quote', symbol, timestamp, bids: topBids, asks: topAsks, phase, seq, source, received_at })
  }
}

function isMissing(seq: Seq): boolean {
  return typeof seq === 'number' && Number.isNaN(seq)
}
