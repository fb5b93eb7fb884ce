import { HkqError } from '../../errors.ts'
import type { Bar } from '../../market/bar.ts'
import type { Quote, Seq, Tick } from '../../market/event.ts'
import { byTimeAndSeq } from '../../market/event.ts'
import { dayNumber, MINUTE } from '../../market/time.ts'
import { DayGrid } from './day-grid.ts'
import type { Settings } from './options.ts'
import { midAt, midOf, type TickColumns, turnoverAt, turnoverOf } from './prices.ts'
import type { Point, Series } from './record.ts'

/**
 * A point at every grid time of continuous trading, from the day's first trade on: the deviation of the grid's log returns
 * over the last steps of trading time of the same day. Ticks and bars of at most a grid step both fill the grid, so that
 * stored minute bars warm it up for live ticks. A point is complete when time has passed it; what comes later is too late.
 */
export class GridSeries implements Series<Tick | Quote | Bar> {
  readonly #settings: Settings
  readonly #emit: (point: Point) => void
  #grid: DayGrid | null = null
  #gaps: { from: number; to: number }[] = []
  #last = Number.NaN
  #newest: { timestamp: number; seq: Seq } = { timestamp: Number.NEGATIVE_INFINITY, seq: 0 }

  constructor(settings: Settings, emit: (point: Point) => void) {
    this.#settings = settings
    this.#emit = emit
  }

  push(event: Tick | Quote | Bar): void {
    if (event.type === 'bar') this.#bar(event)
    else if (event.type === 'tick') this.#tick(event)
    else if (this.#settings.price === 'mid') this.#quote(event)
  }

  pushColumns(columns: TickColumns, from: number, to: number, leftOut: number): void {
    const { timestamp, last_price, flags } = columns
    const mid = this.#settings.price === 'mid'
    for (let i = from; i < to; i++) {
      if ((flags[i]! & leftOut) !== 0) continue
      const time = timestamp[i]!
      const inOrder = this.#newest.timestamp <= time
      if (inOrder) this.#newest = { timestamp: time, seq: Number.NEGATIVE_INFINITY }
      this.#trade(time, last_price[i]!, mid ? midAt(columns, i) : last_price[i]!, turnoverAt(columns, i), inOrder)
    }
  }

  gap(from: number, to: number): void {
    this.#gaps.push({ from, to })
    this.#grid?.miss(from, to)
  }

  advance(time: number): void {
    const grid = this.#grid
    if (grid === null) return
    while (grid.next < grid.size && grid.times[grid.next]! < time) this.#complete(grid)
  }

  #tick(tick: Tick): void {
    const inOrder = byTimeAndSeq(this.#newest, tick) <= 0
    if (inOrder) this.#newest = tick
    const price = this.#settings.price === 'mid' ? midOf(tick) : tick.last_price
    this.#trade(tick.timestamp, tick.last_price, price, turnoverOf(tick), inOrder)
  }

  #trade(time: number, last: number, price: number, turnover: number, inOrder: boolean): void {
    this.#open(time)
    const grid = this.#grid
    if (inOrder) {
      if (grid?.number === dayNumber(time)) grid.seen = true
      this.#last = last
    }
    const step = grid?.stepOf(time) ?? -1
    if (grid === null || step < grid.next) return
    grid.trade(step, turnover)
    if (inOrder && !Number.isNaN(price)) grid.prices[step] = price
  }

  #quote(quote: Quote): void {
    this.#open(quote.timestamp)
    const step = this.#grid?.stepOf(quote.timestamp) ?? -1
    const price = midOf(quote)
    if (this.#grid !== null && step >= this.#grid.next && !Number.isNaN(price)) this.#grid.prices[step] = price
  }

  #bar(bar: Bar): void {
    this.#open(bar.start)
    const grid = this.#grid
    const traded = bar.volume === null || bar.volume > 0
    this.#last = bar.close
    this.#newest = { timestamp: bar.end - 1, seq: Number.POSITIVE_INFINITY }
    if (grid === null) return
    if (traded) grid.seen = true
    const step = grid.stepOf(bar.start + 1)
    if (step < grid.next) return
    if (this.#settings.auctions === 'join' && step === grid.times.length - 1) {
      grid.shorten()
      return
    }
    this.#fits(bar)
    grid.prices[step] = bar.close
    if (traded) grid.trade(step, bar.turnover ?? Number.NaN)
    if (bar.has_gap) grid.miss(bar.start + 1, bar.end)
    if (bar.end >= grid.times[step]!) this.advance(bar.end + 1)
  }

  #fits(bar: Bar): void {
    const length = bar.end - bar.start
    if (length <= this.#settings.period) return
    throw new HkqError(
      'E_INPUT',
      `a bar of "${length / MINUTE}m" is longer than a step of the grid: use a longer --grid`,
    )
  }

  /** Takes the grid to `time`, and to its day. */
  #open(time: number): void {
    this.advance(time)
    const grid = this.#grid
    if (grid !== null && time < grid.end) return
    const day = this.#settings.sessions.day(time)
    if (day === null || (grid !== null && grid.number >= day.number)) return
    this.advance(Number.POSITIVE_INFINITY)
    const before = this.#settings.sessionBreaks === 'include' ? (grid?.close ?? Number.NaN) : Number.NaN
    this.#grid = new DayGrid(day, this.#settings.period, before, this.#settings.sessionBreaks === 'include')
    this.#gaps = this.#gaps.filter(({ to }) => to >= day.phases[0]!.open)
    for (const { from, to } of this.#gaps) this.#grid.miss(from, to)
    this.advance(time)
  }

  #complete(grid: DayGrid): void {
    const step = grid.complete()
    if (!grid.seen) return
    const { volatility, samples, turnover } = grid.window(
      step,
      Math.round(this.#settings.window.length / this.#settings.period),
    )
    this.#emit({
      timestamp: grid.times[step]!,
      last_price: this.#last,
      volatility,
      samples,
      turnover,
      slot: grid.slot(step),
      traded: grid.traded[step] === 1,
      missing: grid.missing[step] === 1,
    })
  }
}
