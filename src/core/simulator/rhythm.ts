import type { Stretch, TradingDay } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import type { Random } from './random.ts'

/**
 * A quantity that accrues over continuous trading at a rate of its own each minute: trades, or variance. Its total up to a
 * moment, and the moment at which a total is reached, are both looked up in the minute alone.
 */
export class Accrual {
  readonly #open: number
  readonly #rates: Float64Array
  readonly #sums: Float64Array

  /** @param perMinute amount of each minute from `open` (epoch ms) on, `before` what had accrued by then */
  constructor(open: number, perMinute: Float64Array, before = 0) {
    this.#open = open
    this.#rates = perMinute
    this.#sums = new Float64Array(perMinute.length + 1)
    this.#sums[0] = before
    for (let i = 0; i < perMinute.length; i++) this.#sums[i + 1] = this.#sums[i]! + perMinute[i]!
  }

  get total(): number {
    return this.#sums.at(-1)!
  }

  /** What has accrued by `time`. */
  by(time: number): number {
    const minute = Math.min(this.#rates.length - 1, Math.floor((time - this.#open) / MINUTE))
    return this.#sums[minute]! + this.#rates[minute]! * ((time - this.#open) / MINUTE - minute)
  }

  /** When, from `time` on, `amount` more has accrued; Infinity when it never does. */
  after(time: number, amount: number): number {
    let minute = Math.floor((time - this.#open) / MINUTE)
    const wanted = this.by(time) + amount
    while (minute < this.#rates.length && this.#sums[minute + 1]! < wanted) minute++
    if (minute >= this.#rates.length) return Number.POSITIVE_INFINITY
    return this.#open + (minute + (wanted - this.#sums[minute]!) / this.#rates[minute]!) * MINUTE
  }
}

/** Trades and price variance of one continuous stretch, as they accrue. */
export interface Rhythm {
  readonly stretch: Stretch
  readonly orders: Accrual
  readonly variance: Accrual
}

/**
 * The rhythm of one day: a U of its own in the morning and in the afternoon, the opening far busiest, volatility that
 * clusters, and one to three bursts of news.
 * @param orders expected number of orders of the day
 * @param variance variance of the log price from open to close
 */
export function dayRhythm(day: TradingDay, random: Random, orders: number, variance: number): Rhythm[] {
  const minutes = day.continuous.map(({ open, close }) => Math.ceil((close - open) / MINUTE))
  const count = minutes.reduce((a, b) => a + b, 0)
  const mood = moodOf(count, random)
  const news = newsOf(count, random)
  const activity = new Float64Array(count)
  const variation = new Float64Array(count)
  let at = 0
  for (const [half, length] of minutes.entries()) {
    for (let minute = 0; minute < length; minute++, at++) {
      const [busy, wild] = half === 0 ? morning(minute, length) : afternoon(minute, length)
      activity[at] = busy * (1 + 0.3 * mood[at]! + 0.6 * news[at]!)
      variation[at] = wild * ((1 + mood[at]!) * (1 + news[at]!)) ** 2
    }
  }
  scale(activity, orders)
  scale(variation, variance)
  let from = 0
  let [ordersBefore, varianceBefore] = [0, 0]
  return day.continuous.map((stretch, half) => {
    const part = [from, from + minutes[half]!] as const
    const rhythm = {
      stretch,
      orders: new Accrual(stretch.open, activity.slice(...part), ordersBefore),
      variance: new Accrual(stretch.open, variation.slice(...part), varianceBefore),
    }
    from = part[1]
    ordersBefore = rhythm.orders.total
    varianceBefore = rhythm.variance.total
    return rhythm
  })
}

/** Relative activity and variance of a morning minute: the opening burst, the slow middle, the rush before lunch. */
function morning(minute: number, length: number): [busy: number, wild: number] {
  const toClose = length - minute
  return [
    1 + 7 * Math.exp(-minute / 3) + 1.5 * Math.exp(-minute / 30) + 0.4 * Math.exp(-toClose / 8),
    1 + 4 * Math.exp(-minute / 10) + 0.4 * Math.exp(-toClose / 10),
  ]
}

function afternoon(minute: number, length: number): [busy: number, wild: number] {
  const toClose = length - minute
  return [
    0.8 + 1.6 * Math.exp(-minute / 5) + 2.5 * Math.exp(-toClose / 8),
    0.8 + 1.5 * Math.exp(-minute / 8) + 1.2 * Math.exp(-toClose / 12),
  ]
}

/** Slowly wandering excess volatility, above -0.6: what makes calm and nervous spells. */
function moodOf(count: number, random: Random): Float64Array {
  const mood = new Float64Array(count)
  let level = random.gaussian()
  for (let i = 0; i < count; i++) {
    mood[i] = Math.max(-0.6, 0.3 * level)
    level = 0.94 * level + 0.34 * random.gaussian()
  }
  return mood
}

/** Bursts after news: volatility jumps to four to seven times the usual and calms down within a quarter of an hour. */
function newsOf(count: number, random: Random): Float64Array {
  const news = new Float64Array(count)
  for (let left = 1 + random.below(3); left > 0; left--) {
    const from = 40 + random.below(Math.max(1, count - 60))
    const size = 3 + 3 * random.uniform()
    for (let i = from; i < count; i++) news[i] = news[i]! + size * Math.exp(-(i - from) / 6)
  }
  return news
}

function scale(values: Float64Array, total: number): void {
  const sum = values.reduce((a, b) => a + b, 0)
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! * total) / sum
}
