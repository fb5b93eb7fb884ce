import { summaryOfBar } from '../bars/bar-of.ts'
import type { Bucket, Buckets } from '../bars/bucket.ts'
import { bucketsOf } from '../bars/buckets-of.ts'
import { Labels } from '../bars/labels.ts'
import { type Summary, union } from '../bars/summary.ts'
import type { Bar } from '../market/bar.ts'
import type { Kline } from '../market/kline.ts'
import type { Sessions } from '../market/session.ts'
import { isIndex } from '../market/symbol.ts'
import { MINUTE } from '../market/time.ts'

/** The minutes of the sessions; the trades of the auctions belong to those beside them, as every Hong Kong vendor has it. */
export function minuteBuckets(sessions: Sessions): Buckets {
  return bucketsOf(MINUTE, 'session', 'join', sessions)
}

/** The minutes of the sessions that a stretch of time meets, both ends inclusive, in order. */
export function bucketsIn(from: number, to: number, sessions: Sessions): Bucket[] {
  const buckets = minuteBuckets(sessions)
  return sessions
    .days(from, to + 1)
    .flatMap(({ continuous }) => continuous)
    .flatMap(({ open, close }) => {
      const first = Math.max(open, Math.min(close - MINUTE, from - MINUTE))
      const found: Bucket[] = []
      let bucket = buckets.of(first)!
      for (; bucket.from <= to; bucket = buckets.of(bucket.end)!) {
        if (bucket.to > from) found.push(bucket)
        if (bucket.end >= close) break
      }
      return found
    })
}

/**
 * A vendor's one-minute K-lines as whole minutes in order, placed by what their labels name, without what is no bar and
 * what can still change.
 * @param now epoch ms, of the vendor's market
 */
export function vendorMinutes(symbol: string, klines: readonly Kline[], sessions: Sessions, now: number): Summary[] {
  const good = klines.filter((kline) => isBar(kline, isIndex(symbol)))
  const newest = good.reduce((time, kline) => Math.max(time, kline.time), Number.NEGATIVE_INFINITY)
  // no bar begins in the future
  const labels = new Labels(sessions, newest > now ? 'end' : undefined, MINUTE)
  const bars = good.flatMap((kline) => labels.add(barOf(symbol, kline)))
  bars.push(...labels.end())
  const buckets = minuteBuckets(sessions)
  const minutes = new Map<number, Summary>()
  for (const bar of bars.sort((a, b) => a.start - b.start)) {
    const bucket = buckets.of(bar.start)
    if (bucket === null || bucket.settled > now) continue
    const [minute, before] = [summaryOfBar(bar), minutes.get(bucket.start)]
    minutes.set(bucket.start, { ...(before === undefined ? minute : union(before, minute)), start: bucket.start })
  }
  return [...minutes.values()].sort((a, b) => a.start - b.start)
}

function isBar({ open, high, low, close, volume, turnover }: Kline, index: boolean): boolean {
  const isPriced = low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close)
  return isPriced && (index || (Number.isSafeInteger(volume) && volume >= 0 && turnover >= 0))
}

function barOf(symbol: string, { time, open, high, low, close, volume, turnover }: Kline): Bar {
  const amounts = isIndex(symbol) ? { volume: null, turnover: null } : { volume, turnover }
  const rest = { vwap: null, mean: null, trades: null, final: true, has_gap: false }
  return { type: 'bar', symbol, start: time, end: time, open, high, low, close, ...amounts, ...rest }
}
