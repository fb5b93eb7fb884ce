// Other ways to move a sample standard deviation over a series, each as it is commonly written: the last `count` values.

/** The tutorial's: a sum and a sum of squares. */
export function sums(values, count) {
  const result = new Float64Array(values.length)
  let sum = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    sum += value
    squares += value * value
    if (i >= count) {
      const old = values[i - count]
      sum -= old
      squares -= old * old
    }
    const n = Math.min(i + 1, count)
    result[i] = Math.sqrt((squares - (sum * sum) / n) / (n - 1))
  }
  return result
}

/** Welford (1962), and its inverse for what leaves. */
export function welford(values, count) {
  const result = new Float64Array(values.length)
  let n = 0
  let mean = 0
  let m2 = 0
  for (let i = 0; i < values.length; i++) {
    if (i >= count) {
      const old = values[i - count]
      const before = mean
      n--
      mean -= (old - mean) / n
      m2 -= (old - before) * (old - mean)
    }
    const value = values[i]
    const before = mean
    n++
    mean += (value - mean) / n
    m2 += (value - before) * (value - mean)
    result[i] = Math.sqrt(m2 / (n - 1))
  }
  return result
}

/**
 * pandas' (roll_var of 1.5.3): Welford's with Kahan's compensation of the mean, apart for what enters and what leaves, 0
 * where as many values in a row as the window holds are equal, and never the root of less than 0.
 */
export function compensated(values, count) {
  const result = new Float64Array(values.length)
  let n = 0
  let mean = 0
  let m2 = 0
  let same = 0
  let entering = 0
  let leaving = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    same = value === values[i - 1] ? same + 1 : 1
    if (i >= count) {
      const old = values[i - count]
      const before = mean - leaving
      const rest = old - leaving
      const delta = rest - mean
      leaving = delta + mean - rest
      n--
      mean -= delta / n
      m2 -= (old - before) * (old - mean)
    }
    const before = mean - entering
    const rest = value - entering
    const delta = rest - mean
    entering = delta + mean - rest
    n++
    mean += delta / n
    m2 += (value - before) * (value - mean)
    if (n < 2) result[i] = Number.NaN
    else result[i] = same >= n ? 0 : Math.sqrt(Math.max(0, m2) / (n - 1))
  }
  return result
}
