import { CLOSE_TOLERANCE, type Sessions, type Stretch, type TradingDay } from '../market/session.ts'
import { DAY, MINUTE } from '../market/time.ts'
import { type Auctions, type Bucket, type Buckets, SETTLE } from './bucket.ts'

/** The closing auction matches at a random moment of its last two minutes. */
const RANDOM_CLOSE = 2 * MINUTE
/** The closing price may reach us this long after the end of the auction. */
const AUCTION_SETTLE = 30_000

/**
 * Buckets from the opening of each continuous session, the last one cut at its end: hourly bars end at 10:30, 11:30,
 * 12:00, 14:00, 15:00, 16:00. A trade stamped up to 3 s after 12:00 or 16:00 belongs to the last bucket.
 */
export class SessionBuckets implements Buckets {
  readonly #every: number
  readonly #auctions: Auctions
  readonly #sessions: Sessions

  constructor(every: number, auctions: Auctions, sessions: Sessions) {
    this.#every = every
    this.#auctions = auctions
    this.#sessions = sessions
  }

  of(time: number): Bucket | null {
    const day = this.#sessions.day(time)
    if (day === null) return null
    for (const stretch of day.continuous) {
      if (time >= stretch.open && time < stretch.close + CLOSE_TOLERANCE) return this.#continuous(day, stretch, time)
    }
    return this.#auctions === 'drop' ? null : this.#auction(day, time)
  }

  after(bucket: Bucket): Bucket {
    for (let day = this.#sessions.nextDay(bucket.start); ; day = this.#sessions.nextDay(day.end + DAY)) {
      for (const stretch of day.continuous) {
        if (bucket.end < stretch.close) return this.#continuous(day, stretch, Math.max(bucket.end, stretch.open))
      }
    }
  }

  #continuous(day: TradingDay, stretch: Stretch, time: number): Bucket {
    const first = day.continuous[0]!
    const last = day.continuous.at(-1)!
    const whole = this.#every >= DAY
    const open = whole ? first.open : stretch.open
    const close = whole ? last.close : stretch.close
    const start = whole ? open : open + Math.floor((Math.min(time, close - 1) - open) / this.#every) * this.#every
    const end = whole ? close : Math.min(start + this.#every, close)
    const solid = whole ? first.close : end
    const join = this.#auctions === 'join'
    const from = join && start === first.open ? (day.phases.find(isOpeningAuction)?.open ?? start) : start
    if (join && end === last.close) {
      const settled = day.end + AUCTION_SETTLE
      return { start, end, solid, from, to: day.end, settled, provisional: end + CLOSE_TOLERANCE }
    }
    const tolerance = end === close ? CLOSE_TOLERANCE : 0
    const settled = end + Math.max(SETTLE, tolerance)
    return { start, end, solid, from, to: end + tolerance, settled, provisional: null }
  }

  #auction(day: TradingDay, time: number): Bucket | null {
    const join = this.#auctions === 'join'
    const opening = day.phases.find(isOpeningAuction)
    if (opening && time >= opening.open && time < opening.close) {
      const first = day.continuous[0]!
      return join ? this.#continuous(day, first, first.open) : alone(opening.open, opening.close)
    }
    if (time < day.end - RANDOM_CLOSE || time >= day.end) return null
    const last = day.continuous.at(-1)!
    return join ? this.#continuous(day, last, last.close - 1) : alone(day.end - RANDOM_CLOSE, day.end)
  }
}

function alone(start: number, end: number): Bucket {
  return { start, end, solid: end, from: start, to: end, settled: end + AUCTION_SETTLE, provisional: null }
}

function isOpeningAuction({ phase }: Stretch): boolean {
  return phase === 'opening_auction'
}
