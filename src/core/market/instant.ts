import { DAY, HOUR, MINUTE, parseTime } from './time.ts'

const PLAIN = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\.\d{3}(?:\+08:00)?$/
const SLASHED = /^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)$/
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:\.?(\d{1,9}))?)?)?$/
const SHORT = /^(\d{4}-\d{2}-\d{2}[T ])(\d):/

/** No way of writing a time is longer, spaces around it included. */
const LONGEST = 100
/** Epochs below this are seconds; then come milliseconds, microseconds, nanoseconds, each a thousand times finer. */
const SECONDS_BELOW = 1e11

/**
 * Epoch ms of a time as files and vendors write it: ISO 8601 with or without zone (none: Hong Kong), `2026/11/23 9:30`,
 * `20261123093000`, an epoch in seconds, milliseconds, microseconds or nanoseconds.
 * @returns NaN when it is none of these
 */
export function readInstant(value: unknown): number {
  if (typeof value === 'number') return fromEpoch(value)
  if (typeof value !== 'string' || value.length > LONGEST) return Number.NaN
  if (PLAIN.test(value)) return fromPlain(value)
  const text = value.trim()
  const compact = COMPACT.exec(text)
  if (compact && plausible(compact)) return parseTime(isoOf(compact))
  if (/^\d+(?:\.\d+)?$/.test(text)) return fromEpoch(Number(text))
  const slashed = SLASHED.exec(text)
  const dashed = slashed
    ? `${slashed[1]}-${slashed[2]!.padStart(2, '0')}-${slashed[3]!.padStart(2, '0')}${slashed[4]}`
    : text
  return parseTime(dashed.replace(SHORT, '$10$2:'))
}

function fromEpoch(value: number): number {
  if (!Number.isFinite(value)) return Number.NaN
  let epoch = value
  if (Math.abs(epoch) < SECONDS_BELOW) epoch *= 1000
  while (Math.abs(epoch) >= SECONDS_BELOW * 1000) epoch /= 1000
  return Math.floor(epoch)
}

function plausible([, year, month]: RegExpExecArray): boolean {
  return Number(year) >= 1980 && Number(year) < 2100 && Number(month) >= 1 && Number(month) <= 12
}

function isoOf([, year, month, day, hour, minute, second = '00', fraction = '0']: RegExpExecArray): string {
  const date = `${year}-${month}-${day}`
  return hour === undefined ? date : `${date} ${hour}:${minute}:${second}.${fraction}`
}

let knownDay = ''
let knownMidnight = 0

/** The form hkq itself writes, millions of times: digits by position, the day looked up. */
function fromPlain(text: string): number {
  const day = text.slice(0, 10)
  if (day !== knownDay) {
    knownMidnight = parseTime(day)
    knownDay = day
  }
  const hours = two(text, 11)
  const minutes = two(text, 14)
  const seconds = two(text, 17)
  if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN
  const inDay = hours * HOUR + minutes * MINUTE + seconds * 1000 + two(text, 20) * 10 + text.charCodeAt(22) - 48
  return inDay < DAY ? knownMidnight + inDay : Number.NaN
}

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}
