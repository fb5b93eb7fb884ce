import { HkqError } from '../../errors.ts'
import type { Bar } from '../../market/bar.ts'
import type { Quote, Tick } from '../../market/event.ts'
import { DAY } from '../../market/time.ts'
import { simpleReturn } from '../estimators/returns.ts'
import { SlidingMoments } from '../sliding-moments.ts'
import type { Settings } from './options.ts'
import { midAt, midOf, type TickColumns, turnoverAt, turnoverOf } from './prices.ts'
import type { Point, Series } from './record.ts'

/**
 * A point per tick: the deviation of the returns from tick to tick over a wall-clock window (t - window, t], or over a
 * number of ticks. A tick that arrives late counts where it arrives; time never goes back.
 */
export class TickSeries implements Series<Tick | Quote | Bar> {
  readonly #settings: Settings
  readonly #emit: (point: Point) => void
  readonly #window = new SlidingMoments()
  readonly #turnover: SlidingSum
  readonly #byTicks: boolean
  readonly #length: number
  readonly #point: Point
  #price = Number.NaN
  #now = Number.NEGATIVE_INFINITY
  #stretch = Number.NaN

  constructor(settings: Settings, emit: (point: Point) => void) {
    this.#settings = settings
    this.#emit = emit
    this.#byTicks = settings.window.unit === 'ticks'
    this.#length = settings.window.unit === 'days' ? settings.window.length * DAY : settings.window.length
    this.#turnover = new SlidingSum()
    this.#point = {
      timestamp: 0,
      last_price: 0,
      volatility: 0,
      samples: 0,
      turnover: Number.NaN,
      slot: -1,
      traded: true,
      missing: false,
    }
  }

  push(event: Tick | Quote | Bar): void {
    if (event.type === 'quote') return
    if (event.type === 'bar')
      throw new HkqError('E_INPUT', 'tick-std needs ticks and got bars: use --estimator grid-std')
    const { timestamp, last_price } = event
    const price = this.#settings.price === 'mid' ? midOf(event) : last_price
    this.#take(timestamp, last_price, price, this.#settings.confirmVolume === null ? Number.NaN : turnoverOf(event))
  }

  pushColumns(columns: TickColumns, from: number, to: number, leftOut: number): void {
    const { timestamp, last_price, flags } = columns
    const { price, confirmVolume } = this.#settings
    for (let i = from; i < to; i++) {
      if ((flags[i]! & leftOut) !== 0) continue
      const turnover = confirmVolume === null ? Number.NaN : turnoverAt(columns, i)
      this.#take(timestamp[i]!, last_price[i]!, price === 'mid' ? midAt(columns, i) : last_price[i]!, turnover)
    }
  }

  gap(): void {
    if (this.#settings.sessionBreaks === 'exclude') this.#price = Number.NaN
  }

  advance(): void {}

  #take(time: number, last: number, price: number, turnover: number): void {
    this.#now = Math.max(this.#now, time)
    if (this.#settings.sessionBreaks === 'exclude') this.#breakAtSessions(time)
    this.#slide(simpleReturn(this.#price, price))
    if (!Number.isNaN(price)) this.#price = price
    const point = this.#point
    point.timestamp = time
    point.last_price = last
    point.samples = this.#window.n
    point.volatility = this.#window.sampleStandardDeviation
    if (this.#settings.confirmVolume !== null) point.turnover = this.#traded(turnover)
    this.#emit(point)
  }

  #slide(value: number): void {
    const window = this.#window
    if (!this.#byTicks) window.shiftUntil(this.#now - this.#length)
    else if (window.length >= this.#length) window.shift()
    window.push(value, this.#now)
  }

  #traded(turnover: number): number {
    const since = this.#byTicks ? Number.NEGATIVE_INFINITY : this.#now - this.#length
    return this.#turnover.push(turnover, this.#now, since, this.#byTicks ? this.#length : Number.POSITIVE_INFINITY)
  }

  #breakAtSessions(time: number): void {
    const day = this.#settings.sessions.day(time)
    const stretch = day?.continuous.find(({ open, close }) => time >= open && time <= close)?.open ?? Number.NaN
    if (stretch !== this.#stretch) this.#price = Number.NaN
    this.#stretch = stretch
  }
}

/** Sum of the newest amounts: those after a time, at most so many. Exact for amounts in whole thousandths below 2^53. */
class SlidingSum {
  #times: number[] = []
  #amounts: number[] = []
  #first = 0
  #sum = 0

  push(amount: number, time: number, since: number, most: number): number {
    this.#times.push(time)
    this.#amounts.push(Math.round(amount * 1000))
    this.#sum += this.#amounts.at(-1)!
    while (this.#times[this.#first]! <= since || this.#times.length - this.#first > most) {
      this.#sum -= this.#amounts[this.#first++]!
    }
    if (this.#first > 4096 && this.#first * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#first)
      this.#amounts = this.#amounts.slice(this.#first)
      this.#first = 0
    }
    return this.#sum / 1000
  }
}
