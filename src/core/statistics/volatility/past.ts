import { DAY } from '../../market/time.ts'
import { FlatProfile } from './flat-profile.ts'
import type { Settings } from './options.ts'
import type { Point } from './record.ts'
import { SeasonalProfile } from './seasonal-profile.ts'

/** What the points of one symbol are judged against, all of it known before each point: one for all its judges. */
export class Past {
  /** null where points do not lie at the same minutes every day. */
  readonly seasonal: SeasonalProfile | null
  /** null where the seasonal threshold is forced. */
  readonly flat: FlatProfile | null
  /** Turnover of the newest point's window over what is usual; NaN where it is unknown. */
  volumeRatio = Number.NaN
  readonly #asksVolume: boolean
  #turnover = 0
  #turnovers = 0

  constructor(settings: Settings) {
    const onGrid = settings.estimator.periodic && settings.period < DAY
    this.seasonal = onGrid ? new SeasonalProfile(settings) : null
    this.flat = settings.threshold === 'seasonal' ? null : new FlatProfile(settings)
    this.#asksVolume = settings.confirmVolume !== null
  }

  /** To be called with every point before it is judged. */
  begin({ timestamp, slot, turnover }: Point): void {
    this.seasonal?.begin(timestamp)
    this.flat?.begin(timestamp)
    this.volumeRatio = turnover / this.#usualTurnover(slot)
  }

  /** To be called with every point once it has been judged. */
  add(point: Point): void {
    const { volatility, turnover } = point
    if (!Number.isNaN(volatility)) this.flat?.add(volatility)
    this.seasonal?.add(point)
    if (Number.isNaN(turnover)) return
    this.#turnover += turnover
    this.#turnovers++
  }

  /** Median of the same clock window where points lie on a grid, else the mean of all points before where it is asked for. */
  #usualTurnover(slot: number): number {
    if (this.seasonal !== null) return this.seasonal.usualTurnover(slot)
    return this.#asksVolume ? this.#turnover / this.#turnovers : Number.NaN
  }
}
