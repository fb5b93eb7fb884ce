import type { Summary } from '../bars/summary.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Completeness } from '../market/completeness.ts'
import type { Gap, MarketEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Metric } from '../monitor/metrics.ts'
import type { Checkpoint, Condition, Query, Trouble, Written } from '../pipeline/source.ts'
import type { Resumable } from './deferred-store.ts'
import type { Span, Store } from './store.ts'

/** Waits between two tries to reach a store that is away, ms: the first, and the longest. */
const FIRST_WAIT = 250
const LONGEST_WAIT = 10_000

export interface AwaitedOptions {
  /** What people call the store. */
  readonly name: string
  /** Opens it; again whenever it was away. */
  readonly open: () => Promise<Store>
  readonly isAway: (error: unknown) => boolean
  readonly clock: Clock
  readonly tell: (line: string) => void
  /** Ends the waiting: the write that waits fails. */
  readonly signal: AbortSignal
}

/**
 * A store behind a network that is waited for when it is away: nothing is taken meanwhile. For a source that keeps what
 * is not committed, which needs no journal, and must not be told that something is safe which lies on this machine alone.
 */
export class AwaitedStore implements Resumable {
  readonly #options: AwaitedOptions
  #store: Store | undefined
  #absence: Trouble | null = null

  private constructor(options: AwaitedOptions, store: Store) {
    this.#options = options
    this.#store = store
  }

  /** @throws what `open` throws, also when the store is away */
  static async open(options: AwaitedOptions): Promise<AwaitedStore> {
    return new AwaitedStore(options, await options.open())
  }

  /** @throws whatever the store refuses with; that it is away, once the signal has aborted */
  async write(batch: readonly MarketEvent[]): Promise<Written> {
    const { isAway, clock, tell, name, signal } = this.#options
    for (let wait = 0; ; wait = Math.min(2 * wait || FIRST_WAIT, LONGEST_WAIT)) {
      try {
        const written = await (await this.#reached()).write(batch)
        if (wait > 0) tell(`"${name}" is back`)
        this.#absence = null
        return written
      } catch (error) {
        if (!isAway(error) || signal.aborted) throw error
        const detail = `"${name}" is away (${messageOf(error)})`
        if (wait === 0) tell(`${detail}: the queue keeps what comes until it is back`)
        this.#absence ??= { kind: 'away', detail, since: clock.now() }
        void this.#store?.close().catch(() => {})
        this.#store = undefined
        await clock.sleep(wait || FIRST_WAIT, signal)
      }
    }
  }

  condition(): Condition {
    return { trouble: this.#absence, waiting: 0 }
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return (await this.#reached()).checkpoints()
  }

  async gaps(query: Query): Promise<readonly Gap[]> {
    return (await this.#reached()).gaps(query)
  }

  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    yield* (await this.#reached()).minutes(symbol, span)
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    await (await this.#reached()).putInstruments(rows)
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    await (await this.#reached()).fill(minutes, gaps)
  }

  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    await (await this.#reached()).putCompleteness(rows)
  }

  async putMetrics(metrics: readonly Metric[], since: number): Promise<boolean> {
    return (await this.#store?.putMetrics?.(metrics, since)) ?? false
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }

  async #reached(): Promise<Store> {
    this.#store ??= await this.#options.open()
    return this.#store
  }
}
