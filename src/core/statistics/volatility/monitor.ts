import type { Bar } from '../../market/bar.ts'
import { byTimeAndSeq, type MarketEvent, type Tick } from '../../market/event.ts'
import { flagMask } from '../../market/flags.ts'
import { AnnualPeriods } from './annual.ts'
import { BarSeries } from './bar-series.ts'
import { GridSeries } from './grid-series.ts'
import { Judge } from './judge.ts'
import { type Settings, settingsOf, type VolatilityOptions } from './options.ts'
import type { TickColumns } from './prices.ts'
import type { Point, Series, VolatilityRecord } from './record.ts'
import { TickSeries } from './tick-series.ts'

/** What the strategy takes: market events, and bars where they are history or an estimator's food. */
export type VolatilityEvent = MarketEvent | Bar

/** Which records to make; all by default. What is not made is computed all the same. */
export interface WantedRecords {
  /** Those from this time (epoch ms) on. */
  since?: number
  /** Those with an event, and at the end the newest of each symbol. Ticks must come in order of time. */
  last?: boolean
}

/**
 * The volatility strategy over any number of symbols, fed in batches: the same records whether history or live, in one
 * batch or many. State lives per symbol; nothing looks ahead.
 */
export class VolatilityMonitor {
  readonly #settings: Settings
  readonly #annual: AnnualPeriods
  readonly #wanted: WantedRecords
  readonly #leftOut: number
  readonly #series = new Map<string, Series<VolatilityEvent>>()
  /** The newest point of each symbol that has no record yet, where only the last one is wanted. */
  readonly #unwritten = new Map<string, Judge>()
  /** Gaps of all symbols, for those that appear later. */
  readonly #gaps: { from: number; to: number }[] = []
  /** How far the feed was heard (epoch ms), of the symbols it tells this of. */
  readonly #heard = new Map<string, number>()
  /** Symbols that have had neither trade nor gap since the feed was lost. */
  readonly #lost = new Set<string>()
  #records: VolatilityRecord[] = []
  #newest = Number.NEGATIVE_INFINITY

  /** @throws HkqError E_USAGE for settings that cannot be */
  constructor(options: VolatilityOptions = {}, wanted: WantedRecords = {}) {
    this.#wanted = wanted
    this.#settings = settingsOf(options)
    this.#leftOut = flagMask(this.#settings.leftOut)
    this.#annual = new AnnualPeriods(this.#settings.sessions, this.#settings.period)
  }

  /** @returns the records that became complete; ticks of the batch are taken in (time, seq) order */
  push(batch: readonly VolatilityEvent[]): VolatilityRecord[] {
    for (const event of inOrder(batch)) this.#take(event)
    return this.#taken()
  }

  /**
   * Ticks of one symbol in (time, seq) order, none older than what was pushed before: the fast path of stored ticks, with
   * the records that `push` would give.
   * @param from first tick to take in
   * @param to end of them, exclusive
   */
  pushColumns(symbol: string, columns: TickColumns, from = 0, to = columns.length): VolatilityRecord[] {
    const { timestamp, flags } = columns
    let last = to - 1
    while (last >= from && (flags[last]! & this.#leftOut) !== 0) last--
    if (last < from) return []
    this.#newest = Math.max(this.#newest, timestamp[last]!)
    this.#of(symbol).pushColumns(columns, from, last + 1, this.#leftOut)
    return this.#taken()
  }

  /**
   * Completes the grid points before `now` (epoch ms) without waiting for a next tick, as far as the feed was heard: a
   * point whose trades may be missing waits for the gap that tells it, or for the tick that shows there is none.
   */
  scan(now: number): VolatilityRecord[] {
    for (const [symbol, series] of this.#series) {
      if (!this.#lost.has(symbol)) series.advance(Math.min(now, this.#heard.get(symbol) ?? now))
    }
    return this.#taken()
  }

  /**
   * The input has ended: every symbol is taken to the newest time of any.
   * @param complete what is known to be complete up to this time (epoch ms), so that the step in which the data ends counts
   */
  end(complete = Number.NEGATIVE_INFINITY): VolatilityRecord[] {
    const { period } = this.#settings
    const stepEnd = Math.ceil(this.#newest / period) * period
    const time = Math.max(this.#newest, Math.min(complete, stepEnd + 1))
    for (const series of this.#series.values()) series.advance(time)
    return this.#rest()
  }

  /** The input was left at `now` (epoch ms) while more may come: as `scan`, and what `last` has kept. */
  stop(now: number): VolatilityRecord[] {
    return [...this.scan(now), ...this.#rest()]
  }

  #rest(): VolatilityRecord[] {
    for (const judge of this.#unwritten.values()) this.#records.push(judge.record())
    this.#unwritten.clear()
    return this.#taken()
  }

  #take(event: VolatilityEvent): void {
    switch (event.type) {
      case 'tick':
        this.#lost.delete(event.symbol)
        if (this.#isLeftOut(event)) return
        this.#newest = Math.max(this.#newest, event.timestamp)
        this.#of(event.symbol).push(event)
        return
      case 'bar':
        if (!event.final) return
        this.#newest = Math.max(this.#newest, event.end)
        this.#of(event.symbol).push(event)
        return
      case 'quote':
        this.#series.get(event.symbol)?.push(event)
        return
      case 'gap':
        if (event.filled_by === null) this.#gap(event.symbol, event.from, event.to)
        return
      case 'status':
        if (event.symbol === null && event.state === 'lost')
          for (const symbol of this.#series.keys()) this.#lost.add(symbol)
        return
      case 'coverage':
        for (const symbol of event.symbols) this.#heard.set(symbol, event.timestamp)
    }
  }

  #gap(symbol: string | null, from: number, to: number): void {
    if (symbol !== null) {
      this.#lost.delete(symbol)
      this.#of(symbol).gap(from, to)
    } else {
      this.#lost.clear()
      this.#gaps.push({ from, to })
      for (const series of this.#series.values()) series.gap(from, to)
    }
  }

  #of(symbol: string): Series<VolatilityEvent> {
    let series = this.#series.get(symbol)
    if (series === undefined) {
      const judge = new Judge(symbol, this.#settings, this.#annual)
      series = seriesOf(this.#settings, this.#judging(symbol, judge))
      for (const { from, to } of this.#gaps) series.gap(from, to)
      this.#series.set(symbol, series)
    }
    return series
  }

  #judging(symbol: string, judge: Judge): (point: Point) => void {
    const { since = Number.NEGATIVE_INFINITY, last = false } = this.#wanted
    let unwritten = false
    return (point) => {
      const event = judge.judge(point)
      if (point.timestamp < since) return
      const skipped = last && event === null
      if (!skipped) this.#records.push(judge.record())
      if (skipped === unwritten) return
      unwritten = skipped
      if (skipped) this.#unwritten.set(symbol, judge)
      else this.#unwritten.delete(symbol)
    }
  }

  #isLeftOut(tick: Tick): boolean {
    for (const flag of tick.flags) if (this.#settings.leftOut.has(flag)) return true
    return false
  }

  #taken(): VolatilityRecord[] {
    const records = this.#records
    if (records.length > 0) this.#records = []
    return records
  }
}

function seriesOf(settings: Settings, emit: (point: Point) => void): Series<VolatilityEvent> {
  const { name } = settings.estimator
  const Kind = name === 'tick-std' ? TickSeries : name === 'grid-std' ? GridSeries : BarSeries
  return new Kind(settings, emit) as Series<VolatilityEvent>
}

/** Ticks between two other events in (time, seq) order per symbol; the batch itself where it is in order. */
function inOrder(batch: readonly VolatilityEvent[]): readonly VolatilityEvent[] {
  if (isOrdered(batch)) return batch
  const result: VolatilityEvent[] = []
  let run: Tick[] = []
  const flush = (): void => {
    for (const tick of run.sort(byTimeAndSeq)) result.push(tick)
    run = []
  }
  for (const event of batch) {
    if (event.type === 'tick') run.push(event)
    else {
      flush()
      result.push(event)
    }
  }
  flush()
  return result
}

function isOrdered(batch: readonly VolatilityEvent[]): boolean {
  const newest = new Map<string, Tick>()
  let last: Tick | undefined
  for (const event of batch) {
    if (event.type !== 'tick') continue
    const before = event.symbol === last?.symbol ? last : newest.get(event.symbol)
    if (before !== undefined && byTimeAndSeq(before, event) > 0) return false
    if (last !== undefined && last.symbol !== event.symbol) newest.set(last.symbol, last)
    last = event
  }
  return true
}
