import type { Phase } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { DAY, dayNumber, dayStart } from '../market/time.ts'

/** Phases that begin with an empty book: orders of an auction never stand beside those of continuous trading. */
const FRESH_BOOK: ReadonlySet<Phase> = new Set<Phase>(['morning', 'afternoon', 'closing_auction'])

/**
 * Whether a book of `quoteTime` may be joined to a trade of `tradeTime` (epoch ms): both lie on one day with no opening
 * (09:30, 13:00) and no start of the closing auction (16:00, half days 12:00) between them.
 */
export function joinable(quoteTime: number, tradeTime: number, sessions: Sessions): boolean {
  const start = dayStart(dayNumber(tradeTime))
  let from = start
  let until = start + DAY
  for (const { phase, open } of sessions.day(tradeTime)?.phases ?? []) {
    if (!FRESH_BOOK.has(phase)) continue
    if (open > tradeTime) {
      until = open
      break
    }
    from = open
  }
  return quoteTime >= from && quoteTime < until
}

/**
 * What is wrong with a best quote: `crossed` when the bid is above the ask, `locked` when they are equal. In an auction,
 * and whenever the market is not trading continuously, both are normal and the answer is null, as it is with an empty
 * side. Such a quote is still no best quote: admit.ts never joins it to a trade.
 */
export function quoteFlag(bid: number | null, ask: number | null, phase: Phase): 'crossed' | 'locked' | null {
  if (phase !== 'morning' && phase !== 'afternoon') return null
  if (bid === null || ask === null || !(bid > 0 && ask > 0) || bid < ask) return null
  return bid > ask ? 'crossed' : 'locked'
}
