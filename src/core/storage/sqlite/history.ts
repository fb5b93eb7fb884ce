import { setImmediate } from 'node:timers/promises'
import type { Summary } from '../../bars/summary.ts'
import type { Quote, Tick } from '../../market/event.ts'
import type { TickColumns } from '../columns.ts'
import type { ColumnChoice, Condensing, Span } from '../store.ts'
import type { Archived } from './archived.ts'
import { attempted, guarded } from './driver.ts'
import type { ReadAhead } from './read-ahead.ts'
import type { RecordReader } from './read-records.ts'
import type { TickReader } from './read-ticks.ts'

/** Chunks of ticks up to which a symbol's history is not worth a thread. */
const SHORT = 12

/** What a history is read from. */
interface Readers {
  readonly path: string
  readonly ticks: TickReader
  readonly records: RecordReader
  readonly archived: Archived
  /** Threads that read a long history. */
  readonly ahead: ReadAhead | null
}

/** Ticks and quotes of one symbol as one history: the store's own rows, and the days that lie in a lake. */
export class History {
  readonly #path: string
  readonly #tickReader: TickReader
  readonly #reader: RecordReader
  readonly #archived: Archived
  readonly #ahead: ReadAhead | null

  constructor({ path, ticks, records, archived, ahead }: Readers) {
    this.#path = path
    this.#tickReader = ticks
    this.#reader = records
    this.#archived = archived
    this.#ahead = ahead
  }

  async *columns(symbol: string, span: Span, choice: ColumnChoice): AsyncGenerator<TickColumns> {
    const mark = this.#archived.mark()
    for (const { lake, days, ...part } of await this.#archived.pieces('ticks', symbol, span)) {
      if (lake) yield* lake.columns({ symbol, days, ...part }, choice)
      else yield* this.#unmoved(mark, this.#ownColumns(symbol, part, choice))
    }
  }

  /** As `Store.condensed`: archived days by their engine, the store's own rows as columns. */
  async *condensed(symbol: string, span: Span, how: Condensing): AsyncGenerator<TickColumns | readonly Summary[]> {
    const mark = this.#archived.mark()
    for (const { lake, days, ...part } of await this.#archived.pieces('ticks', symbol, span)) {
      if (lake) yield* lake.condensed({ symbol, days, ...part }, how)
      else yield* this.#unmoved(mark, this.#ownColumns(symbol, part, {}))
    }
  }

  async *ticks(symbol: string, span: Span, size?: number): AsyncGenerator<readonly Tick[]> {
    const mark = this.#archived.mark()
    for (const { lake, days, ...part } of await this.#archived.pieces('ticks', symbol, span)) {
      if (lake) yield* lake.ticks({ symbol, days, ...part, ...(size !== undefined && { size }) })
      else yield* this.#unmoved(mark, guarded(this.#path, this.#tickReader.ticks(symbol, part, size)))
    }
  }

  async *quotes(symbol: string, span: Span, size: number): AsyncGenerator<readonly Quote[]> {
    const mark = this.#archived.mark()
    for (const { lake, days, ...part } of await this.#archived.pieces('quotes', symbol, span)) {
      if (lake) yield* lake.quotes({ symbol, days, ...part, size })
      else yield* this.#unmoved(mark, guarded(this.#path, this.#reader.quotes(symbol, part, size)))
    }
  }

  async *#ownColumns(symbol: string, span: Span, choice: ColumnChoice): AsyncGenerator<TickColumns> {
    const slices = guarded(this.#path, this.#tickReader.slices(symbol, span))
    for (let read = 0; this.#ahead === null || read < SHORT; read++) {
      const { done, value: slice } = slices.next()
      if (done) return
      const columns = attempted(this.#path, () => this.#tickReader.columns(symbol, slice, choice))
      if (columns.length > 0) yield columns
      await setImmediate()
    }
    for await (const columns of this.#ahead.columns(symbol, slices, choice)) {
      yield columns
      await setImmediate()
    }
  }

  /** The same values, and at the end too none that may lack days which another program has archived meanwhile. */
  async *#unmoved<T>(mark: number, values: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
    for await (const value of values) {
      this.#archived.refuseMoved(mark)
      yield value
    }
    this.#archived.refuseMoved(mark)
  }
}
