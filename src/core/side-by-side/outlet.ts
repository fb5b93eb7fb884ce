import type { MarketEvent, Status, StatusState } from '../market/event.ts'
import type { Distinct } from '../pipeline/distinct.ts'
import type { Lane, LaneId } from './lane.ts'

/** Names of the two feeds to people. */
export const ORDINALS = ['first', 'second'] as const

/** What goes out of two feeds, in its order: of one vendor nothing twice, and its lines told apart. */
export class Outlet {
  readonly #lanes: readonly [Lane, Lane]
  readonly #tape: Distinct | null
  #out: MarketEvent[] = []

  /** @param tape of one vendor: what went out; null for two vendors */
  constructor(lanes: readonly [Lane, Lane], tape: Distinct | null) {
    this.#lanes = lanes
    this.#tape = tape
  }

  /** What has gone out since it was last asked. */
  take(): readonly MarketEvent[] {
    const out = this.#out
    this.#out = []
    return out
  }

  /** @returns how many records went out: of one vendor nothing goes out twice */
  give(event: MarketEvent): number {
    const fresh = this.#tape === null ? [event] : this.#tape.take([event])
    this.#out.push(...fresh)
    return fresh.length
  }

  /** A state of one feed, as it told it itself. */
  relay(lane: LaneId, status: Status): void {
    this.#out.push({ ...status, detail: this.#labelled(lane, status.detail) })
  }

  /** Says something of one feed. @param now local time, epoch ms */
  tell(lane: LaneId, state: StatusState, detail: string, now: number): void {
    const source = this.#lanes[lane].name
    this.relay(lane, { type: 'status', source, symbol: null, state, timestamp: now, detail })
  }

  /** Two lines of one vendor have the same name. */
  #labelled(lane: LaneId, detail: string): string {
    return this.#tape === null ? detail : `${ORDINALS[lane]} feed: ${detail}`
  }
}
