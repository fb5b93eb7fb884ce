import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Batches, Gap, Quote, Rejected, Tick } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Checkpoint, Query } from '../../pipeline/source.ts'
import type { TickColumns } from '../columns.ts'
import { readAll } from '../read-all.ts'
import type { ColumnChoice, Condensing, Span, Store } from '../store.ts'
import type { Lake } from './lake.ts'
import type { Part } from './layout.ts'
import { readList } from './lists.ts'
import { type Days, refuseWithoutMinutes, refuseWithoutTicks } from './whole.ts'

/** A lake by itself, for reading. The days it has are those it had when it was opened. */
export class ParquetStore implements Store {
  readonly #lake: Lake
  readonly #days: Readonly<Record<Part, Map<string, number[]>>>

  constructor(lake: Lake) {
    this.#lake = lake
    this.#days = { ticks: lake.days('ticks'), quotes: lake.days('quotes'), minutes: lake.days('minutes') }
  }

  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches {
    return readAll(
      {
        ticks: (symbol, span, size) => this.#ticks(symbol, span, size),
        quotes: (symbol, span, size) => this.#quotes(symbol, span, size),
        gaps: (asked) => this.gaps(asked),
        symbols: () => this.#symbols(),
        quotedSymbols: () => [...this.#days.quotes.keys()],
      },
      query,
    )
  }

  ticks(symbol: string, span: Span): AsyncIterable<readonly Tick[]> {
    return this.#ticks(symbol, span)
  }

  async *columns(symbol: string, { book, prices, ...span }: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    const choice = { ...(book && { book }), ...(prices && { prices }) }
    await this.#refuseWithoutTicks(symbol, span)
    yield* this.#lake.columns({ symbol, days: this.#daysOf('ticks', symbol), ...span }, choice)
  }

  async *condensed(symbol: string, span: Span, how: Condensing): AsyncGenerator<TickColumns | readonly Summary[]> {
    await this.#refuseWithoutTicks(symbol, span)
    yield* this.#lake.condensed({ symbol, days: this.#daysOf('ticks', symbol), ...span }, how)
  }

  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    refuseWithoutMinutes(this.#lake, symbol, this.#daysOfEach(symbol), span)
    yield* this.#lake.minutes({ symbol, days: this.#daysOf('minutes', symbol), ...span })
  }

  async gaps({ symbols, since = -Infinity, until = Infinity }: Query): Promise<readonly Gap[]> {
    const wanted = symbols && new Set<string | null>([...symbols, null])
    const gaps = await readList(this.#lake, 'gaps')
    return gaps
      .filter((gap) => gap.to >= since && gap.from < until && (!wanted || wanted.has(gap.symbol)))
      .sort((a, b) => a.from - b.from || a.to - b.to)
  }

  async *rejected(): AsyncGenerator<readonly Rejected[]> {
    yield await readList(this.#lake, 'rejected')
  }

  checkpoints(): Promise<readonly Checkpoint[]> {
    return readList(this.#lake, 'checkpoints')
  }

  async symbols(): Promise<readonly string[]> {
    return this.#symbols()
  }

  async instruments(): Promise<readonly Instrument[]> {
    const newest = new Map<string, Instrument>()
    for (const row of await readList(this.#lake, 'instruments')) {
      if (!(newest.get(row.symbol)! && newest.get(row.symbol)!.date > row.date)) newest.set(row.symbol, row)
    }
    return [...newest.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  }

  async completeness(symbol: string): Promise<readonly Completeness[]> {
    return (await readList(this.#lake, 'completeness')).filter((row) => row.symbol === symbol)
  }

  /** Reads every file, and looks for those that are missing. */
  async integrity(): Promise<readonly string[]> {
    const found: string[] = []
    for (const symbol of this.#symbols()) {
      try {
        refuseWithoutMinutes(this.#lake, symbol, this.#daysOfEach(symbol), {})
        await this.#refuseWithoutTicks(symbol, {})
      } catch (error) {
        found.push((error as Error).message)
      }
    }
    for (const part of ['ticks', 'quotes', 'minutes'] as const) {
      for (const [symbol, days] of this.#days[part]) {
        try {
          for await (const _ of this.#lake[part]({ symbol, days }));
        } catch (error) {
          found.push((error as Error).message)
        }
      }
    }
    return found
  }

  async write(): Promise<never> {
    throw this.#refusal()
  }

  async putInstruments(): Promise<never> {
    throw this.#refusal()
  }

  async fill(): Promise<never> {
    throw this.#refusal()
  }

  async putCompleteness(): Promise<never> {
    throw this.#refusal()
  }

  close(): Promise<void> {
    return this.#lake.close()
  }

  async *#ticks(symbol: string, span: Span, size?: number): AsyncGenerator<readonly Tick[]> {
    await this.#refuseWithoutTicks(symbol, span)
    yield* this.#lake.ticks({
      symbol,
      days: this.#daysOf('ticks', symbol),
      ...span,
      ...(size !== undefined && { size }),
    })
  }

  #quotes(symbol: string, span: Span, size: number): AsyncGenerator<readonly Quote[]> {
    return this.#lake.quotes({ symbol, days: this.#daysOf('quotes', symbol), ...span, size })
  }

  #symbols(): string[] {
    return [...new Set([...this.#days.ticks.keys(), ...this.#days.minutes.keys()])].sort()
  }

  #refuseWithoutTicks(symbol: string, span: Span): Promise<void> {
    return refuseWithoutTicks(this.#lake, symbol, this.#daysOfEach(symbol), span)
  }

  #daysOfEach(symbol: string): Days {
    return { ticks: this.#daysOf('ticks', symbol), minutes: this.#daysOf('minutes', symbol) }
  }

  #daysOf(part: Part, symbol: string): readonly number[] {
    return this.#days[part].get(symbol) ?? []
  }

  #refusal(): HkqError {
    return new HkqError('E_STORAGE', `"${this.#lake.directory}" is open for reading only`)
  }
}
