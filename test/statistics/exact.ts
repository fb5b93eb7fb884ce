/** The double as mantissa * 2^exponent, exactly. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const magnitude = biased === 0 ? fraction : fraction | (1n << 52n)
  return { mantissa: bits >> 63n ? -magnitude : magnitude, exponent: Math.max(1, biased) - 1075 }
}

function squareRoot(n: bigint): bigint {
  if (n < 2n) return n
  let x = 1n << BigInt((n.toString(16).length * 4 + 1) >> 1)
  while (true) {
    const y = (x + n / x) >> 1n
    if (y >= x) return x
    x = y
  }
}

/** Sample standard deviation in exact rational arithmetic, rounded once at the end. */
export function exactDeviation(values: ArrayLike<number>): number {
  const n = BigInt(values.length)
  if (n < 2n) return Number.NaN
  const split = Array.from(values, parts)
  const nonzero = split.filter(({ mantissa }) => mantissa !== 0n)
  const unit = Math.min(0, ...nonzero.map(({ exponent }) => exponent))
  let sum = 0n
  let squares = 0n
  for (const { mantissa, exponent } of nonzero) {
    const exact = mantissa << BigInt(exponent - unit)
    sum += exact
    squares += exact * exact
  }
  const scale = 70
  const root = squareRoot(((n * squares - sum * sum) << BigInt(2 * scale)) / (n * (n - 1n)))
  return Number(root) * 2 ** -scale * 2 ** unit
}
