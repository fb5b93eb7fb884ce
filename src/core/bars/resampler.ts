import type { Bar } from '../market/bar.ts'
import { type Flag, type Gap, lacksTrades, type MarketEvent, type Tick } from '../market/event.ts'
import { bucketsOf } from './buckets-of.ts'
import { type BarOptions, withDefaults } from './options.ts'
import { Series } from './series.ts'
import { isLeftOut, type Summary } from './summary.ts'
import type { TradeColumns } from './trade-columns.ts'

/** Bars kept for late trades: at 1 s a good hour, at 1 m a fortnight. */
const KEPT = 4_096

/** What may come late to bars that are out. */
export interface Lateness {
  /** Trades come in order of time: a bar that is final stays as it is. */
  inOrder?: boolean
  /** Told of each trade that came after its bar was forgotten (some 4,096 bars later) and is in none. */
  onTooLate?: ((symbol: string, time: number) => void) | undefined
}

/**
 * Ticks, or summaries of them, to bars, many symbols at once. Live and batch run through it alike: they differ only in
 * who calls `scan`. Bars are handed over by `take` in the order in which they became known.
 */
export class Resampler {
  readonly #options: ReturnType<typeof withDefaults>
  readonly #onTooLate: (symbol: string, time: number) => void
  readonly #include: ReadonlySet<Flag>
  readonly #kept: number
  readonly #series = new Map<string, Series>()
  /** Holes of all symbols, for symbols that come later. */
  readonly #gaps: Gap[] = []
  /** How far the feed was heard (epoch ms), of the symbols it tells this of. */
  readonly #heard = new Map<string, number>()
  #out: Bar[] = []
  #ordinal = 0
  #latest: Series | undefined
  #latestSymbol = ''

  constructor(options: BarOptions, { inOrder = false, onTooLate = () => {} }: Lateness = {}) {
    this.#options = withDefaults(options)
    this.#include = this.#options.include
    this.#kept = inOrder ? 0 : KEPT
    this.#onTooLate = onTooLate
  }

  /** Adds a batch of events; quotes, states and rejected records make no bars. */
  add(batch: readonly MarketEvent[]): void {
    const everyTick = this.#options.align === 'clock'
    for (const event of batch) {
      if (event.type === 'gap') this.addGap(event)
      else if (event.type === 'coverage') for (const symbol of event.symbols) this.#heard.set(symbol, event.timestamp)
      else if (event.type === 'tick' && (everyTick || this.#takes(event))) this.#of(event.symbol).add(event)
    }
    this.#flush()
  }

  /**
   * Adds trades of one symbol in (time, seq) order, column by column: the fast path of stored ticks.
   * @param leftOut bits of `flags` whose trades are left out; 0 takes all in
   */
  addColumns(symbol: string, columns: TradeColumns, leftOut: number): void {
    const series = this.#of(symbol)
    series.addColumns(columns, leftOut, this.#ordinal)
    this.#ordinal += columns.length
    series.flush()
  }

  /** Adds summaries, each within one bucket: stored minutes, a vendor's bars. */
  addSummaries(batch: readonly Summary[]): void {
    for (const summary of batch) this.#of(summary.symbol).addSummary(summary)
    this.#flush()
  }

  /** Marks the bars that a hole crosses, now and later: bars of trades, so that a vendor's minutes fill none. */
  addGap(gap: Gap): void {
    if (!lacksTrades(gap)) return
    if (gap.symbol !== null) {
      this.#of(gap.symbol).addGap(gap)
      return
    }
    this.#gaps.push(gap)
    for (const series of this.#series.values()) series.addGap(gap)
  }

  /** Lets out what is due by a clock at `now`, epoch ms. */
  scan(now: number): void {
    for (const [symbol, series] of this.#series) {
      const time = Math.min(now, this.#knownTo(symbol))
      if (series.due <= time) series.scan(time)
    }
  }

  /** When `scan` has something to do next, epoch ms; Infinity for never. */
  get due(): number {
    let due = Number.POSITIVE_INFINITY
    for (const [symbol, series] of this.#series) {
      if (series.due <= this.#knownTo(symbol)) due = Math.min(due, series.due)
    }
    return due
  }

  /** The end of the stream: what can still change at `now` goes out as `final: false`. */
  end(now: number = this.#options.asOf): void {
    for (const [symbol, series] of this.#series) series.end(Math.min(now, this.#knownTo(symbol)))
  }

  /** By when a clock may close the bars of a symbol. */
  #knownTo(symbol: string): number {
    if (!this.#options.heard) return Number.POSITIVE_INFINITY
    return this.#heard.get(symbol) ?? Number.POSITIVE_INFINITY
  }

  /** The bars that have become known since the last call. */
  take(): Bar[] {
    const bars = this.#out
    if (bars.length > 0) this.#out = []
    return bars
  }

  #takes(tick: Tick): boolean {
    return tick.flags.length === 0 || !isLeftOut(tick, this.#include)
  }

  #flush(): void {
    for (const series of this.#series.values()) series.flush()
  }

  #of(symbol: string): Series {
    if (symbol === this.#latestSymbol && this.#latest !== undefined) return this.#latest
    const series = this.#series.get(symbol) ?? this.#opened(symbol)
    this.#latest = series
    this.#latestSymbol = symbol
    return series
  }

  #opened(symbol: string): Series {
    const { every, align, auctions, sessions, fill } = this.#options
    const emit = (bar: Bar): void => {
      this.#out.push(bar)
    }
    const buckets = bucketsOf(every, align, auctions, sessions)
    const series = new Series({ symbol, buckets, fill, emit, kept: this.#kept, onTooLate: this.#onTooLate })
    for (const gap of this.#gaps) series.addGap(gap)
    this.#series.set(symbol, series)
    return series
  }
}
