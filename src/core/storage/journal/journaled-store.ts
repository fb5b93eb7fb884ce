import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Gap, MarketEvent } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Metric } from '../../monitor/metrics.ts'
import type { Checkpoint, Condition, Durability, Query, Written } from '../../pipeline/source.ts'
import type { Resumable } from '../deferred-store.ts'
import type { Span, Store } from '../store.ts'
import { CheckpointFile } from './checkpoint-file.ts'
import { Reached } from './reached.ts'
import { SpillingSink, type SpillOptions } from './spill.ts'

/** How often the file of checkpoints is written, ms: so much may a run after a crash count as a hole too early. */
const NOTED = 5_000

export interface JournaledStoreOptions extends Omit<SpillOptions, 'open'> {
  /** Opens the store; again whenever it was away. */
  readonly open: () => Promise<Store>
  /** Where the journal is. */
  readonly directory: string
  readonly durability: Durability
}

/**
 * A store behind a network, for a recording: it may be away at any time, from the start too, and has everything in order
 * once it is back (spill.ts). How far the recording came is known all the while, from the store, or from a file beside the
 * journal. Filling a hole needs the store, with everything that waited in it.
 */
export class JournaledStore implements Resumable {
  readonly #options: JournaledStoreOptions
  readonly #file: CheckpointFile
  readonly #reached = new Reached()
  #spilling: SpillingSink | undefined
  /** The store while it is there. */
  #store: Store | undefined
  /** Facts that no store has taken yet. */
  #facts: readonly Instrument[] = []
  #notedAt: number

  private constructor(options: JournaledStoreOptions) {
    this.#options = options
    this.#file = new CheckpointFile(options.directory, options.durability)
    this.#notedAt = options.clock.monotonic()
  }

  /** @throws what `open` throws, unless it tells that the store is away */
  static async open(options: JournaledStoreOptions): Promise<JournaledStore> {
    const journaled = new JournaledStore(options)
    const isBehind = options.journal.pending
    journaled.#spilling = await SpillingSink.open({
      ...options,
      open: () => journaled.#reach(),
      isAway: (error) => journaled.#isAway(error),
    })
    try {
      await journaled.#resume(isBehind)
      return journaled
    } catch (error) {
      await journaled.#spilling.close().catch(() => {})
      throw error
    }
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    const written = await this.#spilling!.write(batch)
    const { clock } = this.#options
    this.#reached.learn(batch, clock.now())
    if (clock.monotonic() - this.#notedAt >= NOTED) this.#note()
    return written
  }

  condition(): Condition {
    return this.#spilling!.condition()
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return this.#reached.checkpoints
  }

  /** None while the store is away: those are filled by a later run. */
  async gaps(query: Query): Promise<readonly Gap[]> {
    return (await this.#ask((store) => store.gaps(query))) ?? []
  }

  /** @throws HkqError E_STORAGE while something waits for the store */
  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    yield* this.#whole().minutes(symbol, span)
  }

  /** @throws HkqError E_STORAGE while something waits for the store */
  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    await this.#whole().fill(minutes, gaps)
  }

  /** @throws HkqError E_STORAGE while something waits for the store */
  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    await this.#whole().putCompleteness(rows)
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    const taken = await this.#ask((store) => store.putInstruments(rows).then(() => true))
    if (taken === undefined) this.#facts = [...this.#facts, ...rows]
  }

  async putMetrics(metrics: readonly Metric[], since: number): Promise<boolean> {
    return (await this.#ask(async (store) => (await store.putMetrics?.(metrics, since)) ?? false)) ?? false
  }

  async close(): Promise<void> {
    this.#note()
    await this.#spilling!.close()
  }

  async #reach(): Promise<Store> {
    const store = await this.#options.open()
    if (this.#facts.length > 0) await store.putInstruments(this.#facts)
    this.#facts = []
    this.#store = store
    return store
  }

  #isAway(error: unknown): boolean {
    const isAway = this.#options.isAway(error)
    if (isAway) this.#store = undefined
    return isAway
  }

  /** Where an earlier run has left something in the journal, or the store is away, the file knows more than the store. */
  async #resume(isBehind: boolean): Promise<void> {
    const told = await this.#ask((store) => store.checkpoints())
    if (told !== undefined) this.#reached.merge(told)
    if (told === undefined || isBehind) {
      const noted = this.#file.read()
      if (noted !== null) this.#reached.merge(noted)
      else if (told === undefined) {
        this.#options.tell(
          `what "${this.#options.name}" holds is not known here: holes before this run are not written down, hkq verify finds them`,
        )
      }
    }
    this.#note()
  }

  #note(): void {
    const { checkpoints } = this.#reached
    if (checkpoints.length > 0) this.#file.write(checkpoints)
    this.#notedAt = this.#options.clock.monotonic()
  }

  /** What the store answers; undefined while it is away. */
  async #ask<T>(question: (store: Store) => Promise<T>): Promise<T | undefined> {
    if (this.#store === undefined) return undefined
    try {
      return await question(this.#store)
    } catch (error) {
      if (this.#options.isAway(error)) return undefined
      throw error
    }
  }

  #whole(): Store {
    if (this.#store !== undefined && !this.#options.journal.pending) return this.#store
    throw new HkqError(
      'E_STORAGE',
      `"${this.#options.name}" is away or catches up: holes are filled once it has everything`,
    )
  }
}
