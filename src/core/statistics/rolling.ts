import { HkqError } from '../errors.ts'
import { SlidingMoments } from './sliding-moments.ts'

/** Loops over millions of entries run in calls of this many: longer ones stay in slower code. */
const CHUNK = 4096

/**
 * Sample standard deviation over the time window (t - windowMs, t], of equal times only the entries up to and including
 * this one: pandas' `rolling('30min').std()`. Values that are not finite are left out. Agrees with an exact computation to
 * 1e-9 relative at any level and after any outlier: see SlidingMoments for the sums.
 * @param times epoch ms, never falling
 * @param values in any unit, as many as times
 * @param windowMs length of the window, ms
 * @returns aligned with `values`, in their unit; NaN below two values; exactly 0 where all are equal
 * @throws HkqError E_USAGE for lengths that differ, or a window that is not positive
 */
export function rollingStandardDeviation(times: Float64Array, values: Float64Array, windowMs: number): Float64Array {
  if (times.length !== values.length) {
    throw new HkqError('E_USAGE', `times and values differ in length: "${times.length}" and "${values.length}"`)
  }
  if (!(windowMs > 0)) throw new HkqError('E_USAGE', `window "${windowMs}" is not a positive number of milliseconds`)
  const result = new Float64Array(values.length)
  const window = SlidingMoments.over(values, times)
  for (let from = 0; from < values.length; from += CHUNK) {
    byTime(window, times, windowMs, result, from, Math.min(values.length, from + CHUNK))
  }
  return result
}

function byTime(
  window: SlidingMoments,
  times: Float64Array,
  windowMs: number,
  result: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    window.shiftUntil(times[i]! - windowMs)
    window.next()
    result[i] = window.sampleStandardDeviation
  }
}

/**
 * As rollingStandardDeviation, over the last `count` entries (an entry that is not finite keeps its place): pandas'
 * `rolling(count, min_periods=2).std()`.
 * @param values in any unit
 * @param count entries in a window, a positive integer
 * @returns aligned with `values`, in their unit; NaN below two finite values; exactly 0 where all are equal
 * @throws HkqError E_USAGE for a count that is no positive integer
 */
export function rollingStandardDeviationByCount(values: Float64Array, count: number): Float64Array {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new HkqError('E_USAGE', `window "${count}" is not a positive number of entries`)
  }
  const result = new Float64Array(values.length)
  const window = SlidingMoments.over(values)
  for (let from = 0; from < values.length; from += CHUNK) {
    byCount(window, count, result, from, Math.min(values.length, from + CHUNK))
  }
  return result
}

function byCount(window: SlidingMoments, count: number, result: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (i >= count) window.shift()
    window.next()
    result[i] = window.sampleStandardDeviation
  }
}
