import type { Clock } from '../clock.ts'
import type { Coverage } from '../market/event.ts'
import type { GapTracker } from './gaps.ts'

/** Least time between two tellings of how far was heard, and how long a trade may take to arrive, ms. */
const EVERY = 1_000
const ARRIVAL = 2_000
const NOT_BEHIND = Number.NEGATIVE_INFINITY

/** Tells how far a feed was heard. */
export class CoverageTeller {
  readonly #source: string
  readonly #gaps: GapTracker
  readonly #clock: Clock
  readonly #tell: (coverage: Coverage) => void
  /** Monotonic time of the last telling. */
  #toldAt = Number.NEGATIVE_INFINITY
  /** Monotonic time of the last sign of life that came in time; null while there is no connection. */
  #aliveAt: number | null = null
  /** Monotonic time at which a paused socket was read again, while what it held back may still come; Infinity while paused. */
  #resumedAt = NOT_BEHIND

  constructor(source: string, gaps: GapTracker, clock: Clock, tell: (coverage: Coverage) => void) {
    this.#source = source
    this.#gaps = gaps
    this.#clock = clock
    this.#tell = tell
  }

  /** A connection has opened. */
  opened(): void {
    this.#aliveAt = this.#clock.monotonic()
    this.#resumedAt = NOT_BEHIND
  }

  /** There is no connection any more. */
  lost(): void {
    this.#aliveAt = null
  }

  /** The socket is not read until `resumed`. */
  paused(): void {
    this.#resumedAt = Number.POSITIVE_INFINITY
  }

  resumed(): void {
    if (this.#resumedAt === Number.POSITIVE_INFINITY) this.#resumedAt = this.#clock.monotonic()
  }

  /** A heartbeat sent at that monotonic time was answered: everything before it has come. */
  answered(sentAt: number): void {
    if (sentAt >= this.#resumedAt) this.#resumedAt = NOT_BEHIND
  }

  /** Something was heard: tells it at most once a second, and not while it is in doubt or older data may be held back. */
  heard(isDoubted: () => boolean): void {
    if (this.#resumedAt !== NOT_BEHIND) return
    const at = this.#clock.monotonic()
    this.#aliveAt = at
    if (at - this.#toldAt < EVERY || isDoubted()) return
    this.#toldAt = at
    this.#upTo(this.#clock.now() - ARRIVAL)
  }

  /** The run ends at local time `now`: a line that is up, but may be dead by now, was heard up to its last sign of life. */
  ended(now: number): void {
    this.#upTo(this.#aliveAt === null ? now : now - (this.#clock.monotonic() - this.#aliveAt) - ARRIVAL)
  }

  #upTo(timestamp: number): void {
    for (const [opening, symbols] of this.#gaps.begun()) this.#say(symbols, opening)
    const symbols = this.#gaps.heard(timestamp)
    if (symbols.length > 0) this.#say(symbols, timestamp)
  }

  #say(symbols: readonly string[], timestamp: number): void {
    this.#tell({ type: 'coverage', source: this.#source, symbol: null, symbols, timestamp })
  }
}
