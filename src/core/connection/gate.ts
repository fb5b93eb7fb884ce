import type { Clock } from '../clock.ts'

/** Share of the gap that must pass after an answer: the rest is for clocks, and an answer leaves no doubt of the way out. */
const AFTER_ANSWER = 0.96

/**
 * The one door through which every frame of a connection leaves: first come, first served, and never two frames closer
 * than the vendor allows.
 */
export class Gate {
  readonly #clock: Clock
  #gapMs: number
  #freeAt = Number.NEGATIVE_INFINITY
  #queue: Promise<void> = Promise.resolve()

  constructor(gapMs: number, clock: Clock) {
    this.#gapMs = gapMs
    this.#clock = clock
  }

  /** Doubles the gap between frames, from a second at least to `capMs` at most, and holds the next frame that long. */
  slow(capMs: number): void {
    this.#gapMs = Math.min(capMs, Math.max(1_000, this.#gapMs * 2))
    this.#freeAt = this.#clock.monotonic() + this.#gapMs
  }

  /**
   * An answer has come: the vendor saw the frame by now, not when it was sent. On a slow way the next frame keeps its
   * distance from there.
   */
  answered(): void {
    this.#freeAt = Math.max(this.#freeAt, this.#clock.monotonic() + this.#gapMs * AFTER_ANSWER)
  }

  /** Resolves when one frame may be sent: true, or false when `signal` aborted meanwhile. */
  async turn(signal: AbortSignal): Promise<boolean> {
    const before = this.#queue
    const turn = this.#pass(before, signal)
    this.#queue = turn
    await turn
    return !signal.aborted
  }

  async #pass(before: Promise<void>, signal: AbortSignal): Promise<void> {
    await before
    for (let wait = this.#wait(); wait > 0 && !signal.aborted; wait = this.#wait())
      await this.#clock.sleep(wait, signal)
    this.#freeAt = this.#clock.monotonic() + this.#gapMs
  }

  #wait(): number {
    return this.#freeAt - this.#clock.monotonic()
  }
}
