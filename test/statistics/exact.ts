/** The double as an exact integer in units of 2^-1074. */
function units(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & 0xfffffffffffffn
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return bits >> 63n ? -magnitude : magnitude
}

function squareRoot(n: bigint): bigint {
  if (n < 2n) return n
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1)
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
  let sum = 0n
  let squares = 0n
  for (let i = 0; i < values.length; i++) {
    const unit = units(values[i]!)
    sum += unit
    squares += unit * unit
  }
  const scale = 200n
  const variance = ((n * squares - sum * sum) << (2n * scale)) / (n * (n - 1n))
  const root = squareRoot(variance)
  const shift = BigInt(Math.max(0, root.toString(2).length - 64))
  return Number(root >> shift) * 2 ** (Number(shift - scale) - 1074 + 537) * 2 ** -537
}
