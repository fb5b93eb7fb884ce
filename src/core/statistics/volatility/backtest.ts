import type { Evaluator } from './evaluator.ts'
import { horizonOf } from './horizon.ts'
import { type Alarms, Intake, type VolatilityEvent } from './intake.ts'
import { type Settings, settingsOf, type VolatilityOptions } from './options.ts'
import type { TickColumns } from './prices.ts'
import { SymbolBacktest } from './symbol-backtest.ts'
import type { BacktestRule, Tally } from './tally.ts'

/** What a backtest takes beside the settings of the strategy. */
export interface BacktestOptions extends VolatilityOptions, Alarms {
  /** How far it looks ahead, in trading time: `30m` (default). */
  horizon?: string
  /** Points from this time (epoch ms) on count; those before warm up. */
  since?: number
}

const QUANTILES = [0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99]

/**
 * The strategy judged by what came after it. For every quantile and both kinds of threshold (the one that is forced) it
 * counts the alerts that a run of the strategy gives, and how often the horizon after them was a hit: (t, t + horizon] of
 * trading time of the same day at more than 1.25 times what is usual for that clock window, a seasonal profile of such
 * windows that was fixed before the day. Both kinds are judged by that one measure. Points whose horizon has no volatility
 * or no usual, or does not end that day, are left out. Bars without trades are no time to estimators of bars.
 *
 * Unless it is forced, the seasonal threshold asks for five full days as ever, and does not fall back to the flat one.
 */
export class Backtest implements Evaluator<Tally> {
  readonly #intake: Intake
  readonly #symbols: SymbolBacktest[] = []

  /** @throws HkqError E_USAGE for settings that cannot be */
  constructor(options: BacktestOptions = {}) {
    const { since = Number.NEGATIVE_INFINITY } = options
    const settings = settingsOf(options)
    const horizon = horizonOf(settings, options.horizon)
    const rules = rulesOf(settings)
    const seriesFor = (name: string) => {
      const symbol = new SymbolBacktest(name, settings, horizon, rules, since)
      this.#symbols.push(symbol)
      return symbol.series
    }
    this.#intake = new Intake(settings, seriesFor, options)
  }

  push(batch: readonly VolatilityEvent[]): Tally[] {
    this.#intake.push(batch)
    return []
  }

  pushColumns(symbol: string, columns: TickColumns, from = 0, to = columns.length): Tally[] {
    this.#intake.pushColumns(symbol, columns, from, to)
    return []
  }

  scan(now: number): Tally[] {
    this.#intake.scan(now)
    return []
  }

  stop(now: number): Tally[] {
    this.#intake.scan(now)
    return this.#tallies()
  }

  /** @returns of each symbol with a point in the range a tally for every rule */
  end(complete = Number.NEGATIVE_INFINITY): Tally[] {
    this.#intake.end(complete)
    return this.#tallies()
  }

  #tallies(): Tally[] {
    return this.#symbols.flatMap(({ tallies }) => tallies)
  }
}

/** Both kinds of threshold, or the forced one, at every quantile in order; that of the settings is one of them. */
function rulesOf({ threshold, quantile }: Settings): BacktestRule[] {
  const kinds = threshold === 'auto' ? (['seasonal', 'flat'] as const) : [threshold]
  const quantiles = [...new Set([...QUANTILES, quantile])].sort((a, b) => a - b)
  return kinds.flatMap((kind) => quantiles.map((each) => ({ threshold: kind, quantile: each })))
}
