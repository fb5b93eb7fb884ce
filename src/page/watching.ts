import type { Interval, PageMessage } from '../core/dashboard/protocol.ts'

/** A wish is told after so many ms without another: keys repeat faster than a past can be read. */
const SETTLE_MS = 80

/** What the page asks of the server: one symbol at one interval, and more of its past. */
export class Watching {
  readonly #send: (message: PageMessage) => void
  #id = 0
  #timer: number | undefined
  #wish: { readonly symbol: string; readonly every: Interval } | null = null
  #isFirst = true

  constructor(send: (message: PageMessage) => void) {
    this.#send = send
  }

  /** Number of the newest wish: answers to others are none any more. */
  get id(): number {
    return this.#id
  }

  watch(symbol: string, every: Interval): void {
    this.#wish = { symbol, every }
    clearTimeout(this.#timer)
    if (this.#isFirst) this.again()
    else this.#timer = setTimeout(() => this.again(), SETTLE_MS)
  }

  /** Asks anew: over a new line, or because the past has changed. */
  again(): void {
    clearTimeout(this.#timer)
    if (this.#wish === null) return
    this.#isFirst = false
    this.#send({ type: 'watch', id: ++this.#id, ...this.#wish })
  }

  older(before: number): void {
    this.#send({ type: 'older', id: this.#id, before })
  }
}
