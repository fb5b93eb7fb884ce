import type { Gap } from '../market/event.ts'
import { type Lane, type LaneId, other } from './lane.ts'

/** How long a hole waits for a sign of life of the feed that is to have filled it, ms. */
const PROVEN = 2_000

interface OwedGap {
  readonly lane: LaneId
  readonly gap: Gap
  /** Monotonic time at which the feed told it, ms. */
  readonly at: number
}

/** Holes of a feed of which it is not yet known whether the other one heard them to their end. */
export class Owed {
  readonly #lanes: readonly [Lane, Lane]
  #gaps: OwedGap[] = []

  constructor(lanes: readonly [Lane, Lane]) {
    this.#lanes = lanes
  }

  add(owed: OwedGap): void {
    this.#gaps.push(owed)
  }

  /** When the oldest has waited long enough, monotonic ms; Infinity for never. */
  get due(): number {
    return (this.#gaps[0]?.at ?? Number.POSITIVE_INFINITY) + PROVEN
  }

  /** Those that nobody has been seen to hear in time. */
  overdue(at: number): readonly Gap[] {
    return this.#take((owed) => at >= owed.at + PROVEN)
  }

  /** Those of one feed. */
  of(lane: LaneId): readonly Gap[] {
    return this.#take((owed) => owed.lane === lane)
  }

  /** Whether it is known how far the other feed heard what this one did not: it has been away since, or was alive later. */
  isProven(lane: LaneId): boolean {
    const [own, theirs] = [this.#lanes[lane], this.#lanes[other(lane)]]
    return !theirs.isHeard || theirs.aliveAt >= (own.isUp ? own.upSince : own.lostAt)
  }

  #take(isTaken: (owed: OwedGap) => boolean): readonly Gap[] {
    if (this.#gaps.length === 0) return []
    const taken = this.#gaps.filter(isTaken)
    if (taken.length > 0) this.#gaps = this.#gaps.filter((owed) => !isTaken(owed))
    return taken.map(({ gap }) => gap)
  }
}
