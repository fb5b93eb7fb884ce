import type { Bucket } from '../bars/bucket.ts'
import { type Summary, union } from '../bars/summary.ts'
import type { Gap } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { formatLocal } from '../market/time.ts'
import { bucketsIn } from './vendor-minutes.ts'

/** Minutes of one symbol as its vendor has them. */
export interface VendorHistory {
  /** Finished ones, in order. */
  readonly minutes: readonly Summary[]
  /** Most bars that the vendor gives. */
  readonly most: number
}

/** A hole that stays, and why; `later` where asking again may help. */
export interface Refused {
  readonly gap: Gap
  readonly reason: string
  readonly later: boolean
}

/** What fills the holes of one symbol. */
export interface Repair {
  readonly minutes: readonly Summary[]
  readonly filled: readonly Gap[]
  readonly refused: readonly Refused[]
}

/**
 * Which holes of one symbol its vendor's minutes fill, each as a whole or not at all: every minute of a session that it
 * touches must lie among those the vendor gives. One that is absent there, or has no volume, had no trade.
 * @param stored the store's own summaries of the minutes touched, those of the auctions beside them included
 * @param now epoch ms
 */
export function repairOf(
  gaps: readonly Gap[],
  vendor: VendorHistory,
  stored: readonly Summary[],
  sessions: Sessions,
  now: number,
): Repair {
  const given = new Map(vendor.minutes.map((minute) => [minute.start, minute]))
  const minutes = new Map<number, Summary>()
  const filled: Gap[] = []
  const refused: Refused[] = []
  for (const gap of gaps) {
    const touched = bucketsIn(gap.from, gap.to, sessions)
    const refusal = refusalOf(touched, vendor, now)
    if (refusal !== null) {
      refused.push({ gap, ...refusal })
      continue
    }
    filled.push(gap)
    for (const bucket of touched) {
      const minute = given.get(bucket.start)
      if (minute !== undefined && minute.trades !== 0) minutes.set(bucket.start, withoutAuction(minute, bucket, stored))
    }
  }
  return { minutes: [...minutes.values()], filled, refused }
}

function refusalOf(
  touched: readonly Bucket[],
  { minutes, most }: VendorHistory,
  now: number,
): Omit<Refused, 'gap'> | null {
  const [first, last] = [touched[0], touched.at(-1)]
  if (first === undefined || last === undefined) return { reason: 'nothing is traded in it', later: false }
  if (last.settled > now) return { reason: 'its last minute is not over', later: true }
  const [oldest, newest] = [minutes[0], minutes.at(-1)]
  if (oldest === undefined || newest === undefined) return { reason: 'the vendor has no bars of it', later: true }
  if (first.start < oldest.start) {
    return { reason: `beyond the vendor's ${most} bars, which begin at ${clock(oldest)}`, later: false }
  }
  if (last.start > newest.start) return { reason: `the vendor's bars end at ${clock(newest)}`, later: true }
  return null
}

function clock({ start }: Summary): string {
  return formatLocal(start).slice(0, 16)
}

/**
 * A vendor's minute without the trades of the auction beside it that are stored apart, where it holds them: its price at
 * that end is theirs, and its volume no less than what is stored of both. Else they would count twice in the bar of both.
 */
function withoutAuction(minute: Summary, bucket: Bucket, stored: readonly Summary[]): Summary {
  const parts = stored.filter(({ start, trades }) => trades !== 0 && start >= bucket.from && start < bucket.to)
  const apart = parts.filter(({ start }) => start !== bucket.start)
  if (apart.length === 0) return minute
  const auction = apart.reduce(union)
  const own = parts.find(({ start, origin }) => start === bucket.start && origin === 'ticks')
  const least = (auction.volume ?? 0) + (own?.volume ?? 0)
  const isIn = auction.start < bucket.start ? minute.open === auction.open : minute.close === auction.close
  if (!isIn || (minute.volume ?? 0) < least) return minute
  return {
    ...minute,
    volume: less(minute.volume, auction.volume),
    turnover_mills: less(minute.turnover_mills, auction.turnover_mills),
    value_mills: less(minute.value_mills, auction.value_mills),
  }
}

function less(a: number | null, b: number | null): number | null {
  return a === null || b === null ? a : a - b
}
