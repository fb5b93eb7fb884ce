import type { Sessions } from '../market/session.ts'
import { dayNumber, dayStart } from '../market/time.ts'
import { type Bucket, type Buckets, SETTLE } from './bucket.ts'

/**
 * Buckets counted from Hong Kong midnight of the first trade's day, whatever the session: pandas'
 * `resample(closed='left', label='left', origin='start_day')`.
 */
export class ClockBuckets implements Buckets {
  readonly #every: number
  readonly #sessions: Sessions
  #origin: number | undefined

  constructor(every: number, sessions: Sessions) {
    this.#every = every
    this.#sessions = sessions
  }

  of(time: number): Bucket {
    this.#origin ??= dayStart(dayNumber(time))
    const start = this.#origin + Math.floor((time - this.#origin) / this.#every) * this.#every
    const end = start + this.#every
    return { start, end, solid: end, from: start, to: end, settled: end + SETTLE, provisional: null }
  }

  after(bucket: Bucket): Bucket {
    const next = this.of(bucket.end)
    for (let day = this.#sessions.nextDay(next.start); ; day = this.#sessions.nextDay(dayStart(day.number + 1))) {
      for (const { open, close } of day.continuous) {
        if (next.start < close) return open < next.end ? next : this.of(open)
      }
    }
  }
}
