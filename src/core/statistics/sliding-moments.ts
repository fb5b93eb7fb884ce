/** Rebuilt when the sum of squares has fallen below this share of its largest: beyond it the lost digits would show. */
const FALLEN = 1e-10
/** Rebuilt when the squared distance of mean and pivot exceeds this many times the variance. */
const FAR = 100

/**
 * Mean and deviation of a window that slides over a series: values go in at one end and out at the other, each in
 * amortised constant time and without allocation. Kept as sums of deviations from a pivot inside the window, the rounding
 * error of every addition summed beside them (Ogita, Rump, Oishi 2005: twice the working precision), and rebuilt from the
 * window's values when digits have been lost: relative error about 1e-13 at any level, also after an outlier has left.
 * Where all values are equal the rebuilt pivot is that value, and the deviation exactly 0. A value that is not finite
 * keeps its place in the window and counts for nothing, as in pandas.
 */
export class SlidingMoments {
  /** Finite values in the window. */
  n = 0
  #values: Float64Array
  #times: Float64Array
  #mask: number
  #head = 0
  #tail = 0
  #pivot = 0
  #sum = 0
  #sumLow = 0
  #squares = 0
  #squaresLow = 0
  #largest = 0

  /** @param capacity first size of the ring; it grows as the window does */
  constructor(capacity = 1024) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)))
    this.#values = new Float64Array(size)
    this.#times = new Float64Array(size)
    this.#mask = size - 1
  }

  /** A window that slides over a series at hand, which it does not copy: it begins empty, and `next` takes the series' next entry in. */
  static over(values: Float64Array, times: Float64Array = values): SlidingMoments {
    const window = new SlidingMoments(2)
    window.#values = values
    window.#times = times
    window.#mask = 2 ** 31 - 1
    return window
  }

  /** Entries in the window, finite or not. */
  get length(): number {
    return this.#tail - this.#head
  }

  push(value: number, time = 0): void {
    if (this.#tail - this.#head > this.#mask) this.#grow()
    const slot = this.#tail & this.#mask
    this.#values[slot] = value
    this.#times[slot] = time
    this.next()
  }

  /** Takes in the entry that lies behind the window's newest one. */
  next(): void {
    const value = this.#values[this.#tail++ & this.#mask]!
    if (value - value !== 0) return
    if (this.n++ === 0) this.#restart(value)
    const d = value - this.#pivot
    this.#accumulate(d, d * d)
    if (this.#squares > this.#largest) this.#largest = this.#squares
  }

  /** Takes the oldest entry out. */
  shift(): void {
    const value = this.#values[this.#head++ & this.#mask]!
    if (value - value !== 0) return
    this.n--
    const d = value - this.#pivot
    this.#accumulate(-d, -(d * d))
  }

  /** Takes out the entries with time <= `time`, the older end of a window (time, now]. */
  shiftUntil(time: number): void {
    while (this.#head < this.#tail && this.#times[this.#head & this.#mask]! <= time) this.shift()
  }

  clear(): void {
    this.#head = this.#tail
    this.n = 0
  }

  /** NaN without values. */
  get mean(): number {
    if (this.n === 0) return Number.NaN
    this.#deviations()
    return this.#pivot + (this.#sum + this.#sumLow) / this.n
  }

  /** Divisor n - 1; NaN below two values, 0 exactly when all are equal. */
  get sampleVariance(): number {
    if (this.n < 2) return Number.NaN
    return this.#deviations() / (this.n - 1)
  }

  get sampleStandardDeviation(): number {
    return Math.sqrt(this.sampleVariance)
  }

  /** Sum of squared deviations from the mean, after a rebuild where one is due. */
  #deviations(): number {
    const sum = this.#sum + this.#sumLow
    const square = (sum * sum) / this.n
    const deviations = this.#squares - square + this.#squaresLow
    if (this.#squares >= FALLEN * this.#largest && square <= FAR * deviations) return deviations
    return this.#rebuild()
  }

  /** Sum of squared deviations after a new start around the window's own mean. */
  #rebuild(): number {
    const values = this.#values
    let origin = Number.NaN
    let offset = 0
    for (let i = this.#head; i < this.#tail; i++) {
      const value = values[i & this.#mask]!
      if (value - value !== 0) continue
      if (Number.isNaN(origin)) origin = value
      offset += (value - origin) / this.n
    }
    this.#restart(origin + offset)
    for (let i = this.#head; i < this.#tail; i++) {
      const d = values[i & this.#mask]! - this.#pivot
      if (d - d === 0) this.#accumulate(d, d * d)
    }
    this.#largest = this.#squares
    const sum = this.#sum + this.#sumLow
    return Math.max(0, this.#squares - (sum * sum) / this.n + this.#squaresLow)
  }

  #restart(pivot: number): void {
    this.#pivot = pivot
    this.#sum = 0
    this.#sumLow = 0
    this.#squares = 0
    this.#squaresLow = 0
    this.#largest = 0
  }

  /**
   * Knuth's error-free addition: each sum and its errors beside it. They are not joined at every step: the next addition
   * would have to wait for that.
   */
  #accumulate(d: number, dd: number): void {
    const high = this.#sum + d
    const part = high - this.#sum
    this.#sumLow += this.#sum - (high - part) + (d - part)
    this.#sum = high
    const high2 = this.#squares + dd
    const part2 = high2 - this.#squares
    this.#squaresLow += this.#squares - (high2 - part2) + (dd - part2)
    this.#squares = high2
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2
    const values = new Float64Array(size)
    const times = new Float64Array(size)
    const length = this.length
    for (let i = 0; i < length; i++) {
      values[i] = this.#values[(this.#head + i) & this.#mask]!
      times[i] = this.#times[(this.#head + i) & this.#mask]!
    }
    this.#values = values
    this.#times = times
    this.#mask = size - 1
    this.#head = 0
    this.#tail = length
  }
}
