import type { Sessions } from '../../market/session.ts'
import { dayNumber } from '../../market/time.ts'
import { SortedValues } from '../sorted-values.ts'

/** The quantile of all volatility values before this one: expanding, or cut to a look-back in trading days. */
export class FlatThreshold {
  readonly #sorted = new SortedValues()
  readonly #days: { number: number; values: number[] }[] = []
  readonly #quantile: number
  readonly #minValues: number
  readonly #lookback: number | null
  readonly #sessions: Sessions
  #today = Number.NaN

  constructor(settings: { quantile: number; minValues: number; lookback: number | null; sessions: Sessions }) {
    this.#quantile = settings.quantile
    this.#minValues = settings.minValues
    this.#lookback = settings.lookback
    this.#sessions = settings.sessions
  }

  /** NaN while there are too few values. */
  threshold(time: number): number {
    if (this.#lookback !== null) this.#cut(time, this.#lookback)
    return this.#sorted.size >= this.#minValues ? this.#sorted.quantile(this.#quantile) : Number.NaN
  }

  add(value: number): void {
    this.#days.at(-1)?.values.push(value)
    this.#sorted.add(value)
  }

  /** How many of the values before the newest are <= it, in percent. @param newest the value added last */
  percentile(newest: number): number {
    return (100 * (this.#sorted.countAtMost(newest) - 1)) / (this.#sorted.size - 1)
  }

  #cut(time: number, lookback: number): void {
    const today = dayNumber(time)
    if (today === this.#today) return
    this.#today = today
    const oldest = this.#sessions.daysBefore(time, lookback)[0]!.number
    while (this.#days.length > 0 && this.#days[0]!.number < oldest) {
      for (const value of this.#days.shift()!.values) this.#sorted.remove(value)
    }
    this.#days.push({ number: today, values: [] })
  }
}
