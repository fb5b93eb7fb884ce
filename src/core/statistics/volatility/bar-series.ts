import { HkqError } from '../../errors.ts'
import type { Bar } from '../../market/bar.ts'
import type { Quote, Tick } from '../../market/event.ts'
import { DAY, dayNumber, timeOfDay } from '../../market/time.ts'
import { EstimatorWindow } from '../rolling-volatility.ts'
import type { Settings } from './options.ts'
import type { Point, Series } from './record.ts'
import { slotOf } from './slot.ts'

/** Samples below which an intraday window has no volatility; a shorter window asks for all of its own. */
const LEAST = 10

/**
 * A point per bar, at its end, by any estimator. Below a day the window holds bars of the same day and no return joins two
 * sessions; daily bars form one series with the nights in it. Bars without trades and auction bars are left out.
 */
export class BarSeries implements Series<Tick | Quote | Bar> {
  readonly #settings: Settings
  readonly #emit: (point: Point) => void
  readonly #bars: number
  readonly #window: EstimatorWindow
  readonly #turnovers: number[] = []
  #end = Number.NEGATIVE_INFINITY
  #missing = false

  constructor(settings: Settings, emit: (point: Point) => void) {
    const { unit, length } = settings.window
    this.#settings = settings
    this.#emit = emit
    this.#bars = unit === 'days' ? length * (DAY / settings.period) : Math.round(length / settings.period)
    if (Math.min(...settings.estimator.samples(this.#bars)) < 2) {
      throw new HkqError(
        'E_USAGE',
        `window "${settings.windowText}" holds too few bars for ${settings.estimator.name}: use a longer one`,
      )
    }
    this.#window = new EstimatorWindow(settings.estimator, this.#bars)
  }

  push(event: Tick | Quote | Bar): void {
    if (event.type === 'quote') return
    if (event.type === 'tick') throw this.#needsBars()
    if (event.volume === 0 || event.start < this.#end || !this.#belongs(event)) return
    this.#join(event)
    this.#window.push(event)
    this.#turnovers.push(event.turnover ?? Number.NaN)
    if (this.#turnovers.length > this.#bars) this.#turnovers.shift()
    this.#end = event.end
    const samples = this.#window.samples
    const defined = this.#window.full || (this.#settings.period < DAY && samples >= LEAST)
    this.#emit({
      timestamp: event.end,
      last_price: event.close,
      volatility: defined ? this.#window.volatility : Number.NaN,
      samples,
      turnover: this.#turnovers.reduce((sum, turnover) => sum + turnover, 0),
      slot: this.#settings.period < DAY ? slotOf(timeOfDay(event.end), this.#settings.period) : -1,
      traded: true,
      missing: event.has_gap || this.#missing,
      jumpShare: this.#window.jumpShare,
    })
    this.#missing = false
  }

  pushColumns(): never {
    throw this.#needsBars()
  }

  gap(): void {
    this.#missing = true
    if (this.#settings.sessionBreaks === 'exclude' && this.#settings.period < DAY) this.#window.break()
  }

  advance(): void {}

  #needsBars(): HkqError {
    const { name } = this.#settings.estimator
    return new HkqError('E_INPUT', `estimator "${name}" needs bars and got ticks: resample them first`)
  }

  /** Intraday bars lie in continuous trading; auctions' own bars do not. */
  #belongs(bar: Bar): boolean {
    return this.#settings.period >= DAY || this.#settings.sessions.isContinuous(bar.start)
  }

  #join(bar: Bar): void {
    if (this.#settings.period >= DAY) return
    const { sessions, sessionBreaks } = this.#settings
    if (dayNumber(bar.start) !== dayNumber(this.#end)) {
      if (sessionBreaks === 'exclude') this.#window.clear()
      this.#turnovers.length = 0
    } else if (
      sessionBreaks === 'exclude' &&
      (bar.has_gap || sessions.phaseAt(bar.start) !== sessions.phaseAt(this.#end - 1))
    ) {
      this.#window.break()
    }
  }
}
