import type { Summary } from '../bars/summary.ts'
import type { Gap, Quote, Tick } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import { isIndex } from '../market/symbol.ts'
import { MINUTE, parseTime } from '../market/time.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import { sanitise } from '../terminal/sanitise.ts'
import { Book } from './book.ts'
import { Candles, type CandlesContext } from './candles.ts'
import { ChartGaps } from './chart-gaps.ts'
import { DayFigures } from './day-figures.ts'
import type { WatchRow } from './protocol.ts'
import { Tape } from './tape.ts'
import { VolatilityLine } from './volatility-line.ts'

/** Longest name that is shown. */
const LONGEST = 80
/** Points of a sparkline. */
const TREND = 60
/** Days whose previous close is kept: the one shown, and one that begins. */
const TOLD = 2

type Facts = NonNullable<WatchRow['facts']>

/** Everything that is shown of one symbol. Each part bears the version of the desk at which it last changed. */
export class Sheet {
  readonly symbol: string
  readonly gaps = new ChartGaps()
  readonly candles: Candles
  readonly tape = new Tape()
  readonly book = new Book()
  readonly volatility = new VolatilityLine()
  readonly figures = new DayFigures()
  /** Version of the newest change of the row in the watch list, of its names, and of its sparkline. */
  changed = 0
  #factsChanged = 0
  #trendChanged = 0
  #facts: Facts | null = null
  #halted = false
  #minute = Number.NEGATIVE_INFINITY
  /** Previous closes that the vendor tells, by the day (epoch ms) that they go before: of the newest ones. */
  readonly #told = new Map<number, number>()

  constructor(symbol: string, context: CandlesContext) {
    this.symbol = symbol
    this.candles = new Candles(context, this.gaps)
  }

  tick(tick: Tick, version: number): void {
    const counts = this.candles.add(tick, version)
    if (counts) this.figures.add(tick)
    this.tape.add(tick)
    this.book.tick(tick, version)
    this.#moved(version)
  }

  quote(quote: Quote, version: number): void {
    this.book.quote(quote, version)
    this.changed = version
  }

  gap(gap: Gap, version: number): void {
    this.gaps.add(gap, version)
  }

  judge(record: VolatilityRecord, version: number): void {
    this.volatility.add(record, version)
    this.changed = version
  }

  halt(halted: boolean, version: number): void {
    this.#halted = halted
    this.changed = version
  }

  /** What was stored of the day before the first trade that comes. */
  begin(minutes: readonly Summary[], version: number): void {
    this.candles.put(minutes, version)
    this.figures.put(minutes)
    this.#moved(version)
  }

  /** A vendor's minutes that fill a hole, in place of what is there. */
  fill(minutes: readonly Summary[], version: number): void {
    this.candles.put(minutes, version)
    this.figures.correct(this.candles.sumSince(this.figures.since))
    this.changed = version
    this.#trendChanged = version
  }

  /** Close of an earlier day, as it was read. */
  closed(day: number, price: number, version: number): void {
    if (this.figures.closed(day, price)) this.changed = version
  }

  /** Names and previous close as a vendor tells them; the close is that of the day before theirs. */
  learn({ symbol, name_en, name_zh, currency, lot_size, prev_close, date }: Instrument, version: number): void {
    const facts = {
      name_en: shown(name_en),
      name_zh: shown(name_zh),
      currency: isIndex(symbol) ? null : shown(currency),
      lot_size,
    }
    if (JSON.stringify(facts) !== JSON.stringify(this.#facts)) {
      this.#facts = facts
      this.#factsChanged = version
    }
    if (prev_close !== null) this.#tell(parseTime(date), prev_close)
    this.changed = version
  }

  /** The row as it stands; names and sparkline where they changed after `version`. */
  row(version: number): WatchRow {
    const { sum, since } = this.figures
    const newest = this.volatility.newest
    return {
      symbol: this.symbol,
      ...(this.#facts !== null && this.#factsChanged > version && { facts: this.#facts }),
      ...{ last_price: sum?.close ?? null, prev_close: this.#prevClose() },
      ...{ open: sum?.open ?? null, high: sum?.high ?? null, low: sum?.low ?? null, volume: sum?.volume ?? null },
      turnover: sum?.turnover_mills == null ? null : sum.turnover_mills / 1_000,
      vwap: sum?.volume && sum.value_mills !== null ? sum.value_mills / (sum.volume * 1_000) : null,
      ...{ bid_price: this.book.bid_price, ask_price: this.book.ask_price },
      ...{ timestamp: sum?.last_time ?? null, halted: this.#halted },
      ...{ ratio: newest?.ratio ?? null, percentile: newest?.percentile ?? null, state: newest?.state ?? 'normal' },
      ...(this.#trendChanged > version && { trend: this.candles.trend(since, TREND) }),
    }
  }

  /** A new day is told of while the one before is still shown. */
  #tell(day: number, close: number): void {
    this.#told.delete(day)
    this.#told.set(day, close)
    if (this.#told.size > TOLD) this.#told.delete(this.#told.keys().next().value!)
  }

  /** What the vendor tells of the day shown counts, else what was seen or read of the day before. */
  #prevClose(): number | null {
    const { sum, since, prev_close } = this.figures
    const told = sum === null ? [...this.#told.values()].at(-1) : this.#told.get(since)
    return told ?? prev_close
  }

  #moved(version: number): void {
    this.changed = version
    const { sum } = this.figures
    if (sum === null) return
    const minute = Math.floor(sum.last_time / MINUTE)
    if (minute === this.#minute) return
    this.#minute = minute
    this.#trendChanged = version
  }
}

function shown(text: string | null): string | null {
  return text === null ? null : sanitise(text.slice(0, LONGEST)) || null
}
