import type { Clock } from '../clock.ts'

/** Longest time between two looks at the clocks, ms. */
export const SLICE = 1_000
/** More time than this between two looks went by unseen: the machine slept, the process stood still, a clock was set. */
export const UNSEEN = 5_000

/** Both clocks as they were looked at last. */
export class ClockWatch {
  /** Local time, and monotonic time, of the last look. */
  now: number
  at: number
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
    this.now = clock.now()
    this.at = clock.monotonic()
  }

  /** Looks again. @returns the local time of the look before where time went by unseen since, by either clock; else null */
  look(): number | null {
    const { now, at } = this
    this.now = this.#clock.now()
    this.at = this.#clock.monotonic()
    return Math.max(this.now - now, this.at - at) < SLICE + UNSEEN ? null : now
  }
}
