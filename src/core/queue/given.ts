import type { Clock } from '../clock.ts'
import { LEASE, type Reader } from './queue.ts'

/**
 * Entries that were taken from a queue and are not acknowledged yet, by the batch they were given on in. While this
 * process lives no other member of the group gets them.
 */
export class Given {
  readonly #batches: (readonly string[])[] = []
  readonly #ids = new Set<string>()
  #committed = 0
  #safe: string[] = []

  /** Batches given so far. */
  get count(): number {
    return this.#committed + this.#batches.length
  }

  /** Whether any of them is not committed. */
  get isWaiting(): boolean {
    return this.#batches.length > 0
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** The next batch that is given on, and the entries it is made of. */
  add(ids: readonly string[]): void {
    for (const id of ids) this.#ids.add(id)
    this.#batches.push(ids)
  }

  /** Entries of which nothing is given on. */
  leaveOut(ids: readonly string[]): void {
    for (const id of ids) this.#ids.add(id)
    this.#safe.push(...ids)
  }

  /** The queue they came from is lost: an entry of the next one may bear the same id. */
  forget(): void {
    this.#ids.clear()
    this.#safe = []
    this.#batches.fill([])
  }

  /** @param batches how many, from the first one on, are safe */
  committed(batches: number): void {
    for (; this.#committed < batches && this.#batches.length > 0; this.#committed++) {
      this.#safe.push(...this.#batches.shift()!)
    }
  }

  /** Acknowledges what is safe. What the reader refuses stays so. */
  async acknowledge(reader: Reader): Promise<void> {
    const ids = this.#safe
    if (ids.length === 0) return
    this.#safe = []
    try {
      await reader.acknowledge(ids)
    } catch (error) {
      this.#safe = [...ids, ...this.#safe]
      throw error
    }
    for (const id of ids) this.#ids.delete(id)
  }

  /** Renews the lease of what is given until `signal` aborts. That a server is away is found out by who reads. */
  async keep(reader: Reader, clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(LEASE / 4, signal)
      if (!signal.aborted && this.#ids.size > 0) await reader.renew([...this.#ids]).catch(() => {})
    }
  }
}
