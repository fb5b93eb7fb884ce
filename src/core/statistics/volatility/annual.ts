import type { Sessions } from '../../market/session.ts'
import { DAY, formatDate, MINUTE, parseTime } from '../../market/time.ts'

/** What a volatility is annualised by. */
export interface AnnualBasis {
  periodsPerYear: number
  /** For people: `80970 periods of 1m of continuous trading in 2026`. */
  text: string
}

/** Periods per year counted from the calendar: continuous trading alone, without nights, lunch and auctions. */
export class AnnualPeriods {
  readonly #sessions: Sessions
  readonly #period: number
  readonly #years = new Map<string, AnnualBasis | null>()
  #day = Number.NaN
  #scale = Number.NaN

  /** @param period ms; a day (86,400,000) counts trading days */
  constructor(sessions: Sessions, period: number) {
    this.#sessions = sessions
    this.#period = period
  }

  /** Square root of the periods in the year of `time`; NaN where the calendar does not cover it. */
  scale(time: number): number {
    const day = Math.floor(time / DAY)
    if (day !== this.#day) {
      this.#day = day
      this.#scale = Math.sqrt(this.basis(time)?.periodsPerYear ?? Number.NaN)
    }
    return this.#scale
  }

  /** null where the calendar does not cover the year of `time`. */
  basis(time: number): AnnualBasis | null {
    const year = formatDate(time).slice(0, 4)
    let basis = this.#years.get(year)
    if (basis === undefined) {
      basis = this.#sessions.calendar.covers(`${year}-01-01`) ? this.#count(year) : null
      this.#years.set(year, basis)
    }
    return basis
  }

  #count(year: string): AnnualBasis {
    const days = this.#sessions.days(parseTime(`${year}-01-01`), parseTime(`${Number(year) + 1}-01-01`))
    if (this.#period >= DAY) return { periodsPerYear: days.length, text: `${days.length} trading days in ${year}` }
    let open = 0
    for (const day of days) for (const stretch of day.continuous) open += stretch.close - stretch.open
    const periodsPerYear = open / this.#period
    const length = this.#period % MINUTE === 0 ? `${this.#period / MINUTE}m` : `${this.#period / 1000}s`
    return { periodsPerYear, text: `${periodsPerYear} periods of ${length} of continuous trading in ${year}` }
  }
}
