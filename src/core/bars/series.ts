import type { Bar } from '../market/bar.ts'
import type { Gap } from '../market/event.ts'
import { barOf, filledBar } from './bar-of.ts'
import type { Bucket, Buckets } from './bucket.ts'
import type { Fill } from './options.ts'
import { addTick, type Summary, summaryOf, union } from './summary.ts'
import { addRun, type SymbolTrade, type TradeColumns, tradeAt } from './trade-columns.ts'

/** Bars forgotten at a time: a map that loses its oldest entry is slow to name the next. */
const FORGOTTEN = 256

interface Entry {
  readonly bucket: Bucket
  /** Null: nothing was traded, the bar is filled with `price`. */
  summary: Summary | null
  price: number
  hasGap: boolean
  state: 'open' | 'provisional' | 'final'
  revision: number
}

/** What the bars of one symbol need beside its ticks. */
export interface SeriesContext {
  readonly symbol: string
  readonly buckets: Buckets
  readonly fill: Fill
  /** Bars kept after they were final, so that late trades can revise them. */
  readonly kept: number
  /** Where bars go, in the order of their becoming known. */
  readonly emit: (bar: Bar) => void
  /** A trade for a bar that is no longer kept. */
  readonly onTooLate: (symbol: string, time: number) => void
}

/**
 * The bars of one symbol: accumulates, and lets bars out when the rule says so. Time reaches it in two ways, by the
 * trades themselves (`add`) and by a clock (`scan`); it has none of its own.
 */
export class Series {
  readonly #context: SeriesContext
  readonly #entries = new Map<number, Entry>()
  readonly #open = new Set<Entry>()
  readonly #revised = new Set<Entry>()
  #gaps: Gap[] = []
  #latest: Entry | null = null
  #front: Entry | null = null
  #time = Number.NEGATIVE_INFINITY
  #settles = Number.POSITIVE_INFINITY
  #evictedFrom = Number.POSITIVE_INFINITY
  #evictedTo = Number.NEGATIVE_INFINITY

  constructor(context: SeriesContext) {
    this.#context = context
  }

  /** Adds a trade. It moves the symbol's time on, which may let bars out. */
  add(tick: SymbolTrade): void {
    this.#added(tick)
  }

  /**
   * Adds trades in (time, seq) order, column by column.
   * @param leftOut bits of `flags` whose trades are left out
   * @param ordinal seq of the first; the others follow
   */
  addColumns(columns: TradeColumns, leftOut: number, ordinal: number): void {
    for (let i = 0; i < columns.length; ) {
      const at = i++
      if ((columns.flags[at]! & leftOut) !== 0) continue
      const entry = this.#added(tradeAt(columns, at, { symbol: this.#context.symbol, ordinal }))
      if (entry === null) continue
      i = addRun(entry.summary!, columns, { from: i, before: entry.bucket.solid, leftOut, ordinal })
      this.#touched(entry, entry.summary!.last_time)
    }
  }

  /** Adds a summary of trades (a stored minute, a vendor's bar), which must lie within one bucket. */
  addSummary(summary: Summary): void {
    if (summary.trades === 0) return
    const entry = this.#entryAt(summary.first_time)
    if (entry === null) return
    entry.summary = entry.summary === null ? { ...summary } : union(entry.summary, summary)
    this.#touched(entry, summary.last_time)
  }

  /** Marks the bars that a hole crosses, those already out by a revision. */
  addGap(gap: Gap): void {
    this.#gaps.push(gap)
    for (const entry of this.#entries.values()) {
      if (entry.hasGap || !crosses(gap, entry.bucket)) continue
      entry.hasGap = true
      if (entry.state === 'final') this.#revised.add(entry)
    }
  }

  /** Lets out the revisions that a batch has made, one for each bar whatever the number of late trades. */
  flush(): void {
    this.#settle(this.#time)
    for (const entry of this.#revised) {
      entry.revision++
      this.#emit(entry, true)
    }
    this.#revised.clear()
  }

  /** Lets out what is due by a clock at `now`: final bars, the provisional last bar of the day, filled bars. */
  scan(now: number): void {
    this.#settle(now)
    for (const entry of this.#open) {
      if (entry.state !== 'open' || (entry.bucket.provisional ?? Number.POSITIVE_INFINITY) > now) continue
      entry.state = 'provisional'
      this.#emit(entry, false)
    }
    if (this.#front) this.#fillTo((bucket) => bucket.settled <= now)
    this.#settle(now)
  }

  /** The end of the stream: what is settled at `now` goes out final, the rest as it stands. */
  end(now: number): void {
    this.flush()
    this.#settle(now)
    for (const entry of [...this.#open].sort(byStart)) {
      this.#fillTo((bucket) => bucket.start < entry.bucket.start)
      this.#emit(entry, false)
    }
    this.#open.clear()
  }

  /** When `scan` has something to do next, epoch ms. */
  get due(): number {
    let due = this.#settles
    for (const { state, bucket } of this.#open) {
      if (state === 'open' && bucket.provisional !== null) due = Math.min(due, bucket.provisional)
    }
    if (this.#context.fill === 'none' || this.#front === null) return due
    return Math.min(due, this.#nextToFill(this.#front).settled)
  }

  #added(trade: SymbolTrade): Entry | null {
    const entry = this.#entryAt(trade.timestamp)
    if (entry === null) return null
    if (entry.summary === null) entry.summary = summaryOf(trade, entry.bucket.start)
    else addTick(entry.summary, trade)
    this.#touched(entry, trade.timestamp)
    return entry
  }

  #entryAt(time: number): Entry | null {
    const latest = this.#latest
    if (latest !== null && time >= latest.bucket.start && time < latest.bucket.solid) return latest
    const bucket = this.#context.buckets.of(time)
    if (bucket === null) return null
    let entry = this.#entries.get(bucket.start)
    if (entry === undefined) {
      if (bucket.start >= this.#evictedFrom && bucket.start <= this.#evictedTo) {
        this.#context.onTooLate(this.#context.symbol, time)
        return null
      }
      entry = this.#opened(bucket)
    }
    this.#latest = entry
    return entry
  }

  #opened(bucket: Bucket): Entry {
    const hasGap = this.#gaps.some((gap) => crosses(gap, bucket))
    const entry: Entry = { bucket, summary: null, price: Number.NaN, hasGap, state: 'open', revision: 0 }
    this.#entries.set(bucket.start, entry)
    this.#open.add(entry)
    this.#settles = Math.min(this.#settles, bucket.settled)
    return entry
  }

  #touched(entry: Entry, time: number): void {
    if (entry.state === 'final') this.#revised.add(entry)
    if (time <= this.#time) return
    this.#time = time
    if (time >= this.#settles) this.#settle(time)
  }

  #settle(now: number): void {
    if (this.#settles > now) return
    const due = [...this.#open].filter(({ bucket }) => bucket.settled <= now).sort(byStart)
    for (const entry of due) {
      this.#fillTo((bucket) => bucket.start < entry.bucket.start)
      this.#finish(entry)
    }
    this.#settles = Number.POSITIVE_INFINITY
    for (const { bucket } of this.#open) this.#settles = Math.min(this.#settles, bucket.settled)
    this.#evict()
  }

  #finish(entry: Entry): void {
    this.#open.delete(entry)
    entry.state = 'final'
    if (this.#front === null || entry.bucket.start > this.#front.bucket.start) this.#front = entry
    this.#emit(entry, true)
  }

  /** Makes the empty bars that follow the newest one, as long as `wanted` says. */
  #fillTo(wanted: (bucket: Bucket) => boolean): void {
    if (this.#context.fill === 'none') return
    while (this.#front !== null) {
      const bucket = this.#nextToFill(this.#front)
      if (!wanted(bucket) || this.#entries.has(bucket.start)) return
      const price = this.#context.fill === 'forward' ? (this.#front.summary?.close ?? this.#front.price) : Number.NaN
      const entry = this.#opened(bucket)
      entry.price = price
      this.#finish(entry)
    }
  }

  #nextToFill(front: Entry): Bucket {
    return this.#context.buckets.after(front.bucket)
  }

  #emit({ bucket, summary, price, hasGap, revision }: Entry, final: boolean): void {
    const state = { final, has_gap: hasGap, revision }
    const { symbol, emit } = this.#context
    emit(summary === null ? filledBar(symbol, price, bucket, state) : barOf(summary, bucket, state))
  }

  /** Forgets what is beyond the bars that are kept, and the holes before them. */
  #evict(): void {
    const { kept } = this.#context
    if (this.#entries.size < kept + FORGOTTEN) return
    for (const [start, { state }] of this.#entries) {
      if (this.#entries.size <= kept || state !== 'final') break
      this.#entries.delete(start)
      this.#evictedFrom = Math.min(this.#evictedFrom, start)
      this.#evictedTo = Math.max(this.#evictedTo, start)
    }
    const first = this.#gaps[0]
    if (first && first.to < this.#evictedTo) this.#gaps = this.#gaps.filter(({ to }) => to >= this.#evictedTo)
  }
}

function byStart(a: Entry, b: Entry): number {
  return a.bucket.start - b.bucket.start
}

/** Both ends of a gap are inclusive. */
function crosses(gap: Gap, bucket: Bucket): boolean {
  return gap.from < bucket.to && gap.to >= bucket.from
}
