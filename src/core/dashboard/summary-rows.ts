import type { Buckets } from '../bars/bucket.ts'
import { mills, type Summary, type Trade } from '../bars/summary.ts'
import type { Seq } from '../market/event.ts'
import { RowBuffer } from './row-buffer.ts'

/** Numbers of a row; the two sequence numbers are whole 64-bit integers. */
const VERSION = 1
const OPEN = 2
const HIGH = 3
const LOW = 4
const CLOSE = 5
const FIRST_TIME = 6
const LAST_TIME = 7
const VOLUME = 8
const TURNOVER = 9
const VALUE = 10
const TRADES = 11
const WHOLE = 12
const FIRST_SEQ = 13
const LAST_SEQ = 14
const WIDTH = 15

/** What is kept of a symbol's past at one resolution. */
export interface RowsContext {
  /** Length of a row by the clock, ms. */
  readonly length: number
  /** Trades that lie in none of these make no bar and are not kept. */
  readonly buckets: Buckets
  /** Most rows. */
  readonly most: () => number
  /** Start (epoch ms) of the stretch that `time` lies in: what is forgotten is whole stretches, so that no bar is cut. */
  readonly stretch: (time: number) => number
}

/** What the trades of some rows come to; amounts as in Summary, NaN for unknown. */
export interface Sum {
  open: number
  high: number
  low: number
  close: number
  volume: number
  turnover_mills: number
  value_mills: number
  trades: number
}

/**
 * Summaries of one symbol at one resolution, in order of time. Each row bears the version at which it was last changed.
 */
export class SummaryRows {
  readonly #context: RowsContext
  readonly #rows = new RowBuffer(WIDTH)
  #since = Number.NEGATIVE_INFINITY
  /** Times of [#from, #to) belong to the newest row. */
  #from = Number.POSITIVE_INFINITY
  #to = Number.NEGATIVE_INFINITY
  /** Version of the newest change of a row other than the newest one. */
  #late = 0

  constructor(context: RowsContext) {
    this.#context = context
  }

  get length(): number {
    return this.#rows.length
  }

  /** From here on (epoch ms) the rows hold all there was; earlier trades are not taken in. */
  get since(): number {
    return this.#since
  }

  set since(time: number) {
    this.#since = time
  }

  /** Takes a trade in. @returns whether it counts: not where a vendor's whole minute stands for it */
  add(trade: Trade, version: number): boolean {
    const { timestamp } = trade
    const at = timestamp >= this.#from && timestamp < this.#to ? this.length - 1 : this.#rowOf(timestamp, version)
    if (at === -1) return true
    const n = this.#rows.numbers
    const row = at * WIDTH
    if (n[row + WHOLE] === 1) return false
    const { last_price: price, volume, turnover, seq } = trade
    if (n[row + TRADES] === 0) this.#open(row, price)
    this.#first(row, timestamp, seq, price)
    this.#last(row, timestamp, seq, price)
    if (price > n[row + HIGH]!) n[row + HIGH] = price
    if (price < n[row + LOW]!) n[row + LOW] = price
    n[row + VOLUME]! += volume ?? Number.NaN
    n[row + TURNOVER]! += turnover === null ? Number.NaN : mills(turnover)
    n[row + VALUE]! += volume === null ? Number.NaN : mills(price) * volume
    n[row + TRADES]!++
    this.#touched(at, version)
    return true
  }

  /** Takes a stored minute in: a vendor's whole one in place of the trades that are there, and for good. */
  put(summary: Summary, version: number): void {
    if (summary.trades === 0) return
    const at = this.#rowOf(summary.first_time, version)
    if (at === -1) return
    const n = this.#rows.numbers
    const row = at * WIDTH
    const whole = summary.origin === 'backfill'
    if (whole || n[row + TRADES] === 0) this.#open(row, summary.open)
    else if (n[row + WHOLE] === 1) return
    n[row + WHOLE] = whole ? 1 : 0
    this.#first(row, summary.first_time, summary.first_seq, summary.open)
    this.#last(row, summary.last_time, summary.last_seq, summary.close)
    n[row + HIGH] = Math.max(n[row + HIGH]!, summary.high)
    n[row + LOW] = Math.min(n[row + LOW]!, summary.low)
    n[row + VOLUME]! += summary.volume ?? Number.NaN
    n[row + TURNOVER]! += summary.turnover_mills ?? Number.NaN
    n[row + VALUE]! += summary.value_mills ?? Number.NaN
    n[row + TRADES]! += summary.trades ?? Number.NaN
    this.#touched(at, version)
  }

  /** Start of a row, epoch ms. */
  start(row: number): number {
    return this.#rows.key(row)
  }

  /** Time of the first trade of a row, epoch ms. */
  firstTime(row: number): number {
    return this.#rows.numbers[row * WIDTH + FIRST_TIME]!
  }

  /** Close of a row. */
  close(row: number): number {
    return this.#rows.numbers[row * WIDTH + CLOSE]!
  }

  /** The first row that starts at or after `time`; `length` where none does. */
  indexAt(time: number): number {
    return this.#rows.indexAt(time)
  }

  /** Rows changed after `version`, newest first. */
  *changedSince(version: number): Generator<number> {
    for (let row = this.length - 1; row >= 0; row--) {
      if (this.#rows.numbers[row * WIDTH + VERSION]! > version) yield row
      else if (this.#late <= version) return
    }
  }

  /** Rows `from` to `to` (exclusive, at least one) as one. */
  sum(from: number, to: number): Sum {
    const n = this.#rows.numbers
    const first = from * WIDTH
    const sum = {
      ...{ open: n[first + OPEN]!, high: n[first + HIGH]!, low: n[first + LOW]! },
      ...{ close: this.close(to - 1), volume: 0, turnover_mills: 0, value_mills: 0, trades: 0 },
    }
    for (let row = first; row < to * WIDTH; row += WIDTH) {
      if (n[row + HIGH]! > sum.high) sum.high = n[row + HIGH]!
      if (n[row + LOW]! < sum.low) sum.low = n[row + LOW]!
      sum.volume += n[row + VOLUME]!
      sum.turnover_mills += n[row + TURNOVER]!
      sum.value_mills += n[row + VALUE]!
      sum.trades += n[row + TRADES]!
    }
    return sum
  }

  /** The row that a time belongs to, made where there is none; -1 where such a trade makes no bar, or is too old. */
  #rowOf(time: number, version: number): number {
    const { buckets, length } = this.#context
    const bucket = buckets.of(time)
    if (bucket === null || time < this.#since) return -1
    const start = Math.floor(time / length) * length
    if (!this.#rows.has(this.indexAt(start), start)) this.#makeRoom()
    if (time < this.#since) return -1
    const at = this.indexAt(start)
    if (!this.#rows.has(at, start)) {
      this.#rows.insert(at, start, this.#context.most())
      if (at < this.length - 1) this.#late = version
    }
    if (at === this.length - 1) {
      this.#from = Math.max(start, bucket.start)
      this.#to = Math.min(start + length, bucket.solid)
    }
    return at
  }

  #open(row: number, price: number): void {
    const n = this.#rows.numbers
    n[row + OPEN] = price
    n[row + HIGH] = price
    n[row + LOW] = price
    n[row + CLOSE] = price
    n[row + FIRST_TIME] = Number.POSITIVE_INFINITY
    n[row + LAST_TIME] = Number.NEGATIVE_INFINITY
    n.fill(0, row + VOLUME, row + WHOLE)
  }

  /** The open where this trade came before all others. */
  #first(row: number, time: number, seq: Seq, price: number): void {
    if (!this.#isBefore(time, seq, row + FIRST_TIME, row + FIRST_SEQ)) return
    this.#rows.numbers[row + OPEN] = price
    this.#rows.numbers[row + FIRST_TIME] = time
    this.#rows.integers[row + FIRST_SEQ] = whole(seq)
  }

  /** The close where no trade came after this one. */
  #last(row: number, time: number, seq: Seq, price: number): void {
    if (this.#isBefore(time, seq, row + LAST_TIME, row + LAST_SEQ)) return
    this.#rows.numbers[row + CLOSE] = price
    this.#rows.numbers[row + LAST_TIME] = time
    this.#rows.integers[row + LAST_SEQ] = whole(seq)
  }

  #isBefore(time: number, seq: Seq, otherTime: number, otherSeq: number): boolean {
    const other = this.#rows.numbers[otherTime]!
    return time < other || (time === other && whole(seq) < this.#rows.integers[otherSeq]!)
  }

  #touched(at: number, version: number): void {
    this.#rows.numbers[at * WIDTH + VERSION] = version
    if (at !== this.length - 1) this.#late = version
  }

  /** Forgets the oldest stretches where there are as many rows as there may be: an eighth of them at least. */
  #makeRoom(): void {
    const { most, stretch } = this.#context
    if (this.length < most()) return
    let row = this.length - Math.floor((most() * 7) / 8)
    const before = stretch(this.start(row - 1))
    while (row < this.length - 1 && stretch(this.start(row)) === before) row++
    this.#since = stretch(this.start(row))
    this.#rows.drop(row)
  }
}

/** An amount as a record has it: null for unknown. */
export function orNull(amount: number): number | null {
  return Number.isNaN(amount) ? null : amount
}

/** A sequence number as an integer. What comes through a queue may be none. */
function whole(seq: Seq): bigint {
  return typeof seq === 'bigint' ? seq : BigInt(Number.isFinite(seq) ? Math.trunc(seq) : 0)
}
