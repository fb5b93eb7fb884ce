import type { Gap } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { joined, type Stretch, within } from './stretches.ts'

/** How much of one day's scheduled trading a store holds of a symbol. Times in seconds of continuous trading. */
export interface DayCoverage {
  type: 'coverage'
  symbol: string
  /** YYYY-MM-DD, Hong Kong. */
  date: string
  /** By the calendar; of a day that is not over, so far. */
  scheduled: number
  /** Listened to, or filled by a second feed: its trades are there. */
  observed: number
  /** Of which a vendor's minutes are there. */
  backfilled: number
  missing: number
  /** observed / scheduled. */
  coverage: number
  /** Holes that meet the day, and those of them that nothing has filled. */
  holes: number
  unfilled: number
  /** One-minute summaries, those of them that are a vendor's, and those that differ from the trades. */
  minutes: number
  backfilled_minutes: number
  differing_minutes: number
  /** By the newest comparison with a vendor; null without any. */
  completeness: number | null
}

/** What of a day's trading the holes leave. */
export type Share = Pick<
  DayCoverage,
  'date' | 'scheduled' | 'observed' | 'backfilled' | 'missing' | 'coverage' | 'holes' | 'unfilled'
>

/** Trading days of a span with what its holes, told and untold, leave of each. */
export function sharesOf(span: Stretch, holes: readonly Gap[], sessions: Sessions): Share[] {
  return sessions.days(span.from, span.to).flatMap((day) => {
    const parts = day.continuous.map(({ open, close }) => within({ from: open, to: close }, span))
    const scheduled = parts.filter((part) => part !== null)
    if (scheduled.length === 0) return []
    const met = holes.filter(({ from, to }) => to >= day.phases[0]!.open && from < day.end)
    const unfilled = met.filter(({ filled_by }) => filled_by === null)
    const backfilled = met.filter(({ filled_by }) => filled_by === 'backfill')
    const time = length(scheduled, [{ from: day.phases[0]!.open, to: day.end }])
    const missing = length(scheduled, unfilled)
    const lost = length(scheduled, [...unfilled, ...backfilled])
    const share = { scheduled: time, observed: time - lost, backfilled: lost - missing, missing }
    return {
      date: day.date,
      ...inSeconds(share),
      coverage: (time - lost) / time,
      holes: met.length,
      unfilled: unfilled.length,
    }
  })
}

/** Milliseconds of the scheduled stretches that lie in any of the others. */
function length(scheduled: readonly Stretch[], others: readonly Stretch[]): number {
  let total = 0
  for (const other of joined(others)) {
    for (const part of scheduled) {
      const both = within(part, other)
      if (both !== null) total += both.to - both.from
    }
  }
  return total
}

function inSeconds<T extends Record<string, number>>(times: T): T {
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, ms / 1000])) as T
}
