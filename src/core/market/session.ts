import { Calendar } from './calendar.ts'
import type { Phase } from './event.ts'
import { DAY, dayNumber, dayStart, formatDate, HOUR, MINUTE } from './time.ts'

const at = (hours: number, minutes = 0): number => hours * HOUR + minutes * MINUTE

/** A trade stamped up to this long after 12:00 or 16:00 still belongs to the continuous session it follows. */
export const CLOSE_TOLERANCE = 3_000

/** The closing auction matches at a random moment of its last minutes. */
const CLOSING = 2 * MINUTE

/** A half-open stretch of time [open, close), epoch ms. */
export interface Stretch {
  readonly phase: Phase
  readonly open: number
  readonly close: number
}

/** One trading day: its phases in order, each half-open, from 09:00 to 16:10 (half days 12:10). */
export interface TradingDay {
  /** YYYY-MM-DD, Hong Kong. */
  readonly date: string
  readonly number: number
  readonly kind: 'full' | 'half' | 'late'
  /** Whether the calendar knows this year; false means a plain weekday was assumed. */
  readonly covered: boolean
  /** Every phase of the day in order, lunch included. */
  readonly phases: readonly Stretch[]
  /** Continuous trading alone: one or two stretches. */
  readonly continuous: readonly Stretch[]
  /** End of the closing auction. */
  readonly end: number
}

/** One stretch of scheduled session, half-open: opening auction and morning, or afternoon and closing auction. */
export interface Session {
  readonly open: number
  readonly close: number
}

/** The sessions of a day in order: two, or one on a half day and on one that opens after lunch. */
export function sessionsOf({ continuous, phases, end }: TradingDay): readonly Session[] {
  const [morning, afternoon] = continuous
  const open = phases.find(({ phase }) => phase === 'opening_auction')?.open ?? morning!.open
  if (afternoon === undefined) return [{ open, close: end }]
  return [
    { open, close: morning!.close },
    { open: afternoon.open, close: end },
  ]
}

/** Opening of the session, auctions included, that is on at `now`; null outside. */
export function openingBefore(now: number, sessions: Sessions): number | null {
  const day = sessions.day(now)
  return day === null ? null : (sessionsOf(day).find(({ open, close }) => now >= open && now < close)?.open ?? null)
}

const MORNING: readonly (readonly [Phase, number, number])[] = [
  ['pre_opening', at(9), at(9, 20)],
  ['opening_auction', at(9, 20), at(9, 30)],
  ['morning', at(9, 30), at(12)],
]
const FULL: readonly (readonly [Phase, number, number])[] = [
  ...MORNING,
  ['lunch', at(12), at(13)],
  ['afternoon', at(13), at(16)],
  ['closing_auction', at(16), at(16, 10)],
]
const HALF: readonly (readonly [Phase, number, number])[] = [...MORNING, ['closing_auction', at(12), at(12, 10)]]

/**
 * Hong Kong's trading day by clock and calendar. Source: HKEX trading hours. Sessions are looked up per day and kept, so
 * `phaseAt` costs a few comparisons.
 */
export class Sessions {
  readonly calendar: Calendar
  readonly #onUncovered: (date: string) => void
  readonly #days = new Map<number, TradingDay | null>()
  #uncovered = false
  #last: TradingDay | null = null
  #lastNumber = Number.NaN

  /** @param onUncovered told once, of the first day asked for that the calendar does not know */
  constructor(calendar: Calendar = new Calendar(), onUncovered: (date: string) => void = () => {}) {
    this.calendar = calendar
    this.#onUncovered = onUncovered
  }

  /** The trading day of the Hong Kong day that contains `time` (epoch ms), null when the market is shut that day. */
  day(time: number): TradingDay | null {
    const number = dayNumber(time)
    if (number === this.#lastNumber) return this.#last
    let day = this.#days.get(number)
    if (day === undefined) {
      day = this.#build(number)
      this.#days.set(number, day)
    }
    this.#last = day
    this.#lastNumber = number
    return day
  }

  phaseAt(time: number): Phase {
    const day = this.day(time)
    if (day === null) return 'closed'
    for (const stretch of day.phases) if (time < stretch.close) return time < stretch.open ? 'closed' : stretch.phase
    return 'closed'
  }

  /** Whether continuous trading is on at `time`. */
  isContinuous(time: number): boolean {
    const phase = this.phaseAt(time)
    return phase === 'morning' || phase === 'afternoon'
  }

  /** Whether trades may happen at `time`: continuous trading, the matching of the auctions, and the close tolerance. */
  tradesAt(time: number): boolean {
    const phase = this.phaseAt(time)
    if (phase === 'morning' || phase === 'afternoon' || phase === 'opening_auction') return true
    if (phase !== 'closing_auction' && phase !== 'lunch') return false
    return this.closingStretch(time) !== null || (phase === 'closing_auction' && time >= this.day(time)!.end - CLOSING)
  }

  /** The continuous stretch that a trade stamped shortly after its end still belongs to, else null. */
  closingStretch(time: number): Stretch | null {
    const day = this.day(time)
    if (day === null) return null
    for (const stretch of day.continuous) {
      if (time >= stretch.close && time < stretch.close + CLOSE_TOLERANCE) return stretch
    }
    return null
  }

  /** Trading days whose Hong Kong day meets [from, to), epoch ms, oldest first. */
  days(from: number, to: number): TradingDay[] {
    return [...this.#daysIn(from, to)]
  }

  /** The `count` trading days before the Hong Kong day of `time`, oldest first. */
  daysBefore(time: number, count: number): TradingDay[] {
    const found: TradingDay[] = []
    for (let number = dayNumber(time) - 1; found.length < count; number--) {
      const day = this.day(dayStart(number))
      if (day) found.unshift(day)
    }
    return found
  }

  /** The first trading day at or after the Hong Kong day of `time`. */
  nextDay(time: number): TradingDay {
    for (let number = dayNumber(time); ; number++) {
      const day = this.day(dayStart(number))
      if (day) return day
    }
  }

  /** Milliseconds of continuous trading in [from, to). */
  tradingTime(from: number, to: number): number {
    let total = 0
    for (const day of this.days(from, to)) {
      for (const { open, close } of day.continuous) total += Math.max(0, Math.min(to, close) - Math.max(from, open))
    }
    return total
  }

  /** Whether trades may happen anywhere in [from, to], epoch ms, both inclusive. */
  tradesIn(from: number, to: number): boolean {
    if (this.tradesAt(from) || this.tradesAt(to)) return true
    for (const { continuous, phases, end } of this.#daysIn(from, to + 1)) {
      const opening = phases.find(({ phase }) => phase === 'opening_auction')
      const stretches = [...(opening ? [opening] : []), ...continuous, { open: end - CLOSING, close: end }]
      if (stretches.some(({ open, close }) => open <= to && close > from)) return true
    }
    return false
  }

  /** As `days`, one at a time: a span of any length costs no more than is looked at. */
  *#daysIn(from: number, to: number): Generator<TradingDay> {
    for (let number = dayNumber(from); dayStart(number) < to; number++) {
      const day = this.day(dayStart(number))
      if (day) yield day
    }
  }

  #build(number: number): TradingDay | null {
    const start = number * DAY - 8 * HOUR
    const date = formatDate(start)
    const covered = this.calendar.covers(date)
    if (!covered && !this.#uncovered) {
      this.#uncovered = true
      this.#onUncovered(date)
    }
    const kind = this.calendar.day(date)
    if (kind.kind === 'closed') return null
    let plan = kind.kind === 'half' ? HALF : FULL
    if (kind.kind === 'late') {
      const [hours, minutes] = kind.opens.split(':').map(Number)
      const opens = at(hours!, minutes)
      plan = FULL.filter(([phase]) => !phase.includes('opening'))
        .filter(([, , close]) => close > opens)
        .map(([phase, open, close]) => [phase, Math.max(open, opens), close] as const)
    }
    const phases = plan.map(([phase, open, close]) => ({ phase, open: start + open, close: start + close }))
    const continuous = phases.filter(({ phase }) => phase === 'morning' || phase === 'afternoon')
    return { date, number, kind: kind.kind, covered, phases, continuous, end: phases.at(-1)!.close }
  }
}
