import { HkqError } from '../core/errors.ts'
import type { Sessions } from '../core/market/session.ts'
import { dayNumber, dayStart, formatClock, formatDate } from '../core/market/time.ts'
import { closeTime } from '../core/market/trading-day.ts'

/** When a recording ends (epoch ms; undefined: never by the clock), or why it need not begin. */
export type End = { at: number | undefined } | { needless: string }

/**
 * Settles `--until` as of `now`.
 * @throws HkqError E_USAGE when `close` is asked in a year the calendar does not know
 */
export function endOf(until: 'close' | number | undefined, now: number, sessions: Sessions): End {
  if (until === undefined) return { at: undefined }
  if (until !== 'close') {
    return until > now ? { at: until } : { needless: `${formatDate(until)} ${formatClock(until)} is already past` }
  }
  demandCalendar(now, sessions, '--until close')
  const day = sessions.day(now)
  if (day === null) return { needless: `${formatDate(now)} is a day without trading` }
  const at = closeTime(day)
  return at > now ? { at } : { needless: `trading of ${day.date} was over at ${formatClock(at)}` }
}

/** The next opening of the pre-opening session (09:00) that `--wait-open` sleeps to; `now` when the market is open. */
export function nextOpening(now: number, sessions: Sessions): number {
  demandCalendar(now, sessions, '--wait-open')
  const today = sessions.day(now)
  if (today !== null && now < closeTime(today)) return Math.max(now, today.phases[0]!.open)
  return sessions.nextDay(dayStart(dayNumber(now) + 1)).phases[0]!.open
}

function demandCalendar(now: number, sessions: Sessions, option: string): void {
  if (sessions.calendar.covers(formatDate(now))) return
  const { range } = sessions.calendar
  throw new HkqError(
    'E_USAGE',
    `${option} needs a calendar for "${formatDate(now).slice(0, 4)}", and the one at hand covers ${range}: name a calendar file in the configuration`,
  )
}
