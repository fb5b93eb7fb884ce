import type { Bar } from '../../market/bar.ts'
import type { Quote, Tick } from '../../market/event.ts'
import type { Horizon } from './horizon.ts'
import { Judge } from './judge.ts'
import type { Settings } from './options.ts'
import { Outcomes } from './outcomes.ts'
import { PairSeries } from './pair-series.ts'
import { Past } from './past.ts'
import type { Point, Series } from './record.ts'
import { Score } from './score.ts'
import { SeasonalProfile } from './seasonal-profile.ts'
import { seriesOf } from './series-of.ts'
import type { BacktestRule, Tally } from './tally.ts'

/** The points of one symbol, looked at by a judge for every rule, and what came after them. */
export class SymbolBacktest {
  /** Where the symbol's events go. */
  readonly series: Series<Tick | Quote | Bar>
  readonly #since: number
  readonly #past: Past
  readonly #judges: readonly { judge: Judge; score: Score }[]
  #inRange = false

  /** @param since points from this time (epoch ms) on count; those before warm up */
  constructor(symbol: string, settings: Settings, horizon: Horizon, rules: readonly BacktestRule[], since: number) {
    this.#since = since
    this.#past = new Past(settings)
    this.#judges = rules.map((rule) => ({
      judge: new Judge(this.#past, { ...settings, ...rule }),
      score: new Score(symbol, rule),
    }))
    this.series = this.#seriesOf(settings, horizon)
  }

  /** One for each rule; none without a point in the range. */
  get tallies(): Tally[] {
    return this.#inRange ? this.#judges.map(({ score }) => score.tally) : []
  }

  /** Where the horizon is as long as the window the strategy's own points tell what came; else a second series does. */
  #seriesOf(settings: Settings, horizon: Horizon): Series<Tick | Quote | Bar> {
    const isOwn = horizon.settings.window.length === settings.window.length
    const profile = isOwn ? this.#past.seasonal! : new SeasonalProfile(settings)
    const outcomes = new Outcomes(horizon.steps, profile, (time, ratio) => {
      for (const { score } of this.#judges) score.settle(time, ratio)
    })
    if (isOwn) {
      return seriesOf(settings, (point) => {
        this.#judge(point)
        outcomes.take(point)
      })
    }
    const ahead = seriesOf(horizon.settings, (point) => {
      profile.begin(point.timestamp)
      outcomes.take(point)
      profile.add(point)
    })
    return new PairSeries(
      seriesOf(settings, (point) => this.#judge(point)),
      ahead,
    )
  }

  #judge(point: Point): void {
    const isInRange = point.timestamp >= this.#since
    this.#inRange ||= isInRange
    this.#past.begin(point)
    for (const { judge, score } of this.#judges) {
      judge.judge(point)
      if (isInRange) score.judged(point, judge)
    }
    this.#past.add(point)
  }
}
