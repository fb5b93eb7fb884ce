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

  judge(point: Point): VolatilityRecord {
    const { timestamp, volatility, slot } = point
    const profile = this.#profile
    profile?.begin(timestamp)
    const flat = this.#flat?.threshold(timestamp) ?? Number.NaN
    const rank = this.#flat !== null && !Number.isNaN(volatility) ? this.#flat.add(volatility) : Number.NaN
    const seasonal = this.#settings.threshold !== 'flat' && (profile?.ready ?? false)
    const threshold = seasonal ? profile!.threshold(slot) : flat
    const usual = seasonal ? profile!.usual(slot) : Number.NaN
    const ratio = volatility / usual
    const percentile = seasonal ? profile!.percentile(ratio) : rank
    const volumeRatio = this.#volumeRatio(point)
    profile?.add(point)
    const event = this.#state.step(volatility, threshold, volumeRatio)
    return {
      type: 'volatility',
      symbol: this.#symbol,
      timestamp,
      last_price: orNull(point.last_price),
      volatility: orNull(volatility),
      annualized: this.#settings.estimator.periodic ? orNull(volatility * this.#scale(timestamp)) : null,
      usual: orNull(usual),
      ratio: orNull(ratio),
      percentile: Number.isNaN(threshold) || Number.isNaN(volatility) ? null : orNull(percentile),
      threshold: orNull(threshold),
      volume_ratio: orNull(volumeRatio),
      state: this.#state.state,
      event,
      samples: point.samples,
      estimator: this.#settings.estimator.name,
      window: this.#settings.windowText,
      seasonal,
    }
  }

  /** Over the median of the same clock window where points lie on a grid, else over the mean of all points before. */
  #volumeRatio({ slot, turnover }: Point): number {
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
