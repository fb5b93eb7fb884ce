/** Hong Kong is UTC+8 all year: no daylight saving since 1979, so an offset is the whole time zone. */
export const HKT_OFFSET = 8 * 3_600_000
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000
/** The last millisecond of the year 9999 of Hong Kong: beyond it a time has no four-digit year. */
export const LAST_TIME = 253_402_271_999_999

/** Days since 1970-01-01 of the Hong Kong calendar day that contains `time` (epoch ms). */
export function dayNumber(time: number): number {
  return Math.floor((time + HKT_OFFSET) / DAY)
}

/** Epoch ms of Hong Kong midnight that opens day `number`. */
export function dayStart(number: number): number {
  return number * DAY - HKT_OFFSET
}

/** Milliseconds since Hong Kong midnight. */
export function timeOfDay(time: number): number {
  return time + HKT_OFFSET - Math.floor((time + HKT_OFFSET) / DAY) * DAY
}

/** `2026-11-23`, the Hong Kong day of `time`. */
export function formatDate(time: number): string {
  return new Date(time + HKT_OFFSET).toISOString().slice(0, 10)
}

/** The minute that was written last, since most times are of the same as the one before. */
let latest = { minute: Number.NaN, text: '' }

/** `2026-11-23T09:30:00.000+08:00`. */
export function formatIso(time: number): string {
  const local = Math.trunc(time + HKT_OFFSET)
  const minute = Math.floor(local / MINUTE)
  if (minute !== latest.minute) latest = { minute, text: new Date(minute * MINUTE).toISOString().slice(0, -7) }
  const rest = String(100_000 + local - minute * MINUTE)
  return `${latest.text}${rest.slice(1, 3)}.${rest.slice(3)}+08:00`
}

/** `2026-11-23 09:30:00.000`, Hong Kong local, as the `ticks` view has it. */
export function formatLocal(time: number): string {
  return new Date(time + HKT_OFFSET).toISOString().slice(0, 23).replace('T', ' ')
}

/** `09:30:00`, Hong Kong local. */
export function formatClock(time: number): string {
  return new Date(time + HKT_OFFSET).toISOString().slice(11, 19)
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/

/**
 * Epoch ms of an ISO-like text; without a zone it means Hong Kong. Fractions beyond milliseconds are cut.
 * @returns NaN when the text is not a time
 */
export function parseTime(text: string): number {
  const m = LOCAL.exec(text)
  if (!m) return Number.NaN
  const [, y, mo, d, h = '00', mi = '00', s = '00', fraction = '', zone] = m
  const utc = Date.UTC(+y!, +mo! - 1, +d!, +h, +mi, +s, +fraction.slice(0, 3).padEnd(3, '0'))
  const back = new Date(utc)
  if (back.getUTCMonth() !== +mo! - 1 || back.getUTCDate() !== +d! || +h > 23 || +mi > 59 || +s > 59) return Number.NaN
  if (zone === undefined) return utc - HKT_OFFSET
  if (zone === 'Z') return utc
  const sign = zone.startsWith('-') ? -1 : 1
  return utc - sign * (+zone.slice(1, 3) * 60 + +zone.slice(-2)) * MINUTE
}
