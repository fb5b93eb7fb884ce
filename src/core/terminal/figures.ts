/** What stands where there is no figure. */
export const NONE = '–'

/** No figure: unknown, or NaN as the prices of an empty bar are. */
function missing(value: number | null): value is null {
  return value === null || !Number.isFinite(value)
}

/** A price with two decimals, three where it has them or is below 0.50 (`0.440`, `412.20`, `24,310.55`). */
export function price(value: number | null): string {
  if (missing(value)) return NONE
  const text = value.toFixed(3)
  return group(text.endsWith('0') && Math.abs(value) >= 0.5 ? text.slice(0, -1) : text)
}

/** A computed price, always with three decimals. */
export function finePrice(value: number | null): string {
  return fixed(value, 3)
}

/** A number with so many decimals, its thousands apart: `24,310.50`. */
export function fixed(value: number | null, decimals: number): string {
  return missing(value) ? NONE : group(value.toFixed(decimals))
}

/** A difference of prices with its sign: `+4.60`. */
export function change(value: number | null): string {
  return missing(value) ? NONE : signed(value, decimals(Math.abs(value)))
}

/** A difference of two prices: two decimals, three where it has them. */
export function spread(value: number | null): string {
  return missing(value) ? NONE : (value < 0 ? '-' : '') + decimals(Math.abs(value))
}

function decimals(value: number): string {
  const text = value.toFixed(3)
  return group(text.endsWith('0') ? text.slice(0, -1) : text)
}

/** A fraction as a signed percentage: 0.0125 is `+1.25%`. */
export function changePercent(fraction: number | null): string {
  return missing(fraction) ? NONE : signed(fraction, `${(Math.abs(fraction) * 100).toFixed(2)}%`)
}

function signed(value: number, text: string): string {
  if (!/[1-9]/.test(text)) return text
  return (value < 0 ? '-' : '+') + text
}

/** A fraction as a percentage of about three digits: 0.384 is `38.4%`, 0.000123 is `0.0123%`. */
export function percent(fraction: number | null): string {
  if (missing(fraction)) return NONE
  const value = fraction * 100
  const digits = value === 0 ? 1 : Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return `${value.toFixed(digits)}%`
}

/** A share of a whole as a percentage with one decimal: 0.0825 is `8.3%`. */
export function share(fraction: number | null): string {
  return missing(fraction) ? NONE : `${(fraction * 100).toFixed(1)}%`
}

/** A ratio with two decimals and its sign: `1.92x`. */
export function ratio(value: number | null): string {
  return missing(value) ? NONE : `${value.toFixed(2)}x`
}

/** A whole number with its thousands apart: `49,830`. */
export function count(value: number | null): string {
  return missing(value) ? NONE : group(String(Math.round(value)))
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
]

/** A large amount in four or five places: `9,800`, `12.4K`, `3.21M`, `1.05B`. */
export function amount(value: number | null): string {
  if (missing(value)) return NONE
  const size = Math.abs(value)
  if (size < 9_999.5)
    return group(size < 100 && !Number.isInteger(value) ? value.toFixed(2) : String(Math.round(value)))
  const [unit, letter] = UNITS.find(([least]) => size >= least * 0.99995)!
  const scaled = value / unit
  const digits = Math.abs(scaled) < 9.995 ? 2 : Math.abs(scaled) < 99.95 ? 1 : 0
  return scaled.toFixed(digits) + letter
}

/** Bytes as `1.4 MB`, in powers of 1000. */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`
  const [unit, letter] = [...UNITS].find(([least]) => value >= least)!
  return `${(value / unit).toFixed(1)} ${letter === 'K' ? 'k' : letter === 'B' ? 'G' : letter}B`
}

/** A time span in whole units: `12s`, `3m`, `2h`, `5d`. */
export function age(ms: number): string {
  if (ms < 60_000) return `${Math.max(0, Math.floor(ms / 1_000))}s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m`
  return ms < 86_400_000 ? `${Math.floor(ms / 3_600_000)}h` : `${Math.floor(ms / 86_400_000)}d`
}

/** Milliseconds as measured: `0.84 ms`, `12.3 ms`, `1.25 s`. */
export function milliseconds(ms: number | null): string {
  if (missing(ms)) return NONE
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`
  return `${ms.toFixed(ms < 1 ? 2 : ms < 100 ? 1 : 0)} ms`
}

function group(text: string): string {
  const point = text.indexOf('.')
  const whole = point === -1 ? text : text.slice(0, point)
  if (whole.length < 4) return text
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (point === -1 ? '' : text.slice(point))
}
