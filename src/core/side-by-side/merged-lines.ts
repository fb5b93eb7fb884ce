import type { Gap, Tick } from '../market/event.ts'
import type { LaneId } from './lane.ts'
import { Pairing, type Waiting } from './pairing.ts'
import type { Rule, Side, Verdict } from './rule.ts'
import { contentOf, numberOf } from './sequence.ts'
import type { Told } from './told.ts'

/**
 * Two lines of one vendor with the same sequence: every trade goes out when the first line brings it, and only what both have
 * missed is a gap.
 */
export class MergedLines implements Rule {
  readonly #side: Side
  readonly #pairing: Pairing
  #isContradicted = false

  constructor(side: Side) {
    this.#side = side
    this.#pairing = new Pairing({ key: nameOf, distance: () => 0 }, (lane, tick) => side.comparison.alone(lane, tick))
  }

  /** Whether a number has stood for two different trades. */
  get isContradicted(): boolean {
    return this.#isContradicted
  }

  trade(lane: LaneId, tick: Told, at: number): Verdict {
    const waiting = { tick, at, given: true, place: 0 }
    const told = this.#pairing.take(lane, waiting)
    if (told === null) {
      this.#pairing.add(lane, waiting)
      return { isGiven: true, isPaired: false }
    }
    const isSame = tick.type === 'rejected' || contentOf(told.tick as Tick) === contentOf(tick)
    this.#isContradicted ||= !isSame
    return { isGiven: !isSame, isPaired: isSame }
  }

  released(): readonly [] {
    return []
  }

  doubts(): readonly Gap[] {
    return []
  }

  readonly due = Number.POSITIVE_INFINITY

  joined(): void {}

  away(): readonly Waiting[] {
    return []
  }

  over(): readonly Gap[] {
    return []
  }

  gap(_lane: LaneId, gap: Gap, at: number): readonly Gap[] {
    if (gap.symbol === null) return [gap]
    return this.#side.hearing
      .parts(gap.symbol, gap, at)
      .flatMap(({ from, to, heard }) => (heard ? [] : [{ ...gap, from, to }]))
  }

  leads(lane: LaneId): boolean {
    const [first, second] = this.#side.lanes
    return lane === (first.isHeard || !second.isHeard ? 0 : 1)
  }

  covers(lane: LaneId): boolean {
    return this.#side.lanes[lane].isHeard
  }

  waiting(lane: LaneId): Iterable<Waiting> {
    return this.#pairing.waiting(lane)
  }
}

/** One vendor's lines send what cannot be a trade as the same text. */
function nameOf(told: Told): string {
  return told.type === 'tick' ? numberOf(told) : `${told.symbol} ${told.raw}`
}
