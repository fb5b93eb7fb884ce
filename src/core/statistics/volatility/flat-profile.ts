import type { Sessions } from '../../market/session.ts'
import { dayNumber } from '../../market/time.ts'
import { SortedValues } from '../sorted-values.ts'

/**
 * All volatility values before a point, whatever their time of day: expanding, or cut to a look-back in trading days. A
 * quantile of them makes a flat threshold.
 */
export class FlatProfile {
  readonly #sorted = new SortedValues()
  readonly #days: { number: number; values: number[] }[] = []
  readonly #minValues: number
  readonly #lookback: number | null
  readonly #sessions: Sessions
  #today = Number.NaN

  constructor(settings: { minValues: number; lookback: number | null; sessions: Sessions }) {
    this.#minValues = settings.minValues
    this.#lookback = settings.lookback
    this.#sessions = settings.sessions
  }

  /** NaN while there are too few values. */
  threshold(quantile: number): number {
    return this.#sorted.size >= this.#minValues ? this.#sorted.quantile(quantile) : Number.NaN
  }

  /** How many of the values before the newest are <= it, in percent. @param newest the value added last */
  percentile(newest: number): number {
    return (100 * (this.#sorted.countAtMost(newest) - 1)) / (this.#sorted.size - 1)
  }

  /** Must be called with the time of every point, before it is judged. */
  begin(time: number): void {
    if (this.#lookback === null) return
    const today = dayNumber(time)
    if (today === this.#today) return
    this.#today = today
    const oldest = this.#sessions.daysBefore(time, this.#lookback)[0]!.number
    while (this.#days.length > 0 && this.#days[0]!.number < oldest) {
      for (const value of this.#days.shift()!.values) this.#sorted.remove(value)
    }
    this.#days.push({ number: today, values: [] })
  }

  add(value: number): void {
    this.#days.at(-1)?.values.push(value)
    this.#sorted.add(value)
  }
}
