import { type Session, type Sessions, sessionsOf } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'

/*
 * What the calendar says of a stretch that was not heard. Times in epoch ms. Pure.
 */

/** How far the trades of one symbol are known. */
export interface Known {
  /** Exchange time of the newest one; -Infinity before any. */
  readonly timestamp: number
  /** Local time up to which nothing is missing but what gaps tell; -Infinity where that is not known. */
  readonly covered: number
}

/** Whether a session, auctions included, is on at any time from `from` to before `to`. */
export function isTraded(from: number, to: number, sessions: Sessions): boolean {
  return sessions.days(from, to).some((day) => sessionsOf(day).some(({ open, close }) => open < to && close > from))
}

/**
 * The stretches of session from the last tick to `to`, both inclusive, that were not heard to their close and opened
 * before `watched`: the later ones were seen whole, and all of them where they were heard until then.
 */
export function missedBy({ timestamp, covered }: Known, to: number, watched: number, sessions: Sessions): Session[] {
  if (covered >= watched) return []
  const from = timestamp === Number.NEGATIVE_INFINITY ? covered : timestamp
  const missed: Session[] = []
  for (const day of sessions.days(from, to + 1)) {
    if (from >= day.end - 2 * MINUTE && from < day.end) continue
    for (const { open, close } of sessionsOf(day)) {
      const hole = { open: Math.max(open, from), close: Math.min(close, to) }
      const isOneInstant = from === to && from >= open && from < close
      if (open < watched && close > covered && (hole.open < hole.close || isOneInstant)) missed.push(hole)
    }
  }
  return missed
}

/** Whether nothing trades from the loss to the reconnect, a minute either side, and the last tick is older than that. */
export function isQuiet(last: number, lostAt: number, upAt: number, sessions: Sessions): boolean {
  const [from, to] = [lostAt - MINUTE, upAt + MINUTE]
  return last < from && !isTraded(from, to, sessions)
}
