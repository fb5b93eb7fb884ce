import type { Summary } from '../bars/summary.ts'
import type { Gap, MarketEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Checkpoint, Query, Sink, Written } from '../pipeline/source.ts'
import type { Span, Store } from './store.ts'

/** What a recording needs of a store beyond a sink: where to resume, where static facts go, what fills its holes. */
export type Resumable = Sink & Pick<Store, 'checkpoints' | 'putInstruments' | 'gaps' | 'minutes' | 'fill'>

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

  gaps(query: Query): readonly Gap[] {
    return this.#store?.gaps(query) ?? []
  }

  minutes(symbol: string, span: Span): Iterable<readonly Summary[]> {
    return this.#store?.minutes(symbol, span) ?? []
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    await (await this.#opened()).fill(minutes, gaps)
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
    this.#store ??= await this.#open()
    if (this.#facts.length > 0) this.#store.putInstruments(this.#facts)
    this.#facts = []
    return this.#store
  }
}
