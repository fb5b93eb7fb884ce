import { type CalendarYears, HONG_KONG_YEARS } from './calendar-data.ts'

/** What the calendar says of a day. `late` days open at `opens` without an opening auction. */
export type DayKind = { kind: 'full' | 'half' | 'closed' } | { kind: 'late'; opens: string }

const FULL: DayKind = { kind: 'full' }
const HALF: DayKind = { kind: 'half' }
const CLOSED: DayKind = { kind: 'closed' }

/** Which Hong Kong days trade. Outside its years every weekday counts as a full day and `covers` is false. */
export class Calendar {
  readonly #special = new Map<string, DayKind>()
  readonly #years: ReadonlySet<string>

  /** @param years the built-in years, or the built-in ones overlaid by the user's file */
  constructor(years: CalendarYears = HONG_KONG_YEARS) {
    this.#years = new Set(Object.keys(years))
    for (const year of Object.values(years)) {
      for (const [date, opens] of Object.entries(year.weather_late ?? {}))
        this.#special.set(date, { kind: 'late', opens })
      for (const date of year.half) this.#special.set(date, HALF)
      for (const date of [...year.closed, ...(year.weather_closed ?? [])]) this.#special.set(date, CLOSED)
    }
  }

  /** Whether the year of `date` (YYYY-MM-DD) is in the calendar. */
  covers(date: string): boolean {
    return this.#years.has(date.slice(0, 4))
  }

  /** First and last year covered, for messages. */
  get range(): string {
    const years = [...this.#years].sort()
    return years.length === 0 ? 'no years' : `${years[0]}-${years.at(-1)}`
  }

  day(date: string): DayKind {
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
    if (weekday === 0 || weekday === 6) return CLOSED
    return this.#special.get(date) ?? FULL
  }
}
