import type { Gap, GapCause } from '../market/event.ts'
import { type Sessions, sessionsOf, type TradingDay } from '../market/session.ts'
import { DAY, dayNumber, dayStart, MINUTE } from '../market/time.ts'
import type { Held } from './held.ts'
import { type Stretch, within, without } from './stretches.ts'

/** A day says where its recording began and ended only with so many minutes of trades. */
const TELLING = 10

/** From the first to the last time that anything is known of a symbol, both inclusive; null where nothing is. */
function known({ gaps, own, heard }: Held): Stretch | null {
  const times = gaps.flatMap(({ from, to }) => [from, to])
  if (own !== null) times.push(...own)
  if (heard !== null) times.push(heard)
  return times.length === 0 ? null : { from: Math.min(...times), to: Math.max(...times) }
}

/**
 * The stretch to look at: what was asked for, else from the first to the last day that the store holds anything of, and
 * never beyond `now`. Null where there is nothing.
 */
export function spanOf(held: Held, asked: { since?: number; until?: number }, now: number): Stretch | null {
  const all = known(held)
  if (all === null) return null
  const from = asked.since ?? dayStart(dayNumber(all.from))
  const to = Math.min(asked.until ?? dayStart(dayNumber(all.to)) + DAY, now)
  return from < to ? { from, to } : null
}

/**
 * Holes that no gap row tells: days of which the store holds nothing at all, the morning before a first recording that began
 * in an afternoon, and what lacks before the first and after the last that it holds of a day. Where a live feed told how far
 * it was heard, that is the end; where none did, a day's trades must tell: they begin or end more than a minute, and more
 * than the longest pause among them, off the day's ends. One hole a session and day, its cause what the next run would have
 * written.
 */
export function untoldHoles(held: Held, span: Stretch, sessions: Sessions): Gap[] {
  const all = known(held)
  if (all === null) return []
  const row = (from: number, to: number): Gap => {
    const cause: GapCause = from < all.from ? 'late_start' : 'restart'
    return { type: 'gap', source: held.source, symbol: held.symbol, from, to, cause, volume: null, filled_by: null }
  }
  return sessions.days(span.from, span.to).flatMap((day) => {
    const pieces = unheard(held, all, day, span, sessions)
    return sessionsOf(day)
      .flatMap(({ open, close }) => pieces.map((piece) => within(piece, { from: open, to: close })))
      .flatMap((part) => (part === null ? [] : without(part, held.gaps)))
      .filter(({ from, to }) => to - from >= MINUTE && sessions.tradesIn(from, to - 1))
      .map(({ from, to }) => row(from, to))
  })
}

/** What of a day nobody listened to, whatever the rows say. */
function unheard(held: Held, all: Stretch, day: TradingDay, span: Stretch, sessions: Sessions): readonly Stretch[] {
  const whole = within({ from: sessionsOf(day)[0]!.open, to: day.end }, span)
  if (whole === null) return []
  if (day.number < dayNumber(all.from) || day.number > dayNumber(all.to)) return [whole]
  const before = beforeBegun(held, all, whole)
  if (held.heard !== null && dayNumber(held.heard) === day.number)
    return [...before, ...sinceHeard(held, held.heard, day, whole)]
  const minutes = held.minutes.get(day.number)
  if (minutes === undefined) return [whole]
  return held.heard === null ? edges(minutes, day, whole, sessions) : before
}

/** What a day had before the first recording began inside a session, of which its row tells from the opening on. */
function beforeBegun({ gaps }: Held, all: Stretch, whole: Stretch): readonly Stretch[] {
  const isBegun = gaps.some(({ cause, from }) => cause === 'late_start' && from === all.from)
  const before = isBegun ? within(whole, { from: whole.from, to: all.from }) : null
  return before === null ? [] : [before]
}

/**
 * The rest of the day on which the feed was heard last, unless it is heard still or the closing auction came: as the next
 * run will write it, from the last trade on, in each session that was not heard to its close.
 */
function sinceHeard({ newest }: Held, heard: number, day: TradingDay, whole: Stretch): readonly Stretch[] {
  const isClosed = newest !== null && newest >= day.end - 2 * MINUTE
  if (isClosed || whole.to - Math.max(newest ?? heard, heard) < MINUTE) return []
  const open = sessionsOf(day).filter(({ close }) => close > heard)
  return open.map((session) => ({
    from: Math.max(session.open, newest ?? heard),
    to: Math.min(session.close, whole.to),
  }))
}

function edges(minutes: readonly number[], day: TradingDay, whole: Stretch, sessions: Sessions): readonly Stretch[] {
  if (minutes.length < TELLING) return []
  const [first, last] = [minutes[0]!, minutes.at(-1)!]
  const pauses = minutes.slice(1).map((start, i) => sessions.tradingTime(minutes[i]! + MINUTE, start))
  const usual = Math.max(MINUTE, ...pauses)
  const found: Stretch[] = []
  const opening = Math.max(day.continuous[0]!.open, whole.from)
  if (sessions.tradingTime(opening, first) > usual) found.push({ from: whole.from, to: first })
  if (sessions.tradingTime(last + MINUTE, whole.to) > usual) found.push({ from: last, to: whole.to })
  return found
}
