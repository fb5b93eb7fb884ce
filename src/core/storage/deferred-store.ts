import type { MarketEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Checkpoint, Sink, Written } from '../pipeline/source.ts'
import type { Store } from './store.ts'

/** What a recording needs of a store beyond a sink: where to resume, and where static facts go. */
export type Resumable = Sink & Pick<Store, 'checkpoints' | 'putInstruments'>

/** A new store whose file is made with its first write, so that a run that comes to nothing leaves none behind. */
export class DeferredStore implements Resumable {
  readonly #open: () => Promise<Store>
  #opening: Promise<Store> | undefined
  #store: Store | undefined
  #facts: readonly Instrument[] = []

  /** @param open makes the store; what it throws, the first write throws */
  constructor(open: () => Promise<Store>) {
    this.#open = open
  }

  checkpoints(): readonly Checkpoint[] {
    return this.#store?.checkpoints() ?? []
  }

  putInstruments(rows: readonly Instrument[]): void {
    if (this.#store) this.#store.putInstruments(rows)
    else this.#facts = [...this.#facts, ...rows]
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    return (await this.#opened()).write(batch)
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {})
    await this.#store?.close()
  }

  /** The store; one that could not be made is tried again with the next write. */
  async #opened(): Promise<Store> {
    this.#opening ??= this.#make()
    try {
      return await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  async #make(): Promise<Store> {
    this.#store = await this.#open()
    if (this.#facts.length > 0) this.#store.putInstruments(this.#facts)
    return this.#store
  }
}
