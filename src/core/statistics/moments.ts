/**
 * Count, mean and sum of squared deviations of a set of numbers. A value: `add` and `merge` return nothing lost, and
 * merging is the same as adding the other set's numbers one by one. Source: Chan, Golub, LeVeque (1983).
 */
export class Moments {
  n = 0
  /** In the unit of the numbers; 0 without any. */
  mean = 0
  /** Sum of squared deviations from the mean. */
  m2 = 0

  /** The moments of all `values`. */
  static of(values: Iterable<number>): Moments {
    const moments = new Moments()
    for (const value of values) moments.add(value)
    return moments
  }

  /** Takes one more number in; one that is not finite spoils the moments. */
  add(value: number): this {
    const delta = value - this.mean
    this.n++
    this.mean += delta / this.n
    this.m2 += delta * (value - this.mean)
    return this
  }

  /** The moments of the union of two disjoint sets; neither is changed. */
  merge(other: Moments): Moments {
    const union = new Moments()
    union.n = this.n + other.n
    if (union.n === 0) return union
    const delta = other.mean - this.mean
    union.mean = this.mean + (delta * other.n) / union.n
    union.m2 = this.m2 + other.m2 + (delta * delta * this.n * other.n) / union.n
    return union
  }

  /** Divisor n - 1; NaN below two values. */
  get sampleVariance(): number {
    return this.n < 2 ? Number.NaN : this.m2 / (this.n - 1)
  }

  /** Divisor n; NaN without values. */
  get populationVariance(): number {
    return this.n < 1 ? Number.NaN : this.m2 / this.n
  }

  /** Root of the sample variance, in the unit of the numbers; NaN below two values. */
  get sampleStandardDeviation(): number {
    return Math.sqrt(this.sampleVariance)
  }
}
