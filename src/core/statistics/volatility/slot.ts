import { HOUR } from '../../market/time.ts'

const FIRST = 9.5 * HOUR
const LAST = 16 * HOUR

/** Number of the grid slot at a time of day (ms since midnight), by clock: 09:30 is 0, lunch has its slots. */
export function slotOf(timeOfDay: number, period: number): number {
  return Math.round((timeOfDay - FIRST) / period)
}

/** Slots of any day, 09:30 to 16:00. */
export function slotCount(period: number): number {
  return slotOf(LAST, period) + 1
}
