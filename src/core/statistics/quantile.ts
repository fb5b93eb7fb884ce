import { HkqError } from '../errors.ts'

/**
 * The quantile with linear interpolation (Hyndman and Fan, type 7; the default of R, numpy and pandas). NaN entries are
 * left out; the input is not changed. Source: Hyndman, Fan (1996), Sample Quantiles in Statistical Packages.
 * @param values in any order
 * @param q 0 to 1
 * @returns in the unit of the values; NaN without any
 * @throws HkqError E_USAGE unless 0 <= q <= 1
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  checkQuantile(q)
  const copy = new Float64Array(values.length)
  let n = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isNaN(value)) copy[n++] = value
  }
  if (n === 0) return Number.NaN
  const h = q * (n - 1)
  const k = Math.floor(h)
  const low = select(copy, n, k)
  if (k === h) return low
  let high = Number.POSITIVE_INFINITY
  for (let i = k + 1; i < n; i++) if (copy[i]! < high) high = copy[i]!
  return interpolate(low, high, h - k)
}

/** As `quantile`, of values in ascending order without NaN, in constant time. */
export function quantileOfSorted(values: ArrayLike<number>, q: number): number {
  if (values.length === 0) return Number.NaN
  const h = q * (values.length - 1)
  const k = Math.floor(h)
  return k === h ? values[k]! : interpolate(values[k]!, values[k + 1]!, h - k)
}

/** The median: quantile 0.5. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/** `low` at share 0, `high` at share 1, exact where both are equal. */
export function interpolate(low: number, high: number, share: number): number {
  return share === 0 || low === high ? low : low + (high - low) * share
}

/** @throws HkqError E_USAGE unless 0 <= q <= 1 */
export function checkQuantile(q: number): void {
  if (!(q >= 0 && q <= 1)) throw new HkqError('E_USAGE', `quantile "${q}" is not between 0 and 1, e.g. 0.9`)
}

/**
 * Hoare's selection among the first `n` entries, in linear time: afterwards a[k] is the k-th smallest (from 0), none after
 * it is smaller and none before it larger.
 * @returns a[k]
 */
export function select(a: Float64Array, n: number, k: number): number {
  let left = 0
  let right = n - 1
  while (left < right) {
    const pivot = medianOfThree(a[left]!, a[(left + right) >> 1]!, a[right]!)
    let i = left
    let j = right
    while (i <= j) {
      while (a[i]! < pivot) i++
      while (a[j]! > pivot) j--
      if (i <= j) {
        const swap = a[i]!
        a[i++] = a[j]!
        a[j--] = swap
      }
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else return a[k]!
  }
  return a[k]!
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
