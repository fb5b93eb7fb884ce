import type { Quote, Tick } from '../market/event.ts'
import { toShort } from '../market/symbol.ts'
import { bookPush, tradePush } from './alltick-push.ts'
import { infowayBook, infowayTrade } from './infoway-push.ts'
import { tutorialPush } from './tutorial-push.ts'

export const DIALECTS = ['alltick', 'tutorial', 'infoway'] as const
export type Dialect = (typeof DIALECTS)[number]

/** How a dialect puts market data on the wire. */
interface Wire {
  trade(tick: Tick): string
  /** The best `depth` levels of each side. */
  book(quote: Quote, depth: number): string
  /** Whether clients subscribe to trades and books apart. */
  readonly twoKinds: boolean
  /** A connection without heartbeat for this long is closed, ms. */
  readonly heartbeatMs: number
}

export const WIRES: Readonly<Record<Dialect, Wire>> = {
  alltick: {
    trade: (tick) => tradePush(codeOf(tick.symbol), tick),
    book: (quote, depth) => bookPush(codeOf(quote.symbol), quote, depth),
    twoKinds: true,
    heartbeatMs: 30_000,
  },
  tutorial: {
    trade: tutorialPush,
    book: () => '',
    twoKinds: false,
    heartbeatMs: Number.POSITIVE_INFINITY,
  },
  infoway: { trade: infowayTrade, book: infowayBook, twoKinds: true, heartbeatMs: 60_000 },
}

const CODES = new Map<string, string>()

function codeOf(symbol: string): string {
  const known = CODES.get(symbol)
  if (known !== undefined) return known
  const code = toShort(symbol)
  if (CODES.size < 10_000) CODES.set(symbol, code)
  return code
}
