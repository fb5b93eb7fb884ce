import type { Summary } from '../bars/summary.ts'
import type { Batches, Rejected, Tick } from '../market/event.ts'
import type { TickColumns } from './columns.ts'
import type { ColumnChoice, Span, Store } from './store.ts'

/**
 * A store behind a network that is opened anew with the first use after it was away, for who reads for hours. What is
 * asked meanwhile fails as it would have: who asks may ask again.
 */
export class ReopenedStore implements Store {
  readonly #open: () => Promise<Store>
  readonly #isAway: (error: unknown) => boolean
  #store: Promise<Store> | null

  /** @param isAway which errors tell that a store is to be opened anew */
  constructor(store: Store, open: () => Promise<Store>, isAway: (error: unknown) => boolean) {
    this.#store = Promise.resolve(store)
    this.#open = open
    this.#isAway = isAway
  }

  write: Store['write'] = (batch) => this.#ask((store) => store.write(batch))
  gaps: Store['gaps'] = (query) => this.#ask((store) => store.gaps(query))
  checkpoints: Store['checkpoints'] = () => this.#ask((store) => store.checkpoints())
  symbols: Store['symbols'] = () => this.#ask((store) => store.symbols())
  instruments: Store['instruments'] = () => this.#ask((store) => store.instruments())
  putInstruments: Store['putInstruments'] = (rows) => this.#ask((store) => store.putInstruments(rows))
  fill: Store['fill'] = (minutes, gaps) => this.#ask((store) => store.fill(minutes, gaps))
  completeness: Store['completeness'] = (symbol) => this.#ask((store) => store.completeness(symbol))
  putCompleteness: Store['putCompleteness'] = (rows) => this.#ask((store) => store.putCompleteness(rows))
  integrity: Store['integrity'] = () => this.#ask((store) => store.integrity())

  read(query: Parameters<Store['read']>[0]): Batches {
    return this.#all((store) => store.read(query))
  }

  ticks(symbol: string, span: Span): AsyncIterable<readonly Tick[]> {
    return this.#all((store) => store.ticks(symbol, span))
  }

  columns(symbol: string, span: Span & ColumnChoice): AsyncIterable<TickColumns> {
    return this.#all((store) => store.columns(symbol, span))
  }

  minutes(symbol: string, span: Span): AsyncIterable<readonly Summary[]> {
    return this.#all((store) => store.minutes(symbol, span))
  }

  rejected(): AsyncIterable<readonly Rejected[]> {
    return this.#all((store) => store.rejected())
  }

  async close(): Promise<void> {
    await this.#store?.then((store) => store.close()).catch(() => {})
  }

  async #ask<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const used = this.#opened()
    try {
      return await work(await used)
    } catch (error) {
      throw this.#given(used, error)
    }
  }

  async *#all<T>(work: (store: Store) => AsyncIterable<T>): AsyncGenerator<T> {
    const used = this.#opened()
    try {
      yield* work(await used)
    } catch (error) {
      throw this.#given(used, error)
    }
  }

  #opened(): Promise<Store> {
    this.#store ??= this.#open()
    return this.#store
  }

  /** The error; a store that is away is given up, once, and opened when it is next asked. */
  #given(used: Promise<Store>, error: unknown): unknown {
    if (this.#store !== used || !this.#isAway(error)) return error
    this.#store = null
    void used.then((store) => store.close()).catch(() => {})
    return error
  }
}
