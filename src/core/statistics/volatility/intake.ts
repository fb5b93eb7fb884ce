import type { Bar } from '../../market/bar.ts'
import { byTimeAndSeq, isLoss, lacksTrades, type MarketEvent, type Quote, type Tick } from '../../market/event.ts'
import { flagMask } from '../../market/flags.ts'
import type { Settings } from './options.ts'
import { type OvernightMove, OvernightWatch } from './overnight.ts'
import type { TickColumns } from './prices.ts'
import type { Series } from './record.ts'

/** What the strategy takes: market events, and bars where they are history or an estimator's food. */
export type VolatilityEvent = MarketEvent | Bar

/** Those of them that make points. */
type Food = Tick | Quote | Bar

/** Who is told of what the input shows. */
export interface Alarms {
  /** Told of each move over night beyond 25 %, which is rather a corporate action than news. */
  onOvernightMove?: (move: OvernightMove) => void
}

/**
 * Events of any number of symbols to the series of each, ticks in (time, seq) order, with the gaps that concern it and the
 * time that has passed. The same points whether history or live, in one batch or many.
 */
export class Intake {
  readonly #settings: Settings
  readonly #seriesFor: (symbol: string) => Series<Food>
  readonly #alarms: Alarms
  readonly #leftOut: number
  readonly #series = new Map<string, Series<Food>>()
  readonly #nights = new Map<string, OvernightWatch>()
  /** Gaps of all symbols, for those that appear later. */
  readonly #gaps: { from: number; to: number }[] = []
  /** How far the feed was heard (epoch ms), of the symbols it tells this of. */
  readonly #heard = new Map<string, number>()
  /** Symbols that have had neither trade nor gap since the feed was lost. */
  readonly #lost = new Set<string>()
  #newest = Number.NEGATIVE_INFINITY

  /** @param seriesFor called once a symbol, with its first event */
  constructor(settings: Settings, seriesFor: (symbol: string) => Series<Food>, alarms: Alarms = {}) {
    this.#settings = settings
    this.#alarms = alarms
    this.#seriesFor = seriesFor
    this.#leftOut = flagMask(settings.leftOut)
  }

  push(batch: readonly VolatilityEvent[]): void {
    for (const event of inOrder(batch)) this.#take(event)
  }

  /** Ticks `from` to `to` (exclusive) of one symbol in (time, seq) order, none older than what was pushed before. */
  pushColumns(symbol: string, columns: TickColumns, from: number, to: number): void {
    const { timestamp, last_price, flags } = columns
    let last = to - 1
    while (last >= from && (flags[last]! & this.#leftOut) !== 0) last--
    if (last < from) return
    this.#newest = Math.max(this.#newest, timestamp[last]!)
    for (let i = from; i <= last; i++) {
      if ((flags[i]! & this.#leftOut) === 0) this.#seeNight(symbol, timestamp[i]!, last_price[i]!)
    }
    this.#of(symbol).pushColumns(columns, from, last + 1, this.#leftOut)
  }

  /**
   * Completes the grid points before `now` (epoch ms) without waiting for a next tick, as far as the feed was heard: a
   * point whose trades may be missing waits for the gap that tells it, or for the tick that shows there is none.
   */
  scan(now: number): void {
    for (const [symbol, series] of this.#series) {
      if (!this.#lost.has(symbol)) series.advance(Math.min(now, this.#heard.get(symbol) ?? now))
    }
  }

  /** The input has ended: every symbol is taken to the newest time of any, or to the end of its step if `complete` says so. */
  end(complete: number): void {
    const { period } = this.#settings
    const stepEnd = Math.ceil(this.#newest / period) * period
    const time = Math.max(this.#newest, Math.min(complete, stepEnd + 1))
    for (const series of this.#series.values()) series.advance(time)
  }

  #take(event: VolatilityEvent): void {
    switch (event.type) {
      case 'tick':
        this.#lost.delete(event.symbol)
        if (this.#isLeftOut(event)) return
        this.#newest = Math.max(this.#newest, event.timestamp)
        this.#seeNight(event.symbol, event.timestamp, event.last_price)
        this.#of(event.symbol).push(event)
        return
      case 'bar':
        if (!event.final) return
        this.#newest = Math.max(this.#newest, event.end)
        this.#seeNight(event.symbol, event.start, event.open, event.close)
        this.#of(event.symbol).push(event)
        return
      case 'quote':
        this.#series.get(event.symbol)?.push(event)
        return
      case 'gap':
        if (lacksTrades(event)) this.#gap(event.symbol, event.from, event.to)
        return
      case 'status':
        if (isLoss(event)) for (const symbol of event.symbols ?? this.#series.keys()) this.#lost.add(symbol)
        return
      case 'coverage':
        for (const symbol of event.symbols) this.#heard.set(symbol, event.timestamp)
    }
  }

  #seeNight(symbol: string, time: number, first: number, last = first): void {
    let watch = this.#nights.get(symbol)
    if (watch === undefined) {
      watch = new OvernightWatch(symbol)
      this.#nights.set(symbol, watch)
    }
    const move = watch.see(time, first, last)
    if (move !== null) this.#alarms.onOvernightMove?.(move)
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

  #of(symbol: string): Series<Food> {
    let series = this.#series.get(symbol)
    if (series === undefined) {
      series = this.#seriesFor(symbol)
      for (const { from, to } of this.#gaps) series.gap(from, to)
      this.#series.set(symbol, series)
    }
    return series
  }

  #isLeftOut(tick: Tick): boolean {
    for (const flag of tick.flags) if (this.#settings.leftOut.has(flag)) return true
    return false
  }
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
