import { addTick, isLeftOut, type Summary, summaryOf, union } from '../bars/summary.ts'
import { isAstray, type Tick } from '../market/event.ts'
import { dayNumber, dayStart } from '../market/time.ts'
import { orNull, type Sum } from './summary-rows.ts'

/** The figures of one symbol's day: that of its newest trade. */
export class DayFigures {
  #day = Number.NEGATIVE_INFINITY
  #sum: Summary | null = null
  #previous: { day: number; close: number } | null = null

  /** Start of the day (epoch ms), -Infinity before a trade. */
  get since(): number {
    return dayStart(this.#day)
  }

  /** What the day's trades come to; null before one. */
  get sum(): Summary | null {
    return this.#sum
  }

  /** Close of the day before, as far as it was seen or told. */
  get prev_close(): number | null {
    return this.#previous?.close ?? null
  }

  /** Takes a trade in, but for one that bars leave out, and for those of another day than the newest. */
  add(tick: Tick): void {
    if ((tick.flags.length > 0 && isLeftOut(tick)) || isAstray(tick)) return
    if (!this.#opens(dayNumber(tick.timestamp))) return
    if (this.#sum === null) this.#sum = summaryOf(tick, this.since)
    else addTick(this.#sum, tick)
  }

  /** Takes the minutes in that were stored before. */
  put(minutes: readonly Summary[]): void {
    for (const minute of minutes) {
      if (minute.trades === 0 || !this.#opens(dayNumber(minute.first_time))) continue
      this.#sum = this.#sum === null ? { ...minute } : union(this.#sum, minute)
    }
  }

  /** Tells the day's figures anew, as where holes were filled. */
  correct(sum: Sum | null): void {
    if (this.#sum === null || sum === null) return
    const { open, high, low, close, volume, turnover_mills, value_mills } = sum
    const amounts = { volume: orNull(volume), turnover_mills: orNull(turnover_mills), value_mills: orNull(value_mills) }
    Object.assign(this.#sum, { open, high, low, close, ...amounts })
  }

  /** Tells the close of an earlier day: the newest one counts, of the same day the one told last. */
  closed(day: number, close: number): boolean {
    if (day >= this.#day && this.#day !== Number.NEGATIVE_INFINITY) return false
    if (this.#previous !== null && (this.#previous.day > day || this.#previous.close === close)) return false
    this.#previous = { day, close }
    return true
  }

  /** Whether a time belongs to the day, which it may begin. */
  #opens(day: number): boolean {
    if (day <= this.#day) return day === this.#day
    if (this.#sum !== null) this.#previous = { day: this.#day, close: this.#sum.close }
    this.#day = day
    this.#sum = null
    return true
  }
}
