import type { Bucket, Buckets } from '../bars/bucket.ts'
import { isLeftOut, type Summary } from '../bars/summary.ts'
import type { Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber, dayStart, MINUTE } from '../market/time.ts'
import { type ChartGaps, crosses } from './chart-gaps.ts'
import { cleanCut } from './clean-cut.ts'
import { isBelowMinute, LENGTHS } from './intervals.ts'
import type { ChartBar, Interval } from './protocol.ts'
import { orNull, type Sum, SummaryRows } from './summary-rows.ts'

/** What the candles of all symbols share. */
export interface CandlesContext {
  readonly sessions: Sessions
  readonly buckets: Readonly<Record<Interval, Buckets>>
  /** Seconds, and minutes, that may be kept of one symbol: whole minutes, and whole days. */
  readonly mostSeconds: () => number
  readonly mostMinutes: () => number
}

/**
 * The candles of one symbol at every interval: kept as seconds and as minutes, and made of them when they are asked for,
 * so that a trade costs the same whoever looks at what.
 */
export class Candles {
  readonly #context: CandlesContext
  readonly #gaps: ChartGaps
  readonly #seconds: SummaryRows
  readonly #minutes: SummaryRows

  constructor(context: CandlesContext, gaps: ChartGaps) {
    const { sessions, buckets, mostSeconds, mostMinutes } = context
    this.#context = context
    this.#gaps = gaps
    const stretch = (time: number): number => cleanCut(time, sessions)
    this.#seconds = new SummaryRows({ length: 1_000, buckets: buckets['1s'], most: mostSeconds, stretch })
    const day = (time: number): number => dayStart(dayNumber(time))
    this.#minutes = new SummaryRows({ length: MINUTE, buckets: buckets['1m'], most: mostMinutes, stretch: day })
  }

  /** Rows that are kept. */
  get size(): number {
    return this.#seconds.length + this.#minutes.length
  }

  /** From when on the bars of an interval are kept, epoch ms; -Infinity: all that there were. */
  since(every: Interval): number {
    return this.#rows(every).since
  }

  /** Says that what came before is not here: whole days of minutes from `day`, and seconds from `cut` on. */
  beginAt(day: number, cut: number): void {
    this.#minutes.since = day
    this.#seconds.since = cut
  }

  /** Takes a trade in, but for one that bars leave out. @returns false where a vendor's whole minute stands for it */
  add(tick: Tick, version: number): boolean {
    if (tick.flags.length > 0 && isLeftOut(tick)) return true
    this.#seconds.add(tick, version)
    return this.#minutes.add(tick, version)
  }

  /** Takes stored minutes in: those of before the first trade that comes, and a vendor's that fill a hole. */
  put(minutes: readonly Summary[], version: number): void {
    for (const minute of minutes) this.#minutes.put(minute, version)
  }

  /** The newest bars that start before `time`, in order; whether there are more of them here. */
  before(every: Interval, time: number, most: number, now: number): { bars: ChartBar[]; more: boolean } {
    const rows = this.#rows(every)
    const bars: ChartBar[] = []
    let end = this.#endBefore(every, time)
    while (end > 0 && bars.length < most) {
      const bucket = this.#bucketOf(every, end - 1)
      const first = rows.indexAt(bucket.from)
      bars.push(this.#bar(bucket, rows.sum(first, end), every, now))
      end = first
    }
    return { bars: bars.reverse(), more: end > 0 }
  }

  /**
   * The bars that have changed after `version`, or become final or had a hole told since, in order.
   * @param before present of the look before, epoch ms
   */
  changed(every: Interval, version: number, before: number, now: number): ChartBar[] {
    const rows = this.#rows(every)
    const changed = new Map<number, Bucket>()
    const note = (bucket: Bucket): void => void changed.set(bucket.start, bucket)
    for (const row of rows.changedSince(version)) note(this.#bucketOf(every, row))
    for (const bucket of this.#newestFirst(every)) {
      if (bucket.settled <= before) break
      if (bucket.settled <= now) note(bucket)
    }
    const gaps = this.#gaps.since(version)
    if (gaps.length > 0) {
      for (const bucket of this.#newestFirst(every)) if (gaps.some((gap) => crosses(gap, bucket))) note(bucket)
    }
    return [...changed.values()]
      .sort((a, b) => a.start - b.start)
      .map((bucket) => this.#bar(bucket, rows.sum(rows.indexAt(bucket.from), this.#endOf(every, bucket)), every, now))
  }

  /** What the minutes from `since` (epoch ms) on come to; null without any. */
  sumSince(since: number): Sum | null {
    const first = this.#minutes.indexAt(since)
    return first < this.#minutes.length ? this.#minutes.sum(first, this.#minutes.length) : null
  }

  /** Closes of the minutes from `since` (epoch ms) on, `most` at most, evenly spread; the newest is among them. */
  trend(since: number, most: number): number[] {
    const first = this.#minutes.indexAt(since)
    const count = this.#minutes.length - first
    const step = Math.max(1, count / most)
    const closes: number[] = []
    for (let i = 1; i <= Math.min(count, most); i++) {
      closes.push(this.#minutes.close(first + Math.min(count, Math.round(i * step)) - 1))
    }
    return closes
  }

  #rows(every: Interval): SummaryRows {
    return isBelowMinute(every) ? this.#seconds : this.#minutes
  }

  /** The bar that a row belongs to. */
  #bucketOf(every: Interval, row: number): Bucket {
    return this.#context.buckets[every].of(this.#rows(every).firstTime(row))!
  }

  /** End of the rows of bars that start before `time`. */
  #endBefore(every: Interval, time: number): number {
    const rows = this.#rows(every)
    if (time === Number.POSITIVE_INFINITY) return rows.length
    const bucket = this.#context.buckets[every].of(time)
    return rows.indexAt(bucket === null ? time : bucket.from)
  }

  #endOf(every: Interval, { to }: Bucket): number {
    return this.#rows(every).indexAt(to)
  }

  *#newestFirst(every: Interval): Generator<Bucket> {
    const rows = this.#rows(every)
    for (let end = rows.length; end > 0; ) {
      const bucket = this.#bucketOf(every, end - 1)
      yield bucket
      end = rows.indexAt(bucket.from)
    }
  }

  #bar(bucket: Bucket, sum: Sum, every: Interval, now: number): ChartBar {
    const { open, high, low, close, volume, turnover_mills, value_mills, trades } = sum
    return {
      ...{ start: bucket.start, end: bucket.end, open, high, low, close, volume: orNull(volume) },
      turnover: orNull(turnover_mills / 1_000),
      vwap: volume > 0 ? orNull(value_mills / (volume * 1_000)) : null,
      trades: orNull(trades),
      final: bucket.settled <= now,
      has_gap: this.#gaps.cross(bucket, LENGTHS[every]),
    }
  }
}
