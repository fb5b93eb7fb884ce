import { TickMarkType, type Time, type UTCTimestamp } from 'lightweight-charts'
import { HKT_OFFSET } from '../../core/market/time.ts'
import { clock, hourMinute, monthOf, shortDate } from '../clock.ts'

/** The time of an axis: seconds, shifted so that the chart's days, which are UTC's, are Hong Kong's. */
export function toAxis(time: number): UTCTimestamp {
  return ((time + HKT_OFFSET) / 1_000) as UTCTimestamp
}

/** Epoch ms of a time of an axis. */
export function fromAxis(time: Time): number {
  return Math.round((time as number) * 1_000) - HKT_OFFSET
}

/** What stands under a mark of the time axis. */
export function markLabel(time: Time, type: TickMarkType): string {
  const at = fromAxis(time)
  switch (type) {
    case TickMarkType.Year:
    case TickMarkType.Month:
      return monthOf(at)
    case TickMarkType.DayOfMonth:
      return shortDate(at)
    case TickMarkType.TimeWithSeconds:
      return clock(at)
    default:
      return hourMinute(at)
  }
}
