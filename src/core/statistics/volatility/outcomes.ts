import { dayNumber } from '../../market/time.ts'
import type { Point } from './record.ts'
import type { SeasonalProfile } from './seasonal-profile.ts'

/** What is usual at each time of day. */
type Usual = Pick<SeasonalProfile, 'usual'>

/**
 * What came after each point of one symbol: the volatility of the horizon that followed it, over what is usual for that
 * clock window. It is known when the horizon has passed, and never where the day ends before.
 */
export class Outcomes {
  readonly #steps: number
  readonly #profile: Usual
  readonly #settle: (time: number, ratio: number) => void
  #day = Number.NaN
  /** Times of the day's points whose horizon has not passed. */
  #open: number[] = []

  /**
   * @param steps length of the horizon in points
   * @param profile of windows as long as the horizon; whoever keeps it has begun it with a point before that is taken
   * @param settle called in order of time with the time of a point and its outcome, NaN where there is none
   */
  constructor(steps: number, profile: Usual, settle: (time: number, ratio: number) => void) {
    this.#steps = steps
    this.#profile = profile
    this.#settle = settle
  }

  /** Takes the next point of a series whose window is the horizon: it tells what came after the point `steps` before it. */
  take({ timestamp, volatility, slot }: Point): void {
    const day = dayNumber(timestamp)
    if (day !== this.#day) this.#open = []
    this.#day = day
    if (this.#open.length === this.#steps) {
      const ratio = volatility / this.#profile.usual(slot)
      this.#settle(this.#open.shift()!, Number.isFinite(ratio) ? ratio : Number.NaN)
    }
    this.#open.push(timestamp)
  }
}
