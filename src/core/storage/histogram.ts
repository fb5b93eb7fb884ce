/** Buckets a doubling: a quantile is at most 9 % above the true value. */
const PER_DOUBLING = 8
const DOUBLINGS = 40

/** Distribution of durations in constant memory, for quantiles of millions of latencies. */
export class Histogram {
  readonly #counts = new Float64Array(PER_DOUBLING * DOUBLINGS)
  #total = 0
  #largest = 0

  /** @param ms below a hundredth of a millisecond (or negative) counts as zero */
  add(ms: number): void {
    const place = ms > 0.01 ? Math.ceil(Math.log2(ms / 0.01) * PER_DOUBLING) : 0
    this.#counts[Math.min(place, this.#counts.length - 1)]! += 1
    this.#total++
    if (ms > this.#largest) this.#largest = ms
  }

  get count(): number {
    return this.#total
  }

  /** The duration that a share `q` of all does not exceed, ms; null when there is none. */
  quantile(q: number): number | null {
    if (this.#total === 0) return null
    const wanted = Math.max(1, Math.ceil(q * this.#total))
    let place = 0
    for (let seen = this.#counts[0]!; seen < wanted; seen += this.#counts[place]!) place++
    return place === 0 ? 0 : Math.min(this.#largest, 0.01 * 2 ** (place / PER_DOUBLING))
  }
}
