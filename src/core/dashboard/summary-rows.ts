import type { Buckets } from '../bars/bucket.ts'
import { mills, type Summary, type Trade } from '../bars/summary.ts'
import type { Seq } from '../market/event.ts'

/** Numbers of a row, side by side in one buffer; the two sequence numbers are whole 64-bit integers. */
const START = 0
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

const FIRST_ROWS = 64

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
 * Summaries of one symbol at one resolution, in order of time and in columns: a day of seconds costs two megabytes and
 * nothing for the collector. Each row bears the version at which it was last changed.
 */
export class SummaryRows {
  readonly #context: RowsContext
  #numbers = new Float64Array(0)
  #integers = new BigInt64Array(0)
  #length = 0
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
    return this.#length
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
    const at = timestamp >= this.#from && timestamp < this.#to ? this.#length - 1 : this.#rowOf(timestamp, version)
    if (at === -1) return true
    const n = this.#numbers
    const row = at * WIDTH
    if (n[row + WHOLE] === 1) return false
    const { last_price: price, volume, turnover, seq } = trade
    const inMills = mills(price)
    if (n[row + TRADES] === 0) this.#open(row, price)
    if (isBefore(timestamp, seq, n[row + FIRST_TIME]!, this.#integers, row + FIRST_SEQ)) {
      n[row + OPEN] = price
      n[row + FIRST_TIME] = timestamp
      this.#integers[row + FIRST_SEQ] = BigInt(seq)
    }
    if (!isBefore(timestamp, seq, n[row + LAST_TIME]!, this.#integers, row + LAST_SEQ)) {
      n[row + CLOSE] = price
      n[row + LAST_TIME] = timestamp
      this.#integers[row + LAST_SEQ] = BigInt(seq)
    }
    if (price > n[row + HIGH]!) n[row + HIGH] = price
    if (price < n[row + LOW]!) n[row + LOW] = price
    n[row + VOLUME]! += volume ?? Number.NaN
    n[row + TURNOVER]! += turnover === null ? Number.NaN : mills(turnover)
    n[row + VALUE]! += volume === null ? Number.NaN : inMills * volume
    n[row + TRADES]!++
    this.#touched(at, version)
    return true
  }

  /** Takes a stored minute in: a vendor's whole one in place of the trades that are there, and for good. */
  put(summary: Summary, version: number): void {
    if (summary.trades === 0) return
    const at = this.#rowOf(summary.first_time, version)
    if (at === -1) return
    const n = this.#numbers
    const row = at * WIDTH
    const whole = summary.origin === 'backfill'
    if (whole || n[row + TRADES] === 0) this.#open(row, summary.open)
    else if (n[row + WHOLE] === 1) return
    n[row + WHOLE] = whole ? 1 : 0
    const { first_time, first_seq, last_time, last_seq } = summary
    if (isBefore(first_time, first_seq, n[row + FIRST_TIME]!, this.#integers, row + FIRST_SEQ)) {
      n[row + OPEN] = summary.open
      n[row + FIRST_TIME] = first_time
      this.#integers[row + FIRST_SEQ] = BigInt(first_seq)
    }
    if (!isBefore(last_time, last_seq, n[row + LAST_TIME]!, this.#integers, row + LAST_SEQ)) {
      n[row + CLOSE] = summary.close
      n[row + LAST_TIME] = last_time
      this.#integers[row + LAST_SEQ] = BigInt(last_seq)
    }
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
    return this.#numbers[row * WIDTH + START]!
  }

  /** Time of the first trade of a row, epoch ms. */
  firstTime(row: number): number {
    return this.#numbers[row * WIDTH + FIRST_TIME]!
  }

  /** Close of a row. */
  close(row: number): number {
    return this.#numbers[row * WIDTH + CLOSE]!
  }

  /** The first row that starts at or after `time`; `length` where none does. */
  indexAt(time: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.start(middle) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Rows changed after `version`, newest first. */
  *changedSince(version: number): Generator<number> {
    for (let row = this.#length - 1; row >= 0; row--) {
      if (this.#numbers[row * WIDTH + VERSION]! > version) yield row
      else if (this.#late <= version) return
    }
  }

  /** Rows `from` to `to` (exclusive, at least one) as one. */
  sum(from: number, to: number): Sum {
    const n = this.#numbers
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
    if (!this.#has(this.indexAt(start), start)) this.#makeRoom()
    if (time < this.#since) return -1
    const at = this.indexAt(start)
    if (!this.#has(at, start)) this.#insert(at, start, version)
    if (at === this.#length - 1) {
      this.#from = Math.max(start, bucket.start)
      this.#to = Math.min(start + length, bucket.solid)
    }
    return at
  }

  #has(at: number, start: number): boolean {
    return at < this.#length && this.start(at) === start
  }

  #insert(at: number, start: number, version: number): void {
    const n = this.#numbers
    n.copyWithin((at + 1) * WIDTH, at * WIDTH, this.#length * WIDTH)
    n.fill(0, at * WIDTH, (at + 1) * WIDTH)
    n[at * WIDTH + START] = start
    this.#length++
    if (at < this.#length - 1) this.#late = version
  }

  #open(row: number, price: number): void {
    const n = this.#numbers
    n[row + OPEN] = price
    n[row + HIGH] = price
    n[row + LOW] = price
    n[row + CLOSE] = price
    n[row + FIRST_TIME] = Number.POSITIVE_INFINITY
    n[row + LAST_TIME] = Number.NEGATIVE_INFINITY
    n.fill(0, row + VOLUME, row + WHOLE)
  }

  #touched(at: number, version: number): void {
    this.#numbers[at * WIDTH + VERSION] = version
    if (at !== this.#length - 1) this.#late = version
  }

  /** Makes room for one more row. */
  #makeRoom(): void {
    const most = this.#context.most()
    if (this.#length >= most) this.#forget(most - Math.ceil(most / 8))
    const room = this.#numbers.length / WIDTH
    if (this.#length === room) this.#resize(Math.min(most, Math.max(FIRST_ROWS, this.#length * 2)))
    else if (room > most) this.#resize(most)
  }

  #resize(rows: number): void {
    const numbers = new Float64Array(rows * WIDTH)
    numbers.set(this.#numbers.subarray(0, this.#length * WIDTH))
    this.#numbers = numbers
    this.#integers = new BigInt64Array(numbers.buffer)
  }

  /** Forgets the oldest stretches, so that no more than `kept` rows remain. */
  #forget(kept: number): void {
    const { stretch } = this.#context
    let row = this.#length - kept
    const before = stretch(this.start(row - 1))
    while (row < this.#length - 1 && stretch(this.start(row)) === before) row++
    this.#since = stretch(this.start(row))
    this.#numbers.copyWithin(0, row * WIDTH, this.#length * WIDTH)
    this.#length -= row
  }
}

/** An amount as a record has it: null for unknown. */
export function orNull(amount: number): number | null {
  return Number.isNaN(amount) ? null : amount
}

function isBefore(time: number, seq: Seq, otherTime: number, integers: BigInt64Array, other: number): boolean {
  return time < otherTime || (time === otherTime && BigInt(seq) < integers[other]!)
}
