import type { MarketEvent } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'

/**
 * The contract of a market data vendor: all that differs from one vendor to the next, and nothing of the loop around it
 * (link.ts). A vendor is a plain value made by a function of its options; it opens no socket and keeps no state.
 */
export interface Vendor {
  /** Name in addresses and in the `source` of every event. */
  readonly name: string
  /** WebSocket addresses without any secret, most preferred first. */
  readonly endpoints: readonly string[]
  /** Where the endpoints may move: those of now, asked before each further attempt. Never rejects. */
  endpointsNow?(): Promise<readonly string[]>
  /** What to connect to: the endpoint with its secret. Never logged. */
  connect(endpoint: string): { url: string; headers?: Record<string, string> }
  /** Least time between two frames sent on one connection, ms (0: none). */
  readonly frameGapMs: number
  /** Application heartbeat: how often, the frame, and the silence after which an unanswered one means a dead line. */
  readonly heartbeat: { everyMs: number; frame: () => string; answerWithinMs: number | null }
  /** Least time between two connects and the cap of the back-off, ms. */
  readonly reconnect: { floorMs: number; capMs: number }
  /** Most symbols one connection may carry. */
  readonly maxSymbols: number
  /** Most connections at a time with one secret. */
  readonly maxConnections: number
  /** Least time between two requests of different connections with one secret, ms (0: none). */
  readonly lineGapMs: number
  /** The requests that subscribe a connection to these symbols, in order of sending; each replaces the one of its `kind`, or adds to it. */
  subscribe(symbols: readonly string[], options: { depth: number }): readonly Request[]
  /** Where a subscription adds to the earlier one: the requests that take symbols away again. */
  cancel?(symbols: readonly string[]): readonly Request[]
  /** A decoder with the state of one connection; it dies with the socket. */
  openDecoder(context: DecoderContext): Decoder
}

/** One request to the vendor, and how its answer is recognised. */
export interface Request {
  /** `trades`, `quotes`, ...: a later request of the same kind replaces the earlier one on this connection. */
  readonly kind: string
  readonly symbols: readonly string[]
  readonly frame: string
  /** Echoed in the answer; null where the vendor echoes nothing. */
  readonly id: number | null
}

export interface DecoderContext {
  readonly sessions: Sessions
  /** Levels of the book to deliver as Quote events; 0 joins the best quote to trades only. */
  readonly depth: number
}

/** Pure: bytes in, events out. */
export interface Decoder {
  /**
   * Appends the frame's events to `out` and returns what the frame says about the connection, if anything. Never throws:
   * what cannot be read is a Rejected event; an unknown message is counted in `unknown`.
   * @param frame one whole text or binary message
   * @param receivedAt local receive time, epoch ms
   */
  decode(frame: Buffer, receivedAt: number, out: MarketEvent[]): Reply | undefined
  /**
   * As decode, for a text message of the vendor's usual shape, read where it stands between `start` and `end`, valid UTF-8
   * or not: true when it did so; false when the message is another, with nothing done.
   */
  scan?(bytes: Buffer, start: number, end: number, receivedAt: number, out: MarketEvent[]): boolean
  /** Messages of a kind this decoder does not know. */
  readonly unknown: number
}

/** What a frame says about the connection instead of the market. */
export type Reply =
  | { readonly type: 'heartbeat' }
  /** A request was accepted; `id` as sent, null when not told. */
  | { readonly type: 'accepted'; readonly id: number | null; readonly kind: string | null }
  | {
      readonly type: 'refused'
      readonly id: number | null
      readonly kind: string | null
      /** Vendor's code and words, for people; no secret in it. */
      readonly code: number
      readonly message: string
      /**
       * token: wrong or missing, stop with exit 4. fatal: our bug or plan, stop. symbols: at least one symbol of the
       * request is unknown or not entitled: find it, drop it, go on. limit: too many symbols for the plan. backoff: slower.
       */
      readonly verdict: 'token' | 'fatal' | 'symbols' | 'limit' | 'backoff'
    }
