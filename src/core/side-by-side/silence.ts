import type { Clocks } from './clocks.ts'
import { type Lane, type LaneId, other } from './lane.ts'

/** Trades of one feed without the other's telling that make the other silent. */
const UNANSWERED = 3

/**
 * Notices a connection that says nothing while it should: a few trades of one feed have waited longer for the other's telling than
 * any did before, and the other has brought nothing at all since the first of them.
 */
export class Silence {
  readonly #lanes: readonly [Lane, Lane]
  readonly #clocks: Clocks
  /** For each feed, when the first trades came that only the other one has told. */
  readonly #unanswered: readonly [number[], number[]] = [[], []]

  constructor(lanes: readonly [Lane, Lane], clocks: Clocks) {
    this.#lanes = lanes
    this.#clocks = clocks
  }

  /** A feed has brought something. */
  broken(lane: LaneId): void {
    this.#unanswered[lane].length = 0
  }

  /** A feed tells a trade that the other has not told. */
  alone(lane: LaneId, symbol: string, at: number): void {
    const times = this.#unanswered[other(lane)]
    if (times.length < UNANSWERED && this.#lanes[other(lane)].trades(symbol) > 0) times.push(at)
  }

  /** When this feed is to be called silent, monotonic ms; Infinity while there is no reason. */
  due(lane: LaneId): number {
    const last = this.#unanswered[lane][UNANSWERED - 1]
    if (last === undefined || !this.#lanes[lane].isHeard) return Number.POSITIVE_INFINITY
    return last + this.#clocks.patience(lane)
  }
}
