import { HkqError } from '../core/errors.ts'
import type { Sessions, TradingDay } from '../core/market/session.ts'
import { dayNumber, dayStart, formatClock, formatDate, MINUTE } from '../core/market/time.ts'

import { time } from './_values.ts'

/** `--until close`: five minutes after the closing auction, when its prints have arrived: 16:15, on half days 12:15. */
export function closeOf(day: TradingDay): number {
  return day.end + 5 * MINUTE
}

/** When a recording ends (epoch ms; undefined: never by the clock), or why it need not begin. */
export type End = { at: number | undefined } | { needless: string }

/**
 * Reads `--until`, as of `now`.
 * @throws HkqError E_USAGE when `close` is asked in a year the calendar does not know
 */
export function readUntil(text: string | undefined, now: number, sessions: Sessions): End {
  if (text === undefined) return { at: undefined }
  if (text !== 'close') {
    const at = time(text, now)
    return at > now ? { at } : { needless: `--until ${text} is already past` }
  }
  demandCalendar(now, sessions, '--until close')
  const day = sessions.day(now)
  if (day === null) return { needless: `${formatDate(now)} is a day without trading` }
  const at = closeOf(day)
  return at > now ? { at } : { needless: `trading of ${day.date} ended at ${formatClock(at)}` }
}

/** The next opening of the pre-opening session (09:00) that `--wait-open` sleeps to; `now` when the market is open. */
export function nextOpening(now: number, sessions: Sessions): number {
  demandCalendar(now, sessions, '--wait-open')
  const today = sessions.day(now)
  if (today !== null && now < closeOf(today)) return Math.max(now, today.phases[0]!.open)
  return sessions.nextDay(dayStart(dayNumber(now) + 1)).phases[0]!.open
}

function demandCalendar(now: number, sessions: Sessions, option: string): void {
  if (sessions.calendar.covers(formatDate(now))) return
  throw new HkqError(
    'E_USAGE',
    `${option} needs the calendar of "${formatDate(now).slice(0, 4)}", which covers ${sessions.calendar.range}: give a calendar file in the configuration`,
  )
}
