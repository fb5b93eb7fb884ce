import { HkqError } from '../core/errors.ts'
import { DAY, dayNumber, dayStart, HOUR, MINUTE, parseTime } from '../core/market/time.ts'
import { nearest } from '../core/nearest.ts'

/** Reads one option value. Throws HkqError E_USAGE with the value in quotes and what is accepted. */
export type Parser<T> = (text: string) => T

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: MINUTE, h: HOUR, d: DAY }
const UNIT_SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^milli/i, 'ms'],
  [/^se?c?/i, 's'],
  [/^mi?n?/i, 'm'],
  [/^ho?u?r?/i, 'h'],
  [/^da?y?/i, 'd'],
]

/** `100ms`, `30s`, `5m`, `1.5h`, `1d` as milliseconds, above 0. A day is 24 hours here. */
export function duration(text: string): number {
  const m = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  const ms = m ? Math.round(Number(m[1]) * UNITS[m[2]!]!) : 0
  if (ms > 0 && ms <= Number.MAX_SAFE_INTEGER) return ms
  throw refused('duration', text, durationSlip(text), 'use a number above 0 and ms, s, m, h or d, e.g. 5m')
}

function durationSlip(text: string): string | undefined {
  const m = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  if (!m || Number(m[1]) === 0) return undefined
  const unit = UNIT_SLIPS.find(([slip]) => slip.test(m[2]!))?.[1]
  return unit ? `${m[1]}${unit}` : undefined
}

/** A rolling window: wall-clock or trading time in milliseconds, or a number of ticks. */
export type Window = { readonly ms: number } | { readonly ticks: number }

/** `30m` is a window of time, `1800t` one of 1800 ticks (at least 2). */
export function window(text: string): Window {
  const ticks = /^(\d+)t$/.exec(text.trim())
  if (!ticks) {
    try {
      return { ms: duration(text) }
    } catch {
      throw refused(
        'window',
        text,
        durationSlip(text),
        'use a duration such as 30m, or a number of ticks such as 1800t',
      )
    }
  }
  const count = Number(ticks[1])
  if (count >= 2 && Number.isSafeInteger(count)) return { ticks: count }
  throw refused('window', text, undefined, 'a window of ticks needs at least 2, e.g. 1800t')
}

/**
 * Length of a bar in milliseconds, 1s to 1d: seconds that divide a minute, or whole minutes. `1d` is one trading day and
 * comes back as 86,400,000.
 */
export function interval(text: string): number {
  const accepted = 'use 1s to 1d: seconds that divide a minute (1s 5s 10s 30s) or whole minutes (1m 5m 15m 1h), or 1d'
  let ms: number
  try {
    ms = duration(text)
  } catch {
    throw refused('interval', text, durationSlip(text), accepted)
  }
  const whole = ms < MINUTE ? ms % 1_000 === 0 && MINUTE % ms === 0 : ms % MINUTE === 0
  if (whole && ms < DAY) return ms
  if (ms === DAY && text.trim() === '1d') return ms
  throw refused('interval', text, ms === DAY ? '1d' : undefined, accepted)
}

/** `20d`: a number of trading days. */
export function tradingDays(text: string): number {
  const days = Number(/^(\d{1,4})d$/.exec(text.trim())?.[1] ?? 0)
  if (days > 0) return days
  const slip = /^[1-9]\d{0,3}$/.test(text.trim()) ? `${text.trim()}d` : undefined
  throw refused('number of trading days', text, slip, 'use whole days, e.g. 20d')
}

/**
 * A moment in epoch milliseconds: `2026-11-23` (its midnight), `2026-11-23T09:30`, `09:30` (today), `-2h` (before now),
 * `now`. Without a zone it means Hong Kong.
 * @param now what `now` is, epoch ms
 */
export function time(text: string, now: number): number {
  const trimmed = text.trim()
  if (trimmed === 'now') return now
  if (/^-\d/.test(trimmed)) {
    try {
      return now - duration(trimmed.slice(1))
    } catch {
      // Not a duration either: fall through to the one message about times.
    }
  }
  const clock = /^(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed)
  const [, h = 0, m = 0, s = 0] = clock ?? []
  if (clock && +h < 24 && +m < 60 && +s < 60) return dayStart(dayNumber(now)) + +h * HOUR + +m * MINUTE + +s * 1_000
  const moment = parseTime(trimmed)
  if (!Number.isNaN(moment)) return moment
  throw refused('time', text, timeSlip(trimmed), 'use 2026-11-23, 2026-11-23T09:30, 09:30, -2h or now (Hong Kong time)')
}

function timeSlip(text: string): string | undefined {
  const clock = /^(\d):(\d{2})$/.exec(text)
  if (clock && +clock[2]! < 60) return `0${text}`
  const date = /^(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})$/.exec(text)
  const iso = date && `${date[1]}-${date[2]!.padStart(2, '0')}-${date[3]!.padStart(2, '0')}`
  if (iso && iso !== text && !Number.isNaN(parseTime(iso))) return iso
  return nearest(text, ['now'])
}

/** When to stop: `close`, or a moment as time reads it. */
export function until(text: string, now: number): 'close' | number {
  if (text.trim() === 'close') return 'close'
  if (nearest(text, ['close'])) throw refused('time', text, 'close', 'use close or a time such as 16:15')
  return time(text, now)
}

/** `20%` or `0.2` as a fraction above 0, `off` as false. */
export function percentOrOff(text: string): number | false {
  const trimmed = text.trim()
  if (trimmed === 'off') return false
  const m = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(trimmed)
  const fraction = m ? (m[2] ? Number(m[1]) / 100 : Number(m[1])) : 0
  if (m && fraction > 0 && (m[2] || fraction <= 1)) return fraction
  const slip = m && fraction > 1 ? `${trimmed}%` : nearest(trimmed, ['off'])
  throw refused('percentage', text, slip, 'use 20%, 0.2 or off')
}

/** A whole number from `min` to `max`, both allowed. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER, what = 'number'): Parser<number> {
  const range =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} up` : `a whole number from ${min} to ${max}`
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw refused(what, text, undefined, `use ${range}`)
  }
}

/** A TCP port; 0 takes any free one. */
export const port: Parser<number> = integer(0, 65_535, 'port')

/** A port, or `off` as false. */
export function portOrOff(text: string): number | false {
  if (text.trim() === 'off') return false
  if (/^\d+$/.test(text.trim())) return port(text)
  throw refused('port', text, nearest(text, ['off']), 'use a whole number from 0 to 65535, or off')
}

/** Where to listen: a port of loopback, or `HOST:PORT`; an IPv6 host stands in brackets. Port 0 takes any free one. */
export function listenPlace(text: string): { host: string; port: number } {
  const trimmed = text.trim()
  if (/^\d+$/.test(trimmed)) return { host: '127.0.0.1', port: port(trimmed) }
  const [, host, number] = /^(\[[\da-f:.]+\]|[\w.-]+):(\d+)$/i.exec(trimmed) ?? []
  if (host !== undefined) return { host: host.replace(/^\[|\]$/g, ''), port: port(number!) }
  throw refused('port', text, undefined, 'use a port such as 9464, or HOST:PORT')
}

/** A plain decimal number above 0, such as a ratio. */
export function positive(what = 'number'): Parser<number> {
  return (text) => {
    const value = decimal(text)
    if (value > 0) return value
    throw refused(what, text, undefined, 'use a number above 0, e.g. 1.5')
  }
}

/** A quantile strictly between 0 and 1. */
export function quantile(text: string): number {
  const value = decimal(text)
  if (value > 0 && value < 1) return value
  const slip = value >= 50 && value < 100 ? String(value / 100) : undefined
  throw refused('quantile', text, slip, 'use a number between 0 and 1, e.g. 0.9')
}

function decimal(text: string): number {
  return /^(\d+(\.\d*)?|\.\d+)$/.test(text.trim()) ? Number(text) : Number.NaN
}

/** One of `words`. */
export function choice<const T extends string>(what: string, words: readonly T[]): Parser<T> {
  return (text) => {
    const found = words.find((word) => word === text.trim())
    if (found !== undefined) return found
    const slip = words.find((word) => word.toLowerCase() === text.trim().toLowerCase()) ?? nearest(text, words)
    throw refused(what, text, slip, `use ${either(words)}`)
  }
}

/** Several of `words` between commas, or `all`; given again it adds. */
export function choices<const T extends string>(
  what: string,
  words: readonly T[],
): (text: string, previous?: readonly T[]) => readonly T[] {
  const one = choice(what, [...words, 'all'])
  return (text, previous = []) => {
    const named = text.split(',').map(one)
    return named.includes('all') ? words : [...new Set([...previous, ...(named as T[])])]
  }
}

/** A time zone by its IANA name. */
export function timeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text.trim() }).resolvedOptions().timeZone
  } catch {
    const slip = nearest(text, ['Asia/Hong_Kong', ...Intl.supportedValuesOf('timeZone')])
    throw refused('time zone', text, slip, 'use an IANA name, e.g. Asia/Hong_Kong or UTC')
  }
}

/** An option that may be given several times: each value is read by `parse`, in order. Give it no default. */
export function repeated<T>(parse: Parser<T>): (text: string, previous: readonly T[] | undefined) => readonly T[] {
  return (text, previous) => [...(previous ?? []), parse(text)]
}

function refused(what: string, text: string, slip: string | undefined, accepted: string): HkqError {
  const shown = text.replace(/[^\x20-\x7e\u00a1-\u00ac\u00ae-\u1fff\u3000-\ud7ff]/g, '?').slice(0, 60)
  const hint =
    slip === undefined ? accepted : `did you mean "${slip}"? ${accepted[0]!.toUpperCase()}${accepted.slice(1)}`
  return new HkqError('E_USAGE', `unknown ${what} "${shown}": ${hint}`)
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
