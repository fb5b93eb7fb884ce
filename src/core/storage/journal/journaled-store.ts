import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Gap, MarketEvent } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Checkpoint, Query, Written } from '../../pipeline/source.ts'
import type { Resumable } from '../deferred-store.ts'
import type { Span, Store } from '../store.ts'
import { SpillingSink, type SpillOptions } from './spill.ts'

/**
 * A store behind a network with a journal before it: events wait on disk while it is away. What else a recording asks of
 * a store is asked of the store itself, and fails while it is away.
 */
export class JournaledStore implements Resumable {
  readonly #name: string
  readonly #sink: SpillingSink
  /** The store as it was opened last. */
  readonly #store: () => Store | undefined

  private constructor(name: string, sink: SpillingSink, store: () => Store | undefined) {
    this.#name = name
    this.#sink = sink
    this.#store = store
  }

  /** @throws what `open` throws, unless it tells that the store is away */
  static async open(options: Omit<SpillOptions, 'open'> & { readonly open: () => Promise<Store> }) {
    let store: Store | undefined
    const open = async (): Promise<Store> => {
      store = undefined
      store = await options.open()
      return store
    }
    return new JournaledStore(options.name, await SpillingSink.open({ ...options, open }), () => store)
  }

  write(batch: readonly MarketEvent[]): Promise<Written> {
    return this.#sink.write(batch)
  }

  close(): Promise<void> {
    return this.#sink.close()
  }

  /** How far the store has come once it has what waited. @throws HkqError E_STORAGE while it is away */
  async checkpoints(): Promise<readonly Checkpoint[]> {
    const store = this.#present()
    await this.#sink.delivered()
    return store.checkpoints()
  }

  async gaps(query: Query): Promise<readonly Gap[]> {
    return this.#present().gaps(query)
  }

  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    yield* this.#present().minutes(symbol, span)
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    await this.#present().putInstruments(rows)
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    await this.#present().fill(minutes, gaps)
  }

  #present(): Store {
    const store = this.#store()
    if (store) return store
    throw new HkqError('E_STORAGE', `"${this.#name}" is away: see that the server runs`)
  }
}
