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
  /** Monotonic times of the last telling, and of the last sign of life. */
  #toldAt = Number.NEGATIVE_INFINITY
  #heardAt = Number.NEGATIVE_INFINITY

  constructor(source: string, gaps: GapTracker, clock: Clock, tell: (coverage: Coverage) => void) {
    this.#source = source
    this.#gaps = gaps
    this.#clock = clock
    this.#tell = tell
  }

  /** Something was heard: tells it at most once a second, and not while it is in doubt. */
  heard(isDoubted: () => boolean): void {
    this.#heardAt = this.#clock.monotonic()
    if (this.#heardAt - this.#toldAt < EVERY || isDoubted()) return
    this.#toldAt = this.#heardAt
    this.#upTo(this.#clock.now() - ARRIVAL)
  }

  /** The run ends at local time `now`: a line that is up, but may be dead by now, was heard up to its last sign of life. */
  ended(now: number, isUp: boolean): void {
    this.#upTo(isUp ? now - (this.#clock.monotonic() - this.#heardAt) : now)
  }

  #upTo(timestamp: number): void {
    const symbols = this.#gaps.heard(timestamp)
    if (symbols.length === 0) return
    this.#tell({ type: 'coverage', source: this.#source, symbol: null, symbols, timestamp })
  }
}
