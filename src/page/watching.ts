import type { Interval, PageMessage } from '../core/dashboard/protocol.ts'

/** A wish is told after so many ms without another: keys repeat faster than a past can be read. */
const SETTLE_MS = 80
const RENEW_MS = 30_000

/** What the page asks of the server: one symbol at one interval, and more of its past. */
export class Watching {
  readonly #send: (message: PageMessage) => void
  #id = 0
  #timer: number | undefined
  #wish: { readonly symbol: string; readonly every: Interval } | null = null
  #isFirst = true
  #renewedAt = Number.NEGATIVE_INFINITY

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

  /** Asks anew because what was told does not fit what comes, though not again and again. */
  renew(): void {
    const now = performance.now()
    if (now - this.#renewedAt < RENEW_MS) return
    this.#renewedAt = now
    this.again()
  }

  older(before: number): void {
    this.#send({ type: 'older', id: this.#id, before })
  }
}
