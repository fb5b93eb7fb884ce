import { isChinese, language } from './texts/texts.ts'

/** What stands where there is no figure. */
export const NONE = '–'

/** A price with so many decimals, its thousands apart: `24,310.50`. */
export function price(value: number | null, decimals: number): string {
  if (value === null || !Number.isFinite(value)) return NONE
  const text = value.toFixed(decimals)
  return group(/[1-9]/.test(text) ? text : text.replace('-', ''))
}

/** A difference of prices with its sign: `+4.60`. */
export function change(value: number | null, decimals: number): string {
  return value === null ? NONE : signed(value, group(Math.abs(value).toFixed(decimals)))
}

/** A fraction as a signed percentage: 0.0125 is `+1.25%`. */
export function changePercent(fraction: number | null): string {
  return fraction === null ? NONE : signed(fraction, `${(Math.abs(fraction) * 100).toFixed(2)}%`)
}

/** A fraction as a percentage of about three digits: 0.000123 is `0.0123%`. */
export function percent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return NONE
  const value = fraction * 100
  const digits = value === 0 ? 1 : Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return `${value.toFixed(digits)}%`
}

/** A share of a whole: 0.0825 is `8%`. */
export function share(fraction: number | null): string {
  return fraction === null ? NONE : `${Math.round(fraction * 100)}%`
}

/** `1.92×`. */
export function ratio(value: number | null): string {
  return value === null ? NONE : `${value.toFixed(2)}×`
}

/** A whole number with its thousands apart. */
export function count(value: number | null): string {
  return value === null ? NONE : group(String(Math.round(value)))
}

type Unit = readonly [size: number, letter: string]
const ENGLISH: readonly Unit[] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
]
const TRADITIONAL: readonly Unit[] = [
  [1e12, '萬億'],
  [1e8, '億'],
  [1e4, '萬'],
]
const SIMPLIFIED: readonly Unit[] = [
  [1e12, '万亿'],
  [1e8, '亿'],
  [1e4, '万'],
]

/** A large amount in few places, in the units of the language: `9,800`, `12.4K`, `1.05億`. */
export function amount(value: number | null): string {
  if (value === null) return NONE
  const size = Math.abs(value)
  if (size < 9_999.5) return group(String(Math.round(value)))
  const units = !isChinese() ? ENGLISH : language() === 'zh-Hans' ? SIMPLIFIED : TRADITIONAL
  const [unit, letter] = units.find(([least]) => size >= least * 0.99995)!
  const scaled = value / unit
  const digits = Math.abs(scaled) < 9.995 ? 2 : Math.abs(scaled) < 99.95 ? 1 : 0
  return group(scaled.toFixed(digits)) + letter
}

/** Bytes in powers of 1000: `1.4 GB`. */
export function bytes(value: number | null): string {
  if (value === null) return NONE
  const [unit, letter] = ([...ENGLISH].find(([least]) => value >= least) ?? [1, '']) as Unit
  return `${(value / unit).toFixed(unit === 1 ? 0 : 1)} ${letter === 'B' ? 'G' : letter === 'K' ? 'k' : letter}B`
}

const LONG: readonly Unit[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
]

/** `0.8 ms`, `12 ms`, `1.25 s`, `15.0 min`, `3.2 d`. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return NONE
  const long = LONG.find(([unit]) => Math.abs(ms) >= 2 * unit)
  if (long) return `${(ms / long[0]).toFixed(1)} ${long[1]}`
  return Math.abs(ms) >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${ms.toFixed(Math.abs(ms) < 9.95 ? 1 : 0)} ms`
}

/** Decimals that prices need to be told as they are: two, or three where one has a third. */
export function decimalsOf(prices: Iterable<number | null>): 2 | 3 {
  for (const value of prices) if (value !== null && Math.round(value * 1000) % 10 !== 0) return 3
  return 2
}

/** `▲` above zero, `▼` below: what colour tells, told without. */
export function arrow(value: number | null): string {
  return value === null || value === 0 ? '' : value > 0 ? '▲' : '▼'
}

/** What a change is painted in. */
export type Tone = 'up' | 'down' | 'flat'

export function tone(value: number | null): Tone {
  return value === null || value === 0 ? 'flat' : value > 0 ? 'up' : 'down'
}

function signed(value: number, text: string): string {
  return /[1-9]/.test(text) ? (value < 0 ? '−' : '+') + text : text
}

function group(text: string): string {
  const point = text.indexOf('.')
  const whole = point === -1 ? text : text.slice(0, point)
  if (whole.length < 4) return text
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (point === -1 ? '' : text.slice(point))
}
