import { HkqError } from '../../errors.ts'
import { formatDate } from '../../market/time.ts'
import type { AnnualPeriods } from './annual.ts'
import { Judge } from './judge.ts'
import type { Settings } from './options.ts'
import { Past } from './past.ts'
import type { Point, VolatilityRecord } from './record.ts'

/** The strategy over the points of one symbol, in order, and the record of the newest one. */
export class SymbolVolatility {
  readonly #symbol: string
  readonly #settings: Settings
  readonly #annual: AnnualPeriods
  readonly #past: Past
  readonly #judge: Judge
  #point!: Point

  constructor(symbol: string, settings: Settings, annual: AnnualPeriods) {
    this.#symbol = symbol
    this.#settings = settings
    this.#annual = annual
    this.#past = new Past(settings)
    this.#judge = new Judge(this.#past, settings)
  }

  /** Takes the next point in. @returns what it changed */
  take(point: Point): VolatilityRecord['event'] {
    this.#point = point
    this.#past.begin(point)
    const event = this.#judge.judge(point)
    this.#past.add(point)
    return event
  }

  /** The record of the newest point. @throws HkqError E_USAGE where it cannot be annualised and must be */
  record(): VolatilityRecord {
    const { timestamp, last_price, volatility, samples, slot, jumpShare } = this.#point
    const { threshold, state, event, seasonal } = this.#judge
    const { estimator, windowText } = this.#settings
    const usual = seasonal ? this.#past.seasonal!.usual(slot) : Number.NaN
    const ratio = volatility / usual
    return {
      type: 'volatility',
      symbol: this.#symbol,
      timestamp,
      last_price: orNull(last_price),
      volatility: orNull(volatility),
      annualized: orNull(estimator.periodic ? volatility * this.#scale(timestamp) : Number.NaN),
      usual: orNull(usual),
      ratio: orNull(ratio),
      percentile: Number.isNaN(threshold) || Number.isNaN(volatility) ? null : orNull(this.#percentile(ratio)),
      threshold: orNull(threshold),
      volume_ratio: orNull(this.#past.volumeRatio),
      state,
      event,
      samples,
      estimator: estimator.name,
      window: windowText,
      seasonal,
      ...(jumpShare !== undefined && { jump_share: Number.isNaN(volatility) ? null : orNull(jumpShare) }),
    }
  }

  #percentile(ratio: number): number {
    const { seasonal, flat } = this.#past
    return this.#judge.seasonal ? seasonal!.percentile(ratio) : flat!.percentile(this.#point.volatility)
  }

  #scale(time: number): number {
    const scale = this.#annual.scale(time)
    if (this.#settings.annualize && Number.isNaN(scale)) {
      const { range } = this.#settings.sessions.calendar
      throw new HkqError('E_USAGE', `cannot annualise "${formatDate(time)}": the calendar covers ${range}`)
    }
    return scale
  }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
