import type { Sessions } from '../market/session.ts'
import type { Align, Auctions, Buckets } from './bucket.ts'
import { ClockBuckets } from './clock-buckets.ts'
import { SessionBuckets } from './session-buckets.ts'

/** @param every length in ms, 1 s to 1 day; under `session` a day is one trading day */
export function bucketsOf(every: number, align: Align, auctions: Auctions, sessions: Sessions): Buckets {
  return align === 'clock' ? new ClockBuckets(every, sessions) : new SessionBuckets(every, auctions, sessions)
}
