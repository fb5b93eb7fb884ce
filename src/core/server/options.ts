import type { Clock } from '../clock.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Sessions } from '../market/session.ts'
import type { Dialect } from './dialect.ts'
import type { Fault } from './faults.ts'
import type { PlanName } from './plan.ts'

/**
 * When clients are told by hanging up that they miss trades: at the gaps of a live source, and at its losses too where
 * nothing else brings what a lost connection does not.
 */
export type HangUp = 'nothing' | 'gaps' | 'losses'

export interface ServerOptions {
  /** Address to listen on, default 127.0.0.1. */
  host?: string
  /** 0 (default) takes a free one. */
  port?: number
  /** One dialect for all paths; by default all, told apart by the path (`/realtime/hk` is the tutorial's, `/ws` Infoway's). */
  dialect?: Dialect
  /** As the real service: pacing, plan limits, error codes. Default: any client gets along. */
  strict?: boolean
  /** Tokens that are let in. */
  tokens?: readonly string[]
  /** Limits when strict, default basic. */
  plan?: PlanName
  /** Most levels of a book that a client gets, default 10. */
  depth?: number
  /** How much of the past a late client gets first, exchange time in ms, default 5 minutes. */
  historyMs?: number
  /**
   * For finite sources faster than time: `publish` waits for the first subscriber, and for the slowest. Otherwise it
   * never waits, and a client that lets `maxWaiting` bytes pile up is disconnected.
   */
  paced?: boolean
  /** Default 64 MiB. */
  maxWaiting?: number
  /** How long a request may take to come whole, ms; default 10,000. */
  requestMs?: number
  /** How long a paced publisher waits for the second kind (trades, books) of a client that has subscribed one, ms. */
  settleMs?: number
  /** For bars of the K-line interface. */
  sessions: Sessions
  /** Times heartbeats and pacing: the machine's clock, not that of a simulated source. */
  clock?: Clock
  /** Static facts for `/static_info`; when strict, the symbols that exist. */
  instruments?: () => readonly Instrument[]
  /** Whether to keep bars for the K-line interface, default true. */
  bars?: boolean
  faults?: readonly Fault[]
  /** Randomness of the faults, uniform in [0, 1). */
  random?: () => number
  /**
   * Called with what the source is to bring whenever it changes: what clients subscribe, and for a minute what the last of
   * them has left. Where it throws, since that is too many, it is called with what they subscribe alone.
   */
  onWanted?: (symbols: ReadonlySet<string>) => void
  /** Told why the source cannot bring what clients subscribe. */
  onRefused?: (error: unknown) => void
  /** Symbols that the source brings whoever wants them; of the others nothing is kept over a time when it did not. */
  always?: readonly string[]
  /** Default: nothing, as over a simulated or recorded source. */
  hangsUpFor?: () => HangUp
}

export interface QuoteServer {
  /** `ws://127.0.0.1:8765`, without path. */
  readonly url: string
  readonly port: number
  /** Connected clients. */
  readonly clients: number
  /** Union of the subscribed symbols. */
  readonly wanted: ReadonlySet<string>
  /** Sends trades and books to their subscribers; keeps them for late ones. Resolves when the next batch may come. */
  publish(batch: readonly MarketEvent[]): Promise<void>
  /** Sends what is pending, then closes every connection: code 1000 at the end of the data, 1001 when going away. */
  close(code?: 1000 | 1001): Promise<void>
}
