import type { Bar } from '../market/bar.ts'
import type { Gap, Level, Phase, Side, StatusState } from '../market/event.ts'
import type { VolatilityState } from '../statistics/volatility/record.ts'

/**
 * What the dashboard's server and its page say to each other: JSON text over one WebSocket. Times are epoch milliseconds
 * UTC, prices in the traded currency, sizes in shares, shares of something fractions (0.02 = 2 %). null is unknown. Texts
 * that come from a vendor are plain text, cleaned of control characters, and never markup.
 *
 * The page sets the pace: the server sends a frame only after the page has said that it painted the one before
 * (`painted`), and each frame holds what changed since. So a slow or hidden page costs neither side memory; what it shows is
 * conflated, what is recorded is not.
 */
export const PROTOCOL = 1

/** Where the page asks for the session, and where the socket is. */
export const SESSION_PATH = '/session'
export const SOCKET_PATH = '/socket'
/** What the socket speaks, offered first; behind it stands the token, so that it is in no address and no log. */
export const SUBPROTOCOL = 'hkq.v1'
export const TOKEN_PREFIX = 'hkq.token.'

/** The answer to `GET /session`. */
export interface SessionAnswer {
  /** Token of this run of the server; null where the page has it from the fragment of its address (`#token=...`). */
  token: string | null
  build: string
}

/** Bar lengths that the page offers. */
export const INTERVALS = ['1s', '5s', '10s', '30s', '1m', '5m', '15m', '30m', '1h', '1d'] as const
export type Interval = (typeof INTERVALS)[number]

/** Ticks that come with a history: what the tick line opens with. */
export const FIRST_TICKS = 100

export type ServerMessage = Hello | Frame | History | Older | EarlierVolatility | Refusal

export type PageMessage = Watch | Painted | AskOlder

/** The first message of a connection. */
export interface Hello {
  type: 'hello'
  protocol: number
  /** Identity of the page's files: a page made of others loads itself again. */
  build: string
  version: string
  /** The source's name, and what it is: simulated and recorded data are marked as such on the page. */
  source: string
  kind: 'live' | 'simulated' | 'recorded'
  strategy: { window: string; quantile: number; estimator: string }
}

/** The page wants one symbol in full at one interval, in place of what it wanted before. */
export interface Watch {
  type: 'watch'
  /** Chosen by the page; answers and the frames' `watched` bear it. */
  id: number
  symbol: string
  every: Interval
}

/** The page has painted frame `n` and can take another. */
export interface Painted {
  type: 'painted'
  n: number
  /** The next frame is wanted no sooner than so many ms after this one: a hidden page's timers are too slow to wait itself. */
  rest?: number
}

/** The page was scrolled to the oldest bar it has. */
export interface AskOlder {
  type: 'older'
  id: number
  /** Start of the oldest bar that the page has. */
  before: number
}

/** The answer to `watch`: what is shown at once. Frames with the same id go on from it without hole or double. */
export interface History extends Past {
  type: 'history'
  symbol: string
  every: Interval
  /** The newest ticks in order, FIRST_TICKS at most. */
  ticks: readonly TapeTick[]
  depth: Depth | null
}

/** The answer to `older`. */
export interface Older extends Past {
  type: 'older'
}

/**
 * Volatility of whole days that the bars of a history, or of what is older, have shown: it comes behind them, the newest days
 * first, in order of time. Of a step of the chart the last value, and those that enter or leave an alert.
 */
export interface EarlierVolatility {
  type: 'volatility'
  id: number
  volatility: readonly ChartVolatility[]
}

/** A stretch of the past of the symbol watched, in order of time. */
export interface Past {
  id: number
  bars: readonly ChartBar[]
  /** Of the day that is judged now; that of earlier ones comes behind (`EarlierVolatility`). */
  volatility: readonly ChartVolatility[]
  gaps: readonly ChartGap[]
  /** Stretches of trading that the bars lie in, so that breaks can be shown as such. */
  sessions: readonly ChartSession[]
  /** Whether there is more before it. */
  more: boolean
}

export type ChartBar = Pick<
  Bar,
  'start' | 'end' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'turnover' | 'vwap' | 'trades' | 'final' | 'has_gap'
>

export interface ChartVolatility {
  timestamp: number
  volatility: number | null
  usual: number | null
  threshold: number | null
  volume_ratio: number | null
  state: VolatilityState
  event: 'enter' | 'leave' | null
}

/** A hole: between `from` and `to` (inclusive) trades may be missing. */
export type ChartGap = Pick<Gap, 'from' | 'to' | 'cause' | 'filled_by'>

/** A phase of the day in which trades happen, half-open. */
export interface ChartSession {
  phase: Phase
  open: number
  close: number
}

/** One line of time and sales. */
export interface TapeTick {
  timestamp: number
  last_price: number
  volume: number | null
  side: Side
  flags: readonly string[]
  /** Number of the tick in this run of the server: rises by one a tick of the symbol; those from before the run have 0 and less. */
  nth: number
}

/** The book, best level first, ten levels at most. */
export interface Depth {
  timestamp: number
  bids: readonly Level[]
  asks: readonly Level[]
}

/** What changed since the frame before. Absent is unchanged. At least one a second, changed or not. */
export interface Frame {
  type: 'frame'
  n: number
  /** The source's present, epoch ms: ages are measured by it. */
  now: number
  /** Rows of the watch list, those changed; the first frame has all. */
  rows?: readonly WatchRow[]
  /** Of the symbol watched. */
  watched?: Watched
  /** Alerts of any symbol that entered or left, in order; the first frame has those of this day. */
  alerts?: readonly AlertMark[]
  /** State of each feed. */
  feeds?: readonly FeedState[]
  /** The machine, every few seconds. */
  machine?: Machine
}

export interface Watched {
  id: number
  /** Bars begun or changed, late trades' too, in order of start. */
  bars?: readonly ChartBar[]
  /** The newest ticks, FIRST_TICKS at most; those that had no room are told by their numbers (`nth`). */
  ticks?: readonly TapeTick[]
  depth?: Depth
  volatility?: readonly ChartVolatility[]
  gaps?: readonly ChartGap[]
  /** Those of a day that has begun. */
  sessions?: readonly ChartSession[]
}

/** One line of the watch list. The day is the one of its last trade. */
export interface WatchRow {
  symbol: string
  /** As the vendor tells them; sent when they become known or change. */
  facts?: { name_en: string | null; name_zh: string | null; currency: string | null; lot_size: number | null }
  last_price: number | null
  prev_close: number | null
  open: number | null
  high: number | null
  low: number | null
  volume: number | null
  turnover: number | null
  vwap: number | null
  bid_price: number | null
  ask_price: number | null
  /** Exchange time of the last trade. */
  timestamp: number | null
  halted: boolean
  /** Newest volatility over what is usual now; null while either is undefined. The list is ordered by it. */
  ratio: number | null
  /** Share of earlier values below it, 0 to 100; orders those that nothing is usual for yet. */
  percentile: number | null
  /** Of the newest volatility. */
  state: VolatilityState
  /** Closes of the day's minutes, 60 at most; sent when a minute has ended. */
  trend?: readonly number[]
}

export interface AlertMark {
  symbol: string
  timestamp: number
  event: 'enter' | 'leave'
  volatility: number | null
  threshold: number | null
  volume_ratio: number | null
}

export interface FeedState {
  source: string
  state: StatusState
  detail: string
  /** Since when, epoch ms. */
  since: number
  /** Receive time less exchange time of the newest tick, ms. */
  lag: number | null
  /** Ticks a second, of the last five seconds of the source's time. */
  rate: number
  /** Of this run. */
  ticks: number
  rejected: number
  gaps: number
  /** Whether it is what the others come through, a queue or a store, and brings no prices of its own. */
  carries: boolean
}

/** The machine that serves. Shares are of what the process may use. */
export interface Machine {
  cpu: number | null
  memory_used: number | null
  memory_limit: number | null
  disk_used: number | null
  disk_size: number | null
  /** Event-loop delay, 99th percentile, ms. */
  loop_delay: number | null
}

/** What was asked cannot be had; the connection stays. */
export interface Refusal {
  type: 'refusal'
  id: number | null
  reason: string
}
