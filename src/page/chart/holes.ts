import type { ChartGap, FeedState } from '../../core/dashboard/protocol.ts'
import { MINUTE } from '../../core/market/time.ts'
import { bringing } from '../desk/bringing.ts'
import type { Timeline } from '../desk/timeline.ts'

/** A stretch of the axis that lacks data, from one step to another (both inclusive). */
export interface Hole {
  readonly from: number
  readonly to: number
  /** Whether something stands in for what is missing. */
  readonly isFilled: boolean
}

/** The steps of the axis that lack data. A hole that a second feed has filled lacks none; a vendor's minutes fill no seconds. */
export function holesOf(gaps: readonly ChartGap[], timeline: Timeline): Hole[] {
  return gaps.flatMap(({ from, to, filled_by }) => {
    const steps = filled_by === 'second feed' ? null : timeline.between(from, to)
    return steps
      ? [{ from: steps[0], to: steps[1], isFilled: filled_by === 'backfill' && timeline.every >= MINUTE }]
      : []
  })
}

const DOWN: readonly FeedState['state'][] = ['lost', 'connecting', 'ended']

/** What has ended lacks nothing where no more of the axis than this came after it, ms: a recording ends with the session. */
const OVER = 2 * MINUTE

/**
 * The hole that grows now: since when no feed is up; none while one is, nor where time stands still, as after a replay.
 * @param end of the axis, which no time without trading is on
 */
export function openHole(told: readonly FeedState[], now: number, end: number): ChartGap | null {
  const feeds = bringing(told)
  if (feeds.length === 0 || !feeds.every(({ state }) => DOWN.includes(state))) return null
  const from = Math.max(...feeds.map(({ since }) => since))
  const isOver = feeds.every(({ state }) => state === 'ended') && Math.min(now, end) - from < OVER
  return from < now && !isOver ? { from, to: now, cause: 'disconnect', filled_by: null } : null
}
