/** Shortest silence that can be too long, ms. */
const LEAST = 60_000
/** How much longer than the longest one before a silence may be. */
const TIMES = 5

/**
 * How long no trade came in continuous trading, of any symbol, beside what is usual: some lists are quiet. It starts anew with
 * each session. `at` is the monotonic clock.
 */
export class Quiet {
  #received = 0
  #heardAt: number
  #longest = 0

  constructor(at: number) {
    this.#heardAt = at
  }

  /** @param received trades that have come in all; @param isTrading whether continuous trading is on */
  look(at: number, received: number, isTrading: boolean): void {
    if (!isTrading) this.#longest = 0
    else if (received > this.#received) this.#longest = Math.max(this.#longest, at - this.#heardAt)
    if (!isTrading || received > this.#received) this.#heardAt = at
    this.#received = received
  }

  /** The silence so far, and how long one may be that is no cause for worry, ms. */
  now(at: number): { readonly ms: number; readonly limit: number } {
    return { ms: at - this.#heardAt, limit: Math.max(LEAST, TIMES * this.#longest) }
  }
}
