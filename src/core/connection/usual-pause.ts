import { DAY, dayNumber, dayStart, MINUTE } from '../market/time.ts'

/** How finely the day is told apart, ms. */
const SLOT = 30 * MINUTE
/** Weight of the newest pause. */
const WEIGHT = 1 / 8

/**
 * The usual pause between two trades of one symbol, by half hours of the day: a decaying mean that begins with
 * none, kept from day to day.
 */
export class UsualPause {
  readonly #pauses = new Float64Array(DAY / SLOT)

  /** A pause of `ms` ended at `now` (epoch ms). */
  learn(now: number, ms: number): void {
    const slot = slotOf(now)
    this.#pauses[slot]! += (ms - this.#pauses[slot]!) * WEIGHT
  }

  /** Milliseconds, 0 while nothing is known of this time of day. */
  at(now: number): number {
    return this.#pauses[slotOf(now)]!
  }
}

function slotOf(now: number): number {
  return Math.floor((now - dayStart(dayNumber(now))) / SLOT)
}
