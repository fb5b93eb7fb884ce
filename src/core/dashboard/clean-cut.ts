import { CLOSE_TOLERANCE, type Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'

/**
 * The last whole minute at or before `time` (epoch ms) that cuts no bar shorter than it in two: the trades of an auction,
 * and those stamped shortly after a close, count for a bar of the session beside them, so that no cut lies between.
 */
export function cleanCut(time: number, sessions: Sessions): number {
  const minute = Math.floor(time / MINUTE) * MINUTE
  const day = sessions.day(minute)
  if (day === null) return minute
  const opening = day.phases.find(({ phase }) => phase === 'opening_auction')
  if (opening && minute >= opening.open && minute <= opening.close) return opening.open
  const last = day.continuous.at(-1)!
  if (minute >= last.close && minute < day.end) return last.close - MINUTE
  const closing = day.continuous.find(({ close }) => minute >= close && minute < close + CLOSE_TOLERANCE)
  return closing === undefined ? minute : closing.close - MINUTE
}
