/** Seconds over which the rate is told. */
const SPAN = 5

/** How many a second, of the last five seconds of the clock that is told. */
export class Rate {
  readonly #counts = new Float64Array(SPAN + 1)
  #second = Number.NEGATIVE_INFINITY

  /** @param now epoch ms */
  add(now: number): void {
    this.#moveTo(now)
    if (this.#second === Number.NEGATIVE_INFINITY) return
    this.#counts[this.#second % this.#counts.length]!++
  }

  perSecond(now: number): number {
    this.#moveTo(now)
    if (this.#second === Number.NEGATIVE_INFINITY) return 0
    let sum = 0
    for (const count of this.#counts) sum += count
    return (sum - this.#counts[this.#second % this.#counts.length]!) / SPAN
  }

  /** The second that runs counts once it is over. */
  #moveTo(now: number): void {
    if (!Number.isFinite(now)) return
    const second = Math.floor(now / 1_000)
    if (second <= this.#second && second > this.#second - SPAN) return
    const passed = Math.abs(second - this.#second)
    if (passed > SPAN) this.#counts.fill(0)
    else for (let s = this.#second + 1; s <= second; s++) this.#counts[s % this.#counts.length] = 0
    this.#second = second
  }
}
