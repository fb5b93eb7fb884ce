import { HkqError } from '../../errors.ts'
import { DAY, formatDate } from '../../market/time.ts'
import { AlertState } from './alert-state.ts'
import type { AnnualPeriods } from './annual.ts'
import { FlatThreshold } from './flat-threshold.ts'
import type { Settings } from './options.ts'
import type { Point, VolatilityRecord } from './record.ts'
import { SeasonalProfile } from './seasonal-profile.ts'
import { slotCount } from './slot.ts'

/** Judges the points of one symbol, in order: threshold, state, event. Knows the past only. */
export class Judge {
  readonly #symbol: string
  readonly #settings: Settings
  readonly #annual: AnnualPeriods
  readonly #state: AlertState
  readonly #flat: FlatThreshold | null
  readonly #profile: SeasonalProfile | null
  #turnover = 0
  #turnovers = 0
  #point!: Point
  #event: VolatilityRecord['event'] = null
  #seasonal = false
  #threshold = Number.NaN
  #usual = Number.NaN
  #volumeRatio = Number.NaN
  #annualized = Number.NaN

  constructor(symbol: string, settings: Settings, annual: AnnualPeriods) {
    this.#symbol = symbol
    this.#settings = settings
    this.#annual = annual
    this.#state = new AlertState(settings.release, settings.confirmVolume)
    this.#flat = settings.threshold === 'seasonal' ? null : new FlatThreshold(settings)
    const onGrid = settings.estimator.periodic && settings.period < DAY
    this.#profile = onGrid
      ? new SeasonalProfile({
          ...settings,
          slots: slotCount(settings.period),
          forced: settings.threshold === 'seasonal',
        })
      : null
  }

  /** Takes the next point in. @returns what it changed */
  judge(point: Point): VolatilityRecord['event'] {
    const { timestamp, volatility, slot } = point
    const profile = this.#profile
    profile?.begin(timestamp)
    const flat = this.#flat?.threshold(timestamp) ?? Number.NaN
    if (this.#flat !== null && !Number.isNaN(volatility)) this.#flat.add(volatility)
    this.#point = point
    this.#seasonal = this.#settings.threshold !== 'flat' && (profile?.ready ?? false)
    this.#threshold = this.#seasonal ? profile!.threshold(slot) : flat
    this.#usual = this.#seasonal ? profile!.usual(slot) : Number.NaN
    this.#annualized = this.#settings.estimator.periodic ? volatility * this.#scale(timestamp) : Number.NaN
    this.#volumeRatio = this.#volumeRatioOf(point)
    profile?.add(point)
    this.#event = this.#state.step(volatility, this.#threshold, this.#volumeRatio)
    return this.#event
  }

  /** The record of the newest point. */
  record(): VolatilityRecord {
    const { timestamp, volatility, jumpShare } = this.#point
    const threshold = this.#threshold
    const ratio = volatility / this.#usual
    return {
      type: 'volatility',
      symbol: this.#symbol,
      timestamp,
      last_price: orNull(this.#point.last_price),
      volatility: orNull(volatility),
      annualized: orNull(this.#annualized),
      usual: orNull(this.#usual),
      ratio: orNull(ratio),
      percentile:
        Number.isNaN(threshold) || Number.isNaN(volatility) ? null : orNull(this.#percentile(volatility, ratio)),
      threshold: orNull(threshold),
      volume_ratio: orNull(this.#volumeRatio),
      state: this.#state.state,
      event: this.#event,
      samples: this.#point.samples,
      estimator: this.#settings.estimator.name,
      window: this.#settings.windowText,
      seasonal: this.#seasonal,
      ...(jumpShare !== undefined && { jump_share: Number.isNaN(volatility) ? null : orNull(jumpShare) }),
    }
  }

  #percentile(volatility: number, ratio: number): number {
    return this.#seasonal ? this.#profile!.percentile(ratio) : (this.#flat?.percentile(volatility) ?? Number.NaN)
  }

  /** Over the median of the same clock window where points lie on a grid, else over the mean of all points before. */
  #volumeRatioOf({ slot, turnover }: Point): number {
    if (this.#profile !== null) return turnover / this.#profile.usualTurnover(slot)
    if (this.#settings.confirmVolume === null || Number.isNaN(turnover)) return Number.NaN
    const ratio = turnover / (this.#turnover / this.#turnovers)
    this.#turnover += turnover
    this.#turnovers++
    return ratio
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
