import { type MarketEvent, NO_FLAGS } from '../../market/event.ts'
import { canonicalSymbol } from '../../market/symbol.ts'
import { parseTime } from '../../market/time.ts'
import type { BestQuote } from '../../market/trade.ts'
import { type Admission, admit, type Candidate, reject } from '../../validation/admit.ts'
import { Ordinals } from '../ordinal.ts'
import type { Decoder, DecoderContext, Reply, Vendor } from '../vendor.ts'
import { parseJson, RawText, wireNumber, wireObject, wireTime } from '../wire.ts'

export interface TutorialOptions {
  /** Default: the tutorial's two hosts. */
  endpoints?: readonly string[]
}

const BARE_PONG = /^\s*"?pong"?\s*$/i
const ENDPOINTS = ['wss://api.alltick.co/realtime/hk', 'wss://api2.alltick.co/realtime/hk']

/**
 * The dialect of a widely copied tutorial: no token, no acknowledgement, no sequence number; times are Hong Kong local,
 * the quote comes in the trade's own message. It is not AllTick's published API (docs/adding-a-vendor.md).
 */
export function tutorial({ endpoints = ENDPOINTS }: TutorialOptions = {}): Vendor {
  return {
    name: 'tutorial',
    endpoints,
    connect: (endpoint) => ({ url: endpoint }),
    frameGapMs: 0,
    heartbeat: { everyMs: 30_000, frame: () => '{"action":"ping"}', answerWithinMs: null },
    reconnect: { floorMs: 3_000, capMs: 30_000 },
    maxSymbols: Number.POSITIVE_INFINITY,
    maxConnections: 1,
    lineGapMs: 0,
    subscribe: (symbols) => [
      { kind: 'trades', symbols, frame: JSON.stringify({ action: 'subscribe', symbols }), id: null },
    ],
    openDecoder: (context) => new TutorialDecoder(context),
  }
}

type Fields = Readonly<Record<string, unknown>>

class TutorialDecoder implements Decoder {
  unknown = 0
  readonly #admission: Admission
  readonly #ordinals = new Ordinals()
  readonly #raw = new RawText((text) => text)

  constructor({ sessions }: DecoderContext) {
    this.#admission = { sessions, quoteInMessage: true }
  }

  decode(frame: Buffer, receivedAt: number, out: MarketEvent[]): Reply | undefined {
    this.#raw.set(frame)
    const text = frame.toString('utf8')
    if (BARE_PONG.test(text)) return { type: 'heartbeat' }
    const message = parseJson(text)
    for (const item of Array.isArray(message) ? message : [message]) {
      const fields = wireObject(item)
      if (fields === null) out.push(reject(candidate({}, receivedAt), 'malformed', this.#raw))
      else if (fields.action === 'pong') return { type: 'heartbeat' }
      else if (fields.action === 'subscribed') return { type: 'accepted', id: null, kind: 'trades' }
      else if (fields.symbol !== undefined) this.#trade(fields, receivedAt, out)
      else this.unknown++
    }
    return undefined
  }

  #trade(fields: Fields, receivedAt: number, out: MarketEvent[]): void {
    const trade = candidate(fields, receivedAt)
    const verdict = admit(trade, this.#raw, this.#admission)
    if (verdict.type === 'tick') verdict.seq = this.#ordinals.next(verdict.symbol, verdict.timestamp)
    out.push(verdict)
  }
}

function candidate(fields: Fields, receivedAt: number): Candidate {
  const timestamp = typeof fields.timestamp === 'string' ? parseTime(fields.timestamp) : wireTime(fields.timestamp)
  return {
    symbol: typeof fields.symbol === 'string' ? canonicalSymbol(fields.symbol) : null,
    timestamp,
    last_price: wireNumber(fields.last_price),
    volume: wireNumber(fields.volume),
    turnover: null,
    quote: quoteOf(fields, timestamp),
    side: null,
    trade_type: null,
    flags: NO_FLAGS,
    seq: 0,
    source: 'tutorial',
    received_at: receivedAt,
  }
}

/** The quote of the same message; a side that is absent, null or not a number is empty. */
function quoteOf(fields: Fields, quote_time: number): BestQuote {
  const side = (value: unknown): number | null => {
    const number = wireNumber(value)
    return Number.isFinite(number) ? number : null
  }
  return {
    bid_price: side(fields.bid_price),
    ask_price: side(fields.ask_price),
    bid_size: side(fields.bid_size),
    ask_size: side(fields.ask_size),
    quote_time,
  }
}
