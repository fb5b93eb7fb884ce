import { dayNumber, HOUR, timeOfDay } from '../../market/time.ts'
import type { Judge } from './judge.ts'
import type { Point } from './record.ts'
import { type BacktestRule, emptyTally, type Tally } from './tally.ts'

/** How much more than usual the horizon must be for a hit. */
export const HIT = 1.25
/** Time of day before which an alert is early, ms since midnight. */
const EARLY = 10 * HOUR

/** Counts the alerts of one judge, and what came after its points. Outcomes come later than points, in the same order. */
export class Score {
  readonly tally: Tally
  #day = Number.NaN
  #earlyDay = Number.NaN
  /** Points at which the judge could alert, whose outcome has not come. */
  readonly #open: { time: number; entered: boolean }[] = []

  constructor(symbol: string, rule: BacktestRule) {
    this.tally = emptyTally(symbol, rule)
  }

  /** Takes in what the judge made of the newest point; where it could not alert there is nothing to count. */
  judged({ timestamp, volatility }: Point, { threshold, event }: Judge): void {
    if (!Number.isFinite(volatility) || !Number.isFinite(threshold)) return
    const { tally } = this
    const day = dayNumber(timestamp)
    if (day !== this.#day) tally.days++
    this.#day = day
    const entered = event === 'enter'
    if (entered) {
      tally.alerts++
      if (timeOfDay(timestamp) < EARLY) this.#early(day)
    }
    this.#open.push({ time: timestamp, entered })
  }

  /** @param ratio outcome of the point at `time`: how much its horizon was of the usual; NaN where it is undefined */
  settle(time: number, ratio: number): void {
    while (this.#open.length > 0 && this.#open[0]!.time < time) this.#open.shift()
    if (this.#open[0]?.time !== time) return
    const { entered } = this.#open.shift()!
    if (Number.isNaN(ratio)) return
    const { tally } = this
    const hit = ratio > HIT ? 1 : 0
    tally.points++
    tally.hits += hit
    if (!entered) return
    tally.scored++
    tally.scoredHits += hit
  }

  #early(day: number): void {
    this.tally.earlyAlerts++
    if (day !== this.#earlyDay) this.tally.earlyDays++
    this.#earlyDay = day
  }
}
