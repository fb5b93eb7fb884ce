import type { Clock } from '../clock.ts'
import type { Client } from './client.ts'
import { WIRES } from './dialect.ts'

/** Bytes waiting at a client that hold a paced publisher back. */
const HIGH_WATER = 1 << 20

/** When a paced publisher goes on: when somebody listens, has said what it wants, and keeps up. */
export class Readiness {
  readonly #subscribers: ReadonlySet<Client>
  readonly #clock: Clock
  readonly #settleMs: number
  #isClosed = false
  #changed: (() => void)[] = []

  /** @param settleMs how long the second kind of subscription of a client that has made one is waited for */
  constructor(subscribers: ReadonlySet<Client>, clock: Clock, settleMs: number) {
    this.#subscribers = subscribers
    this.#clock = clock
    this.#settleMs = settleMs
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A client has subscribed, has room, or has gone: who waits looks again. */
  wake(): void {
    const waiting = this.#changed
    this.#changed = []
    for (const resolve of waiting) resolve()
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isClosed = true
    this.wake()
  }

  /** Resolves when the publisher may go on, or at the close. */
  async wait(): Promise<void> {
    while (!this.#isClosed) {
      const unsettled = this.#unsettledMs()
      if (this.#subscribers.size > 0 && unsettled <= 0 && !this.#crowded()) return
      const changed = new Promise<void>((resolve) => this.#changed.push(resolve))
      const waited = new AbortController()
      if (unsettled > 0) {
        void this.#clock.sleep(unsettled, waited.signal).then(() => {
          // what ended this wait early must not end the next
          if (!waited.signal.aborted) this.wake()
        })
      }
      await changed
      waited.abort()
    }
  }

  #crowded(): boolean {
    for (const client of this.#subscribers) if (client.waiting > HIGH_WATER) return true
    return false
  }

  #unsettledMs(): number {
    const now = this.#clock.monotonic()
    let longest = 0
    for (const client of this.#subscribers) {
      const isSettled = client.trades.size > 0 && client.books.size > 0
      if (isSettled || !WIRES[client.dialect].twoKinds) continue
      longest = Math.max(longest, client.subscribedAt! + this.#settleMs - now)
    }
    return longest
  }
}
