import type { Seq } from '../../market/event.ts'
import type { TradingDay } from '../../market/session.ts'
import { dayStart, timeOfDay } from '../../market/time.ts'
import { logReturn } from '../estimators/returns.ts'
import { Moments } from '../moments.ts'
import { slotOf } from './slot.ts'

/** Returns, and steps with trades, below which a window has no volatility. */
const LEAST = 10

/**
 * The price grid of one symbol on one trading day: step k ends at times[k] and holds what happened since the step before,
 * in whatever order it is told while the step is not complete.
 */
export class DayGrid {
  readonly number: number
  /** Hong Kong midnight before the day. */
  readonly start: number
  /** End of the day's last step's session: later ticks belong to another day. */
  readonly end: number
  readonly times: Float64Array
  /** Last price within each step; NaN without one, carried from the step before on completion. */
  readonly prices: Float64Array
  /** Last trade of the day at or before each grid time, in or out of continuous trading; NaN before the first one. */
  readonly trades: Float64Array
  readonly returns: Float64Array
  /** In whole thousandths, so that the order of addition does not matter. */
  readonly turnovers: Float64Array
  readonly traded: Uint8Array
  readonly missing: Uint8Array
  /** End of the last hole that touches each step, epoch ms. */
  readonly #holes: Float64Array
  /** First step that is not complete. */
  next = 0
  size: number
  readonly #priced: Newest
  readonly #traded: Newest
  readonly #first: Uint8Array
  readonly #period: number
  readonly #span: boolean
  #before: number

  /** @param before price before the day; used where `span` lets returns cross breaks */
  constructor(day: TradingDay, period: number, before: number, span: boolean) {
    const times: number[] = []
    const first: number[] = []
    for (const { open, close } of day.continuous) {
      for (let time = open + period; time <= close; time += period) {
        first.push(time === open + period ? 1 : 0)
        times.push(time)
      }
    }
    this.number = day.number
    this.start = dayStart(day.number)
    this.end = day.end
    this.size = times.length
    this.times = Float64Array.from(times)
    this.prices = new Float64Array(this.size).fill(Number.NaN)
    this.trades = new Float64Array(this.size).fill(Number.NaN)
    this.#priced = new Newest(this.prices)
    this.#traded = new Newest(this.trades)
    this.returns = new Float64Array(this.size).fill(Number.NaN)
    this.turnovers = new Float64Array(this.size)
    this.traded = new Uint8Array(this.size)
    this.missing = new Uint8Array(this.size)
    this.#holes = new Float64Array(this.size).fill(Number.NEGATIVE_INFINITY)
    this.#first = Uint8Array.from(first)
    this.#period = period
    this.#span = span
    this.#before = before
  }

  /** Price of the last complete step, NaN before one. */
  get close(): number {
    return this.#before
  }

  /** The first step that ends at or after a time of the day; `size` behind the last one. */
  at(time: number): number {
    let low = this.next
    if (low > 0 && time <= this.times[low - 1]!) low = 0
    else if (time <= this.times[low]!) return low
    let high = this.times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.times[middle]! < time) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a time lies in continuous trading and so in `step`; a grid time belongs to the step that it ends. */
  holds(step: number, time: number): boolean {
    if (step >= this.size) return false
    const start = this.times[step]! - this.#period
    return time > start || (time === start && this.#first[step] === 1)
  }

  /** A trade at or before the end of `step` and after that of the step before. */
  last(step: number, time: number, seq: Seq, price: number): void {
    this.#traded.set(step, time, seq, price)
  }

  /** A price within the step. */
  price(step: number, time: number, seq: Seq, price: number): void {
    this.#priced.set(step, time, seq, price)
  }

  /** A trade within the step. @param turnover NaN where there is no volume */
  trade(step: number, turnover: number): void {
    this.traded[step] = 1
    this.turnovers[step]! += Math.round(turnover * 1000)
  }

  /**
   * No return crosses data missing between the two times, complete steps included: neither one of a step that they touch,
   * nor the next one with a price where the last price before it is older than the hole.
   */
  miss(from: number, to: number): void {
    let last = -1
    for (let step = 0; step < this.size && this.times[step]! - this.#period < to; step++) {
      if (this.times[step]! < from) continue
      this.missing[step] = 1
      this.#holes[step] = Math.max(this.#holes[step]!, to)
      if (!this.#span) this.returns[step] = Number.NaN
      last = step
    }
    if (!this.#span && last >= 0 && last < this.next) this.#forget(last)
  }

  /** Takes back what complete steps after `step` made of a price that is older than its hole. */
  #forget(step: number): void {
    if (!this.#isStale(step)) return
    for (let later = step + 1; later < this.next; later++) {
      this.returns[later] = Number.NaN
      if (this.#priced.time(later) > Number.NEGATIVE_INFINITY) return
    }
    this.#before = Number.NaN
  }

  /** Whether a hole touches the step and its price is none of after the hole. */
  #isStale(step: number): boolean {
    return this.#priced.time(step) < this.#holes[step]!
  }

  /** The day's last step is not to be had. */
  shorten(): void {
    this.size = Math.min(this.size, this.times.length - 1)
  }

  /** Closes the next step. @returns its number */
  complete(): number {
    const step = this.next++
    if (this.#first[step] === 1 && !this.#span) this.#before = Number.NaN
    if (Number.isNaN(this.prices[step]!)) this.prices[step] = this.#before
    if (this.#span || this.missing[step] === 0) this.returns[step] = logReturn(this.#before, this.prices[step]!)
    this.#before = !this.#span && this.#isStale(step) ? Number.NaN : this.prices[step]!
    if (step > 0 && Number.isNaN(this.trades[step]!)) this.trades[step] = this.trades[step - 1]!
    return step
  }

  /** Number of the step among those of any day, by time of day. */
  slot(step: number): number {
    return slotOf(timeOfDay(this.times[step]!), this.#period)
  }

  /** The last `steps` steps up to and including `step`. */
  window(step: number, steps: number): { volatility: number; samples: number; turnover: number } {
    const moments = new Moments()
    let traded = 0
    let turnover = 0
    for (let i = Math.max(0, step + 1 - steps); i <= step; i++) {
      if (!Number.isNaN(this.returns[i]!)) moments.add(this.returns[i]!)
      traded += this.traded[i]!
      turnover += this.turnovers[i]!
    }
    const defined = moments.n >= LEAST && traded >= LEAST
    return {
      volatility: defined ? moments.sampleStandardDeviation : Number.NaN,
      samples: moments.n,
      turnover: turnover / 1000,
    }
  }
}

/** Of the values told for each place the one that is newest by (time, seq); the later told of equal ones. */
class Newest {
  readonly #values: Float64Array
  readonly #times: Float64Array
  readonly #seqs: Seq[] = []

  constructor(values: Float64Array) {
    this.#values = values
    this.#times = new Float64Array(values.length).fill(Number.NEGATIVE_INFINITY)
  }

  /** Of the value at a place, epoch ms; -Infinity without one. */
  time(place: number): number {
    return this.#times[place]!
  }

  set(place: number, timestamp: number, seq: Seq, value: number): void {
    const held = this.#times[place]!
    if (held > timestamp || (held === timestamp && this.#seqs[place]! > seq)) return
    this.#values[place] = value
    this.#times[place] = timestamp
    this.#seqs[place] = seq
  }
}
