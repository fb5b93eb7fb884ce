/** Buckets a doubling: a quantile is at most 9 % above the true value. */
const PER_DOUBLING = 8
const DOUBLINGS = 40
/** Upper end of the lowest bucket, ms. */
const LEAST = 0.01

/**
 * Distribution of durations in constant memory, for quantiles of millions of latencies. What came between two moments is the
 * difference of two copies.
 */
export class Histogram {
  readonly #counts = new Float64Array(PER_DOUBLING * DOUBLINGS)
  #total = 0
  #sum = 0
  #largest = 0

  /** @param ms below a hundredth of a millisecond (or negative) counts as zero */
  add(ms: number): void {
    const place = ms > LEAST ? Math.ceil(Math.log2(ms / LEAST) * PER_DOUBLING) : 0
    this.#counts[Math.min(place, this.#counts.length - 1)]! += 1
    this.#total++
    if (ms > 0) this.#sum += ms
    if (ms > this.#largest) this.#largest = ms
  }

  get count(): number {
    return this.#total
  }

  /** All durations together, ms. */
  get sum(): number {
    return this.#sum
  }

  /** The duration that a share `q` of all does not exceed, ms; null when there is none. */
  quantile(q: number): number | null {
    if (this.#total === 0) return null
    const wanted = Math.max(1, Math.ceil(q * this.#total))
    let place = 0
    for (let seen = this.#counts[0]!; seen < wanted; seen += this.#counts[place]!) place++
    return place === 0 ? 0 : Math.min(this.#largest, LEAST * 2 ** (place / PER_DOUBLING))
  }

  /** The durations up to each whole doubling of a hundredth of a millisecond: its upper end, ms, and how many are not above. */
  *doublings(): Generator<readonly [ms: number, count: number]> {
    let count = 0
    for (const [place, more] of this.#counts.entries()) {
      count += more
      if (place % PER_DOUBLING === 0) yield [LEAST * 2 ** (place / PER_DOUBLING), count]
    }
  }

  copy(): Histogram {
    return this.since(new Histogram())
  }

  /** What came after `earlier`, a copy of this one. */
  since(earlier: Histogram): Histogram {
    const between = new Histogram()
    for (const [place, count] of this.#counts.entries()) between.#counts[place] = count - earlier.#counts[place]!
    between.#total = this.#total - earlier.#total
    between.#sum = this.#sum - earlier.#sum
    between.#largest = this.#largest
    return between
  }
}
