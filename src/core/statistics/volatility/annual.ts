import type { Sessions, Stretch } from '../../market/session.ts'
import { DAY, formatDate, MINUTE, parseTime } from '../../market/time.ts'
import type { Settings } from './options.ts'

/** What a volatility is annualised by. */
export interface AnnualBasis {
  periodsPerYear: number
  /** For people: `80970 periods of 1m of continuous trading in 2026`. */
  text: string
}

/**
 * Periods per year counted from the calendar: continuous trading alone, without nights, lunch and auctions; half days
 * count what they have. Bars are counted as they are cut, a short last one of a session as one; days as they are.
 */
export class AnnualPeriods {
  readonly #sessions: Sessions
  readonly #period: number
  readonly #periodsIn: (stretch: Stretch) => number
  readonly #years = new Map<string, AnnualBasis | null>()
  #day = Number.NaN
  #scale = Number.NaN

  constructor({ sessions, period, estimator }: Pick<Settings, 'sessions' | 'period' | 'estimator'>) {
    const length = ({ open, close }: Stretch): number => (close - open) / period
    this.#sessions = sessions
    this.#period = period
    this.#periodsIn = estimator.name === 'grid-std' ? length : (stretch) => Math.ceil(length(stretch))
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
    let periodsPerYear = 0
    for (const day of days) for (const stretch of day.continuous) periodsPerYear += this.#periodsIn(stretch)
    const length = this.#period % MINUTE === 0 ? `${this.#period / MINUTE}m` : `${this.#period / 1000}s`
    return { periodsPerYear, text: `${periodsPerYear} periods of ${length} of continuous trading in ${year}` }
  }
}
