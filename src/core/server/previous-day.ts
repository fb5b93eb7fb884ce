import type { Summary } from '../bars/summary.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Sessions } from '../market/session.ts'
import { dayStart, parseTime } from '../market/time.ts'

/** What a K-line says of a bar. */
export type Kline = Pick<Summary, 'start' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'turnover_mills'>

/**
 * Daily bars with the previous day's in front, where the server did not see that day but knows its close: clients of this
 * protocol have no other way to the previous close. That bar stands for its close alone.
 */
export function withPreviousDay(
  days: readonly Kline[],
  instrument: Instrument | undefined,
  sessions: Sessions,
): Kline[] {
  const close = instrument?.prev_close ?? null
  const today = parseTime(instrument?.date ?? '')
  if (close === null || Number.isNaN(today) || days.some(({ start }) => start < today)) return [...days]
  const start = dayStart(sessions.daysBefore(today, 1)[0]!.number)
  return [{ start, open: close, high: close, low: close, close, volume: 0, turnover_mills: 0 }, ...days]
}
