/** Part of the trading day, from clock and calendar (docs: Hong Kong sessions in session.ts). */
export type Phase = 'pre_opening' | 'opening_auction' | 'morning' | 'lunch' | 'afternoon' | 'closing_auction' | 'closed'

export const FLAGS = [
  'odd_lot',
  'off_exchange',
  'late',
  'indicative',
  'out_of_session',
  'suspect_price',
  'suspect_time',
  'crossed',
  'locked',
] as const

/** What is doubtful about a stored tick. */
export type Flag = (typeof FLAGS)[number]

/** Flags whose ticks bars, VWAP and volatility leave out unless asked to include them. */
export const LEFT_OUT: readonly Flag[] = [
  'odd_lot',
  'off_exchange',
  'late',
  'indicative',
  'out_of_session',
  'suspect_price',
  'suspect_time',
]

export type Side = 'buy' | 'sell' | null

/** Vendor's sequence number: a number where it is exact, a bigint beyond 2^53. */
export type Seq = number | bigint

/** The largest sequence number: 64 bits with a sign. */
export const MAX_SEQ = 2n ** 63n - 1n

/** Whether it can be a sequence number: a whole one, exact, of 64 bits with a sign. */
export function isSeq(seq: Seq): boolean {
  return typeof seq === 'number' ? Number.isSafeInteger(seq) : seq <= MAX_SEQ && seq >= -MAX_SEQ
}

/**
 * One trade with the top of book as it stood. Prices in the traded currency, sizes in shares, times in epoch
 * milliseconds UTC. Field names are those of the JSON. An index has null volume, turnover, value and quote.
 */
export interface Tick {
  type: 'tick'
  symbol: string
  timestamp: number
  last_price: number
  volume: number | null
  turnover: number | null
  bid_price: number | null
  ask_price: number | null
  bid_size: number | null
  ask_size: number | null
  quote_time: number | null
  value: number | null
  spread: number | null
  side: Side
  phase: Phase
  trade_type: string | null
  flags: readonly Flag[]
  seq: Seq
  source: string
  received_at: number | null
}

/** One price level of the book: price, size in shares. */
export type Level = readonly [price: number, size: number]

/** The order book as it stood, best level first. A crossed book of an auction is kept as it is. */
export interface Quote {
  type: 'quote'
  symbol: string
  timestamp: number
  bids: readonly Level[]
  asks: readonly Level[]
  phase: Phase
  seq: Seq
  source: string
  received_at: number | null
}

export type GapCause = 'disconnect' | 'stale' | 'restart' | 'late_start' | 'vendor' | 'overflow'

/** A hole: between the exchange times `from` and `to` (both inclusive) trades of `symbol` (null: all) may be missing. */
export interface Gap {
  type: 'gap'
  source: string
  symbol: string | null
  from: number
  to: number
  cause: GapCause
  volume: number | null
  filled_by: 'second feed' | 'backfill' | null
}

/** Whether trades are missing in a hole: a second feed has them, a vendor's minutes have not. */
export function lacksTrades({ filled_by }: Pick<Gap, 'filled_by'>): boolean {
  return filled_by !== 'second feed'
}

export type StatusState = 'connecting' | 'up' | 'lost' | 'waiting' | 'warning' | 'halted' | 'resumed' | 'ended'

/**
 * State of a feed, or of one symbol where a vendor tells it. `detail` is plain text for people. `symbols` are those that one
 * of several connections of the feed carries, where the state is that of this connection alone.
 */
export interface Status {
  type: 'status'
  source: string
  symbol: string | null
  state: StatusState
  timestamp: number
  detail: string
  symbols?: readonly string[]
}

export const REJECT_REASONS = ['malformed', 'price', 'volume', 'crossed'] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** Whether a state tells that a connection brings nothing now, be it made again or not. */
export function isLoss({ state, symbol, symbols }: Status): boolean {
  return symbol === null && (state === 'lost' || (state === 'warning' && symbols !== undefined))
}

/** A record that cannot be a trade, kept with its reason and raw payload. Travels in the stream like everything else. */
export interface Rejected {
  type: 'rejected'
  source: string
  symbol: string | null
  timestamp: number | null
  reason: RejectReason
  raw: string
  received_at: number | null
}

/**
 * How far a live feed was heard: of what these symbols traded before local time `timestamp` nothing is missing but what
 * gaps tell. Comes after the events it covers. For stores alone: it never leaves as a record.
 */
export interface Coverage {
  type: 'coverage'
  source: string
  symbol: null
  symbols: readonly string[]
  timestamp: number
}

export type MarketEvent = Tick | Quote | Gap | Status | Rejected | Coverage

/** What every source is, every step takes and returns: batches of events in order, never empty. */
export type Batches<E = MarketEvent> = AsyncIterable<readonly E[]>

/** Whether a tick of suspect time claims to be traded after it was received: that time moves nothing on. */
export function isAstray({ flags, timestamp, received_at }: Tick): boolean {
  return received_at !== null && timestamp > received_at && flags.includes('suspect_time')
}

export const NO_FLAGS: readonly Flag[] = Object.freeze([])

/** Order of trades of one symbol: exchange time, then sequence number. Negative when `a` comes first. */
export function byTimeAndSeq(a: { timestamp: number; seq: Seq }, b: { timestamp: number; seq: Seq }): number {
  return a.timestamp - b.timestamp || (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0)
}
