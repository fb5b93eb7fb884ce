import { HkqError } from '../../errors.ts'
import { dayNumber, dayStart, formatDate } from '../../market/time.ts'
import type { Span } from '../store.ts'
import type { Lake } from './lake.ts'

/** The days of one symbol that a lake has files of. */
export interface Days {
  readonly ticks: readonly number[]
  readonly minutes: readonly number[]
}

/**
 * Refuses to read minutes where a day with ticks has none, as in a copy that is not whole: each tick has its minute.
 * @throws HkqError E_STORAGE
 */
export function refuseWithoutMinutes(lake: Lake, symbol: string, { ticks, minutes }: Days, span: Span): void {
  const day = lacking(ticks, minutes, span)[0]
  if (day !== undefined) throw notWhole(lake, symbol, 'minutes', day)
}

/**
 * Refuses to read ticks where a day has none but minutes that are made of them; a vendor's minutes have none.
 * @throws HkqError E_STORAGE
 */
export async function refuseWithoutTicks(
  lake: Lake,
  symbol: string,
  { ticks, minutes }: Days,
  span: Span,
): Promise<void> {
  for (const day of lacking(minutes, ticks, span)) {
    for await (const some of lake.minutes({ symbol, days: [day] })) {
      if (some.some(({ origin }) => origin === 'ticks')) throw notWhole(lake, symbol, 'ticks', day)
    }
  }
}

/** Days within a span that `others` have not. */
function lacking(days: readonly number[], others: readonly number[], { since, until }: Span): readonly number[] {
  const there = new Set(others)
  const [from, to] = [since === undefined ? -Infinity : dayNumber(since), until ?? Infinity]
  return days.filter((day) => !there.has(day) && day >= from && dayStart(day) < to)
}

function notWhole({ directory }: Lake, symbol: string, part: string, day: number): HkqError {
  const message = `"${directory}": the ${part} of ${symbol} of ${formatDate(dayStart(day))} are missing: copy the whole folder`
  return new HkqError('E_STORAGE', message)
}
