import { SETTLE } from '../../bars/bucket.ts'
import { HkqError } from '../../errors.ts'
import type { Bar } from '../../market/bar.ts'
import type { Quote, Seq, Tick } from '../../market/event.ts'
import { MINUTE } from '../../market/time.ts'
import { DayGrid } from './day-grid.ts'
import type { Settings } from './options.ts'
import { midAt, midOf, type TickColumns, turnoverAt, turnoverOf } from './prices.ts'
import type { Point, Series } from './record.ts'

/**
 * A point at every grid time of continuous trading, from the day's first trade on: the deviation of the grid's log returns
 * over the last steps of trading time of the same day. Ticks and bars of at most a grid step both fill the grid, so that
 * stored minute bars warm it up for live ticks. A point is complete when time has passed it by what a push may take; a
 * trade that comes later still is too late for it.
 */
export class GridSeries implements Series<Tick | Quote | Bar> {
  readonly #settings: Settings
  readonly #emit: (point: Point) => void
  readonly #onTooLate: (time: number) => void
  #grid: DayGrid | null = null
  #gaps: { from: number; to: number }[] = []

  /** @param onTooLate told of each trade (its time, epoch ms) whose point has been given: it is in none */
  constructor(settings: Settings, emit: (point: Point) => void, onTooLate: (time: number) => void = () => {}) {
    this.#onTooLate = onTooLate
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
      const price = mid ? midAt(columns, i) : last_price[i]!
      this.#trade(timestamp[i]!, Number.NEGATIVE_INFINITY, last_price[i]!, price, turnoverAt(columns, i))
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
    const price = this.#settings.price === 'mid' ? midOf(tick) : tick.last_price
    this.#trade(tick.timestamp, tick.seq, tick.last_price, price, turnoverOf(tick))
  }

  #trade(time: number, seq: Seq, last: number, price: number, turnover: number): void {
    const grid = this.#open(time)
    if (grid === null) return
    const step = grid.at(time)
    grid.last(Math.max(step, grid.next), time, seq, last)
    if (!grid.holds(step, time)) return
    if (step < grid.next) {
      this.#onTooLate(time)
      return
    }
    grid.trade(step, turnover)
    if (!Number.isNaN(price)) grid.price(step, time, seq, price)
  }

  #quote(quote: Quote): void {
    const { timestamp, seq } = quote
    const grid = this.#open(timestamp)
    const step = grid?.at(timestamp) ?? 0
    const price = midOf(quote)
    if (grid === null || step < grid.next || !grid.holds(step, timestamp) || Number.isNaN(price)) return
    grid.price(step, timestamp, seq, price)
  }

  #bar(bar: Bar): void {
    const grid = this.#open(bar.start)
    if (grid === null) return
    const traded = bar.volume === null || bar.volume > 0
    const end = bar.end - 1
    const step = grid.at(bar.start + 1)
    if (traded) grid.last(Math.max(step, grid.next), end, Number.POSITIVE_INFINITY, bar.close)
    if (step < grid.next || !grid.holds(step, bar.start + 1)) return
    if (this.#settings.auctions === 'join' && step === grid.times.length - 1) {
      grid.shorten()
      return
    }
    this.#fits(bar)
    grid.price(step, end, Number.POSITIVE_INFINITY, bar.close)
    if (traded) grid.trade(step, bar.turnover ?? Number.NaN)
    // which of its trades came before the hole, it does not tell
    if (bar.has_gap) grid.miss(bar.start + 1, end)
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

  /** Takes the grid to `time`, and to its day. @returns the grid of that day; null where there is none, or is no more */
  #open(time: number): DayGrid | null {
    this.advance(time - SETTLE)
    const grid = this.#grid
    if (grid !== null && time < grid.end) return time < grid.start ? null : grid
    const day = this.#settings.sessions.day(time)
    if (day === null || (grid !== null && grid.number >= day.number)) return null
    this.advance(Number.POSITIVE_INFINITY)
    const before = this.#settings.sessionBreaks === 'include' ? (grid?.close ?? Number.NaN) : Number.NaN
    this.#grid = new DayGrid(day, this.#settings.period, before, this.#settings.sessionBreaks === 'include')
    this.#gaps = this.#gaps.filter(({ to }) => to >= day.phases[0]!.open)
    for (const { from, to } of this.#gaps) this.#grid.miss(from, to)
    this.advance(time - SETTLE)
    return this.#grid
  }

  #complete(grid: DayGrid): void {
    const step = grid.complete()
    if (Number.isNaN(grid.trades[step]!)) return
    const { volatility, samples, turnover } = grid.window(
      step,
      Math.round(this.#settings.window.length / this.#settings.period),
    )
    this.#emit({
      timestamp: grid.times[step]!,
      last_price: grid.trades[step]!,
      volatility,
      samples,
      turnover,
      slot: grid.slot(step),
      traded: grid.traded[step] === 1,
      missing: grid.missing[step] === 1,
    })
  }
}
