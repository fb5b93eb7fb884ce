import { dayNumber, formatClock, formatDate, HKT_OFFSET } from '../core/market/time.ts'
import { isChinese } from './texts/texts.ts'

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `10:30:05`, Hong Kong. */
export const clock = formatClock

/** `10:30`, Hong Kong. */
export function hourMinute(time: number): string {
  return formatClock(time).slice(0, 5)
}

/** `10:30:05.120`, Hong Kong. */
export function clockMs(time: number): string {
  return new Date(time + HKT_OFFSET).toISOString().slice(11, 23)
}

/** `23 Nov` or `11月23日`, the Hong Kong day. */
export function shortDate(time: number): string {
  const date = new Date(time + HKT_OFFSET)
  const [month, day] = [date.getUTCMonth(), date.getUTCDate()]
  return isChinese() ? `${month + 1}月${day}日` : `${day} ${MONTHS[month]}`
}

/** `23 Nov 10:30` or `11月23日 10:30`, for a time of another day. */
export function dayTime(time: number): string {
  return `${shortDate(time)} ${hourMinute(time)}`
}

/** `10:30:05`, with its day where that is not the one of `now`. */
export function clockOn(time: number, now: number): string {
  return dayNumber(time) === dayNumber(now) ? clock(time) : dayTime(time)
}

/** `Nov 2026` or `2026年11月`. */
export function monthOf(time: number): string {
  const date = new Date(time + HKT_OFFSET)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return isChinese() ? `${year}年${month + 1}月` : `${MONTHS[month]} ${year}`
}

/** `23 Nov 10:30`, for a step of the axis; without the time for one of days. */
export function moment(time: number, withTime: boolean): string {
  return withTime ? `${shortDate(time)} ${formatClock(time)}` : formatDate(time)
}
