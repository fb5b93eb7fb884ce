import type { Buckets } from '../bars/bucket.ts'
import { bucketsOf } from '../bars/buckets-of.ts'
import type { Sessions } from '../market/session.ts'
import { DAY, HOUR, MINUTE } from '../market/time.ts'
import type { Interval } from './protocol.ts'

/** Length of each interval, ms. A day is a trading day. */
export const LENGTHS: Readonly<Record<Interval, number>> = {
  ...{ '1s': 1_000, '5s': 5_000, '10s': 10_000, '30s': 30_000 },
  ...{ '1m': MINUTE, '5m': 5 * MINUTE, '15m': 15 * MINUTE, '30m': 30 * MINUTE },
  ...{ '1h': HOUR, '1d': DAY },
}

/** Whether bars of this length are made of seconds, not of minutes. */
export function isBelowMinute(every: Interval): boolean {
  return LENGTHS[every] < MINUTE
}

/** The bars of each interval, by trading session, with the auctions in the first and last one: as `resample` has them. */
export function bucketsBy(sessions: Sessions): Readonly<Record<Interval, Buckets>> {
  const buckets = Object.entries(LENGTHS).map(([every, length]) => [every, sessionBuckets(length, sessions)])
  return Object.fromEntries(buckets) as Record<Interval, Buckets>
}

function sessionBuckets(length: number, sessions: Sessions): Buckets {
  return bucketsOf(length, 'session', 'join', sessions)
}
