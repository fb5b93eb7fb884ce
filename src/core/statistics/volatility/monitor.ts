import { AnnualPeriods } from './annual.ts'
import type { Evaluator } from './evaluator.ts'
import { type Alarms, Intake, type VolatilityEvent } from './intake.ts'
import { type Settings, settingsOf, type VolatilityOptions } from './options.ts'
import type { TickColumns } from './prices.ts'
import type { Point, VolatilityRecord } from './record.ts'
import { seriesOf } from './series-of.ts'
import { SymbolVolatility } from './symbol-volatility.ts'

/** Which records to make; all by default. What is not made is computed all the same. */
export interface WantedRecords extends Alarms {
  /** Told of each trade (time in epoch ms) that came after the value of its grid step was given: it is in none. */
  onTooLate?: (symbol: string, time: number) => void
  /** Those from this time (epoch ms) on. */
  since?: number
  /** Those with an event, and at the end the newest of each symbol. Ticks must come in order of time. */
  last?: boolean
}

/**
 * The volatility strategy over any number of symbols, fed in batches: the same records whether history or live, in one
 * batch or many. State lives per symbol; nothing looks ahead.
 */
export class VolatilityMonitor implements Evaluator<VolatilityRecord> {
  readonly #settings: Settings
  readonly #annual: AnnualPeriods
  readonly #wanted: WantedRecords
  readonly #intake: Intake
  /** The symbols whose newest point has no record yet, where only the last one is wanted. */
  readonly #unwritten = new Set<SymbolVolatility>()
  #records: VolatilityRecord[] = []

  /** @throws HkqError E_USAGE for settings that cannot be */
  constructor(options: VolatilityOptions = {}, wanted: WantedRecords = {}) {
    const settings = settingsOf(options)
    this.#settings = settings
    this.#wanted = wanted
    this.#annual = new AnnualPeriods(settings)
    const seriesFor = (symbol: string) =>
      seriesOf(settings, this.#recording(symbol), (time) => wanted.onTooLate?.(symbol, time))
    this.#intake = new Intake(settings, seriesFor, wanted)
  }

  push(batch: readonly VolatilityEvent[]): VolatilityRecord[] {
    this.#intake.push(batch)
    return this.#taken()
  }

  pushColumns(symbol: string, columns: TickColumns, from = 0, to = columns.length): VolatilityRecord[] {
    this.#intake.pushColumns(symbol, columns, from, to)
    return this.#taken()
  }

  scan(now: number): VolatilityRecord[] {
    this.#intake.scan(now)
    return this.#taken()
  }

  end(complete = Number.NEGATIVE_INFINITY): VolatilityRecord[] {
    this.#intake.end(complete)
    return this.#rest()
  }

  stop(now: number): VolatilityRecord[] {
    this.#intake.scan(now)
    return this.#rest()
  }

  #rest(): VolatilityRecord[] {
    for (const symbol of this.#unwritten) this.#records.push(symbol.record())
    this.#unwritten.clear()
    return this.#taken()
  }

  #recording(name: string): (point: Point) => void {
    const { since = Number.NEGATIVE_INFINITY, last = false } = this.#wanted
    const symbol = new SymbolVolatility(name, this.#settings, this.#annual)
    let unwritten = false
    return (point) => {
      const event = symbol.take(point)
      if (point.timestamp < since) return
      const skipped = last && event === null
      if (!skipped) this.#records.push(symbol.record())
      if (skipped === unwritten) return
      unwritten = skipped
      if (skipped) this.#unwritten.add(symbol)
      else this.#unwritten.delete(symbol)
    }
  }

  #taken(): VolatilityRecord[] {
    const records = this.#records
    if (records.length > 0) this.#records = []
    return records
  }
}
