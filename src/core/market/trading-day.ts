import { HkqError } from '../errors.ts'
import { Sessions, type Stretch, type TradingDay } from './session.ts'
import { MINUTE, parseTime } from './time.ts'

/**
 * The phases of one Hong Kong day in order, half-open, epoch ms; empty on a day without trading. Outside the calendar's
 * years every weekday counts as a full day.
 * @param date YYYY-MM-DD
 * @throws HkqError E_INPUT when `date` is not a day
 */
export function tradingSessions(date: string, sessions: Sessions = new Sessions()): readonly Stretch[] {
  const start = /^\d{4}-\d\d-\d\d$/.test(date) ? parseTime(date) : Number.NaN
  if (Number.isNaN(start)) throw new HkqError('E_INPUT', `"${date}" is not a day: write it as YYYY-MM-DD`)
  return sessions.day(start)?.phases ?? []
}

/** When `--until close` ends, epoch ms: 16:15, or 12:15 on half days, five minutes after the closing auction. */
export function closeTime(day: TradingDay): number {
  return day.end + 5 * MINUTE
}
