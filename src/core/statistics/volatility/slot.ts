import { HOUR } from '../../market/time.ts'

const FIRST = 9.5 * HOUR
const LAST = 16 * HOUR

/**
 * Number of the grid slot that ends at a time of day (ms since midnight), by clock: 09:30 is 0, lunch has its slots. A bar
 * that the end of a session cuts short has a slot of its own.
 */
export function slotOf(timeOfDay: number, period: number): number {
  return Math.ceil((timeOfDay - FIRST) / period)
}

/** Slots of any day, 09:30 to 16:00. */
export function slotCount(period: number): number {
  return slotOf(LAST, period) + 1
}
