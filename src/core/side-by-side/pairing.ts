import { MINUTE } from '../market/time.ts'
import { type LaneId, other } from './lane.ts'
import type { Told } from './told.ts'

/** How long a trade waits for the other feed's telling, and how many of one feed do. */
const KEPT = 5 * MINUTE
const MOST = 200_000

/** A trade that one feed has told and the other has not. */
export interface Waiting {
  readonly tick: Told
  /** Monotonic time of its arrival, ms. */
  readonly at: number
  /** Whether it went out. */
  given: boolean
  /** How many its feed had told of the symbol before it. */
  readonly place: number
}

/** What makes two tellings one trade: the same key, and the least distance; Infinity is too far. */
export interface Likeness {
  key(tick: Told): string
  distance(first: Waiting, second: Waiting): number
}

/**
 * Trades of two feeds, each matched once with the nearest of its likes: what is left waits, five minutes at most.
 */
export class Pairing {
  readonly #likeness: Likeness
  readonly #keys = [new Map<string, Waiting[]>(), new Map<string, Waiting[]>()] as const
  readonly #queues = [new Set<Waiting>(), new Set<Waiting>()] as const
  readonly #onAlone: (lane: LaneId, tick: Told) => void

  /** @param onAlone told of a trade that is no longer waited for */
  constructor(likeness: Likeness, onAlone: (lane: LaneId, tick: Told) => void) {
    this.#likeness = likeness
    this.#onAlone = onAlone
  }

  /** The other feed's telling of this trade, which no longer waits; null where there is none. */
  take(lane: LaneId, waiting: Waiting): Waiting | null {
    const like = this.like(lane, waiting)
    if (like !== null) this.remove(other(lane), like)
    return like
  }

  /** What may be the other feed's telling of this trade, and goes on waiting; null where there is none. */
  like(lane: LaneId, waiting: Waiting, isAsked: (like: Waiting) => boolean = () => true): Waiting | null {
    const likes = this.#keys[other(lane)].get(this.#likeness.key(waiting.tick))?.filter(isAsked) ?? []
    return likes[this.#nearest(lane, waiting, likes)] ?? null
  }

  /** The trade no longer waits: it has met the other feed's telling. */
  remove(lane: LaneId, waiting: Waiting): void {
    this.#queues[lane].delete(waiting)
    const key = this.#likeness.key(waiting.tick)
    const likes = this.#keys[lane].get(key)!
    likes.splice(likes.indexOf(waiting), 1)
    if (likes.length === 0) this.#keys[lane].delete(key)
  }

  /** The trade waits from now on. */
  add(lane: LaneId, waiting: Waiting): void {
    this.#forget(lane, waiting.at)
    const key = this.#likeness.key(waiting.tick)
    const likes = this.#keys[lane].get(key)
    if (likes === undefined) this.#keys[lane].set(key, [waiting])
    else likes.push(waiting)
    this.#queues[lane].add(waiting)
  }

  /** What waits of one feed, in order of arrival. */
  waiting(lane: LaneId): Iterable<Waiting> {
    return this.#queues[lane]
  }

  /** @returns its place, -1 where none is near enough */
  #nearest(lane: LaneId, waiting: Waiting, likes: readonly Waiting[]): number {
    let place = -1
    let least = Number.POSITIVE_INFINITY
    for (const [i, like] of likes.entries()) {
      const [first, second] = lane === 0 ? [waiting, like] : [like, waiting]
      const distance = this.#likeness.distance(first, second)
      if (distance >= least) continue
      least = distance
      place = i
    }
    return place
  }

  #forget(lane: LaneId, now: number): void {
    const queue = this.#queues[lane]
    for (const oldest of queue) {
      if (now - oldest.at <= KEPT && queue.size < MOST) return
      this.remove(lane, oldest)
      this.#onAlone(lane, oldest.tick)
    }
  }
}
