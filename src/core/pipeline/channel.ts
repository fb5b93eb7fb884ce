import type { Batches } from '../market/event.ts'

/**
 * A bounded queue between a producer that is called (a socket) and a consumer that asks (a sink): the hand-over of
 * natural batching. Each `next()` takes whatever has arrived since the last one; nothing is dropped. The producer reads
 * `full` after a push and stops its socket until `onDrain` calls back.
 */
export class Channel<E> implements Batches<E> {
  #queue: E[] = []
  #closed = false
  #error: unknown
  #wake: (() => void) | undefined
  readonly #capacity: number
  readonly #onDrain: (() => void) | undefined

  /** @param capacity events at which `full` turns true; the queue itself accepts what was already read */
  constructor(capacity = 65_536, onDrain?: () => void) {
    this.#capacity = capacity
    this.#onDrain = onDrain
  }

  get full(): boolean {
    return this.#queue.length >= this.#capacity
  }

  get size(): number {
    return this.#queue.length
  }

  push(event: E): void {
    if (this.#closed) return
    this.#queue.push(event)
    this.#notify()
  }

  pushAll(events: readonly E[]): void {
    if (this.#closed || events.length === 0) return
    for (const event of events) this.#queue.push(event)
    this.#notify()
  }

  /** No more events; what is queued is still delivered. */
  close(): void {
    this.#closed = true
    this.#notify()
  }

  /** As close, and the consumer's next call after the queue is empty throws. */
  fail(error: unknown): void {
    if (this.#closed) return
    this.#error = error
    this.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly E[]> {
    try {
      while (true) {
        if (this.#queue.length > 0) {
          const batch = this.#queue
          this.#queue = []
          if (batch.length >= this.#capacity) this.#onDrain?.()
          yield batch
        } else if (this.#closed) {
          if (this.#error !== undefined) throw this.#error
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      this.#closed = true
      this.#queue = []
      this.#onDrain?.()
    }
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
