import { DAY, dayNumber, dayStart } from '../../market/time.ts'

/** A move over night beyond this is rather a corporate action than news. */
const SUSPICIOUS = 0.25

/** A move over night that looks like a corporate action. */
export interface OvernightMove {
  symbol: string
  /** Time of the first price after it, epoch ms. */
  timestamp: number
  /** First price of the day over the last one of the day before, less 1: -0.8 where one share became five. */
  move: number
}

/** Compares the first price of each day of one symbol with the last one before it. */
export class OvernightWatch {
  readonly #symbol: string
  #dayEnd = Number.NEGATIVE_INFINITY
  #last = Number.NaN

  constructor(symbol: string) {
    this.#symbol = symbol
  }

  /**
   * Takes in the next price, or the next bar's open and close.
   * @returns the move into this price where it is beyond 25 %, else null
   */
  see(timestamp: number, first: number, last = first): OvernightMove | null {
    const before = this.#last
    this.#last = last
    if (timestamp < this.#dayEnd) return null
    this.#dayEnd = dayStart(dayNumber(timestamp)) + DAY
    const move = first / before - 1
    return Math.abs(move) > SUSPICIOUS ? { symbol: this.#symbol, timestamp, move } : null
  }
}
