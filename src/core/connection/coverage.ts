import type { Clock } from '../clock.ts'
import type { Coverage } from '../market/event.ts'
import type { GapTracker } from './gaps.ts'

/** Least time between two tellings of how far was heard, and how long a trade may take to arrive, ms. */
const EVERY = 1_000
const ARRIVAL = 2_000

/** Tells how far a feed was heard. */
export class CoverageTeller {
  readonly #source: string
  readonly #gaps: GapTracker
  readonly #clock: Clock
  readonly #tell: (coverage: Coverage) => void
  /** Monotonic time of the last one. */
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(source: string, gaps: GapTracker, clock: Clock, tell: (coverage: Coverage) => void) {
    this.#source = source
    this.#gaps = gaps
    this.#clock = clock
    this.#tell = tell
  }

  /** Something was heard: tells it at most once a second, and not while it is in doubt. */
  heard(isDoubted: () => boolean): void {
    const at = this.#clock.monotonic()
    if (at - this.#toldAt < EVERY || isDoubted()) return
    this.#toldAt = at
    this.upTo(this.#clock.now() - ARRIVAL)
  }

  /** Everything before that local time was heard, but for what gaps tell. */
  upTo(timestamp: number): void {
    const symbols = this.#gaps.heard(timestamp)
    if (symbols.length === 0) return
    this.#tell({ type: 'coverage', source: this.#source, symbol: null, symbols, timestamp })
  }
}
