import type { Summary } from '../bars/summary.ts'
import type { Completeness } from '../market/completeness.ts'
import type { Gap, MarketEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Metric } from '../monitor/metrics.ts'
import type { Checkpoint, Query, Sink, Written } from '../pipeline/source.ts'
import type { Span, Store } from './store.ts'

/** What a recording or a copy needs of a store beyond a sink: where to resume, where static facts go, what fills its holes. */
export type Resumable = Sink &
  Pick<Store, 'checkpoints' | 'putInstruments' | 'gaps' | 'minutes' | 'fill' | 'putCompleteness' | 'putMetrics'>

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

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return this.#store?.checkpoints() ?? []
  }

  async gaps(query: Query): Promise<readonly Gap[]> {
    return this.#store?.gaps(query) ?? []
  }

  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    if (this.#store) yield* this.#store.minutes(symbol, span)
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    await (await this.#opened()).fill(minutes, gaps)
  }

  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    await (await this.#opened()).putCompleteness(rows)
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    if (this.#store) await this.#store.putInstruments(rows)
    else this.#facts = [...this.#facts, ...rows]
  }

  async putMetrics(metrics: readonly Metric[], since: number): Promise<boolean> {
    return (await this.#store?.putMetrics?.(metrics, since)) ?? false
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
    if (this.#facts.length > 0) await this.#store.putInstruments(this.#facts)
    this.#facts = []
    return this.#store
  }
}
