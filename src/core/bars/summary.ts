import { type Flag, LEFT_OUT, type Seq, type Tick } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'

/**
 * A mergeable summary of the ticks of one symbol in one bucket: what a bar needs, and what late ticks need to merge
 * rightly. Sums of money are kept in thousandths, where on-grid prices are integers and addition is exact, so that
 * merging is associative to the last bit.
 */
export interface Summary {
  symbol: string
  /** Start of the bucket, epoch ms. Stored summaries are clock minutes. */
  start: number
  open: number
  high: number
  low: number
  close: number
  first_time: number
  first_seq: Seq
  last_time: number
  last_seq: Seq
  /** Shares; null for an index. */
  volume: number | null
  /** Thousandths of the traded currency; null for an index. */
  turnover_mills: number | null
  /** Sum of price * volume, thousandths; null for an index. */
  value_mills: number | null
  /** Sum of last_price, thousandths; null when the bar came from a vendor. */
  price_mills: number | null
  /** Ticks summed; null when the bar came from a vendor that does not tell. */
  trades: number | null
  /** Ticks of this bucket that were left out because of a flag. A summary of left-out ticks alone has trades 0. */
  left_out: number
  origin: 'ticks' | 'backfill'
}

/** Thousandths of an amount: the exact integer where the amount is on that grid, else the nearest double. */
export function mills(amount: number): number {
  const rounded = Math.round(amount * 1000)
  return rounded / 1000 === amount ? rounded : amount * 1000
}

const LEFT_OUT_SET: ReadonlySet<Flag> = new Set(LEFT_OUT)

/** Whether bars leave this tick out, `include` naming the flags that are taken in all the same. */
export function isLeftOut(tick: Tick, include: ReadonlySet<Flag> = NONE): boolean {
  for (const flag of tick.flags) if (LEFT_OUT_SET.has(flag) && !include.has(flag)) return true
  return false
}
const NONE: ReadonlySet<Flag> = new Set()

/** The clock minute (epoch ms of its start) a tick belongs to. */
export function minuteOf(time: number): number {
  return Math.floor(time / MINUTE) * MINUTE
}

/** The summary of one tick in the bucket that starts at `start`. */
export function summaryOf(tick: Trade & Pick<Tick, 'symbol'>, start: number): Summary {
  const price = mills(tick.last_price)
  return {
    symbol: tick.symbol,
    start,
    open: tick.last_price,
    high: tick.last_price,
    low: tick.last_price,
    close: tick.last_price,
    first_time: tick.timestamp,
    first_seq: tick.seq,
    last_time: tick.timestamp,
    last_seq: tick.seq,
    volume: tick.volume,
    turnover_mills: tick.turnover === null ? null : mills(tick.turnover),
    value_mills: tick.volume === null ? null : price * tick.volume,
    price_mills: price,
    trades: 1,
    left_out: 0,
    origin: 'ticks',
  }
}

/** What a summary takes from a tick. */
export type Trade = Pick<Tick, 'timestamp' | 'last_price' | 'volume' | 'turnover' | 'seq'>

/** Adds a trade to a summary with trades in it, in place: `merge(into, summaryOf(tick, into.start))` without the objects. */
export function addTick(into: Summary, trade: Trade): void {
  const { last_price: price, timestamp: time, volume, turnover, seq } = trade
  if (!earlier(into.first_time, into.first_seq, time, seq)) {
    into.open = price
    into.first_time = time
    into.first_seq = seq
  }
  if (earlier(into.last_time, into.last_seq, time, seq)) {
    into.close = price
    into.last_time = time
    into.last_seq = seq
  }
  if (price > into.high) into.high = price
  if (price < into.low) into.low = price
  const inMills = mills(price)
  into.volume = add(into.volume, volume)
  into.turnover_mills = add(into.turnover_mills, turnover === null ? null : mills(turnover))
  into.value_mills = add(into.value_mills, volume === null ? null : inMills * volume)
  into.price_mills = add(into.price_mills, inMills)
  into.trades = add(into.trades, 1)
}

/** The summary of a tick that is left out: it only counts. Merging it changes nothing but `left_out`. */
export function leftOutOf(tick: Tick, start: number): Summary {
  return {
    ...summaryOf(tick, start),
    volume: null,
    turnover_mills: null,
    value_mills: null,
    price_mills: 0,
    trades: 0,
    left_out: 1,
  }
}

/**
 * The summary of the minute at `start` with one more of its ticks, the first one where there is none yet. A summary that
 * has trades is changed in place.
 */
export function withTick(summary: Summary | undefined, tick: Tick, start: number): Summary {
  if (isLeftOut(tick)) {
    const counted = leftOutOf(tick, start)
    return summary ? merge(summary, counted) : counted
  }
  if (summary?.origin === 'ticks' && summary.trades) {
    addTick(summary, tick)
    return summary
  }
  const single = summaryOf(tick, start)
  return summary ? merge(summary, single) : single
}

/**
 * `union`, save that of two summaries of the same minute a backfilled one replaces one made of ticks: the vendor's whole
 * minute counts.
 */
export function merge(a: Summary, b: Summary): Summary {
  if (a.start !== b.start || a.origin === b.origin) return union(a, b)
  const kept = a.origin === 'backfill' ? a : b
  return { ...kept, left_out: a.left_out + b.left_out }
}

/**
 * The summary of the union of two disjoint sets of ticks of one symbol; its bucket starts where the earlier one does.
 * Associative and commutative.
 */
export function union(a: Summary, b: Summary): Summary {
  if (b.trades === 0) return { ...a, start: Math.min(a.start, b.start), left_out: a.left_out + b.left_out }
  if (a.trades === 0) return { ...b, start: Math.min(a.start, b.start), left_out: a.left_out + b.left_out }
  const aFirst = earlier(a.first_time, a.first_seq, b.first_time, b.first_seq)
  const bLast = earlier(a.last_time, a.last_seq, b.last_time, b.last_seq)
  const first = aFirst ? a : b
  const last = bLast ? b : a
  return {
    symbol: a.symbol,
    start: Math.min(a.start, b.start),
    open: first.open,
    high: Math.max(a.high, b.high),
    low: Math.min(a.low, b.low),
    close: last.close,
    first_time: first.first_time,
    first_seq: first.first_seq,
    last_time: last.last_time,
    last_seq: last.last_seq,
    volume: add(a.volume, b.volume),
    turnover_mills: add(a.turnover_mills, b.turnover_mills),
    value_mills: add(a.value_mills, b.value_mills),
    price_mills: add(a.price_mills, b.price_mills),
    trades: add(a.trades, b.trades),
    left_out: a.left_out + b.left_out,
    origin: a.origin === 'backfill' || b.origin === 'backfill' ? 'backfill' : 'ticks',
  }
}

function earlier(aTime: number, aSeq: Seq, bTime: number, bSeq: Seq): boolean {
  return aTime < bTime || (aTime === bTime && aSeq <= bSeq)
}

/** A sum with an unknown part is unknown. */
function add(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
