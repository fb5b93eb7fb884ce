/**
 * Sample standard deviation of the last `count` values, for each value: exact, rounded once. Doubles are whole numbers of
 * a common unit, and whole numbers add and take off without loss.
 * @returns aligned with `values`; NaN below two
 */
export function exactDeviations(values, count) {
  const unit = Math.min(...Array.from(values, exponentOf))
  const whole = Array.from(values, (value) => wholeOf(value, unit))
  const result = new Float64Array(values.length)
  let sum = 0n
  let squares = 0n
  whole.forEach((value, i) => {
    sum += value
    squares += value * value
    if (i >= count) {
      sum -= whole[i - count]
      squares -= whole[i - count] ** 2n
    }
    const n = BigInt(Math.min(i + 1, count))
    result[i] = n < 2n ? Number.NaN : rootOf(n * squares - sum * sum, n * (n - 1n)) * 2 ** unit
  })
  return result
}

/** The exponent of the last bit of the double's significand; 0 for 0. */
function exponentOf(value) {
  if (value === 0) return 0
  const biased = Number((bitsOf(value) >> 52n) & 0x7ffn)
  return Math.max(1, biased) - 1075
}

function wholeOf(value, unit) {
  if (value === 0) return 0n
  const bits = bitsOf(value)
  const fraction = bits & 0xfffffffffffffn
  const significand = ((bits >> 52n) & 0x7ffn) === 0n ? fraction : fraction | (1n << 52n)
  return (bits >> 63n ? -significand : significand) << BigInt(exponentOf(value) - unit)
}

const VIEW = new DataView(new ArrayBuffer(8))
function bitsOf(value) {
  VIEW.setFloat64(0, value)
  return VIEW.getBigUint64(0)
}

/** The square root of a fraction, right to more bits than a double has. */
function rootOf(numerator, denominator) {
  const scale = 70n
  return Number(integerRoot((numerator << (2n * scale)) / denominator)) * 2 ** -Number(scale)
}

function integerRoot(n) {
  if (n < 2n) return n
  let x = 1n << BigInt((n.toString(16).length * 4 + 1) >> 1)
  while (true) {
    const y = (x + n / x) >> 1n
    if (y >= x) return x
    x = y
  }
}
