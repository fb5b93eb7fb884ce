import type { Gap } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import type { LaneId } from './lane.ts'
import { Pairing, type Waiting } from './pairing.ts'
import type { Released, Rule, Side, Verdict } from './rule.ts'
import type { Told } from './told.ts'

/** A hole of the primary in one symbol, in its own exchange time, inclusive; it lasts while `to` is null. */
interface Hole {
  readonly from: number
  to: number | null
}

/** Holes of a symbol that the cover's late trades may still fall into. */
const MOST = 8
/** How long trades wait at most for the clocks to be known, ms. */
const KEPT_BACK = MINUTE
const START: Hole = Object.freeze({ from: Number.NEGATIVE_INFINITY, to: null })

/**
 * The first feed's trades go out; the second one's where they may lie in a hole of the first and the first has not told
 * them. A hole begins with the last trade of the first feed when it is lost or falls silent, and ends with its next one. Both
 * seams are held together by the trades themselves: the same price and volume, at times that the two clocks allow. Nothing is
 * matched before the clocks are known, a few seconds; where the cover has stood in until then, it goes on to.
 */
export class PrimaryAndCover implements Rule {
  readonly #side: Side
  readonly #pairing: Pairing
  readonly #last = new Map<string, number>()
  readonly #holes = new Map<string, Hole[]>()
  /** Symbols of which the cover has given a trade in a hole that lasts. */
  readonly #stoodIn = new Set<string>()
  /** What came before the clocks were known, in order. */
  #deferred: { lane: LaneId; waiting: Waiting }[] = []
  /** Where the cover's own history begins, as long as the primary may still tell it. */
  readonly #withheld: Gap[] = []

  constructor(side: Side) {
    this.#side = side
    const { clocks, comparison } = side
    this.#pairing = new Pairing(
      {
        key: likenessOf,
        distance: (first, second) => clocks.distance(first, second),
      },
      (lane, tick) => comparison.alone(lane, tick),
    )
  }

  trade(lane: LaneId, tick: Told, at: number): Verdict {
    if (this.#side.clocks.areKnown && this.#deferred.length === 0) return this.#settle(lane, { tick, at, given: false })
    const isKeptBack = lane === 0 && this.#stoodIn.has(tick.symbol)
    if (lane === 0 && !isKeptBack) this.heard(tick)
    const given = lane === 0 ? !isKeptBack : this.#isMissing(tick)
    if (given && lane === 1) this.#stoodIn.add(tick.symbol)
    this.#deferred.push({ lane, waiting: { tick, at, given } })
    return { isGiven: given, isPaired: false }
  }

  released(at: number, all = false): readonly Released[] {
    if (this.#deferred.length === 0 || !(all || at >= this.due || this.#side.clocks.areKnown)) return []
    const deferred = this.#deferred
    this.#deferred = []
    const facts = deferred.filter(({ waiting }) => waiting.given)
    const open = deferred.filter(({ waiting }) => !waiting.given)
    return [...facts, ...open].map(({ lane, waiting }) => {
      return { lane, tick: waiting.tick, verdict: this.#settle(lane, waiting) }
    })
  }

  get due(): number {
    const oldest = this.#deferred[0]
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.waiting.at + KEPT_BACK
  }

  /** All that has not gone out and may be wanted: whoever knows better than this rule gives it. */
  leftovers(): { lane: LaneId; tick: Told }[] {
    const left = [...this.#deferred, ...[...this.#pairing.waiting(1)].map((waiting) => ({ lane: 1 as const, waiting }))]
    this.#deferred = []
    return left.flatMap(({ lane, waiting }) => {
      if (waiting.given) return []
      waiting.given = true
      return [{ lane, tick: waiting.tick }]
    })
  }

  /** What becomes of a trade by the clocks: one that has gone out does not go out again. */
  #settle(lane: LaneId, waiting: Waiting): Verdict {
    const { tick, given } = waiting
    const told = this.#pairing.take(lane, tick)
    if (lane === 0 && !given) this.heard(tick)
    if (told !== null) return { isGiven: lane === 0 && !given && !told.given, isPaired: true }
    const isGiven = !given && (lane === 0 || this.#isMissing(tick))
    waiting.given = given || isGiven
    this.#pairing.add(lane, waiting)
    return { isGiven, isPaired: false }
  }

  away(): readonly Told[] {
    for (const [symbol, from] of this.#last) {
      const holes = this.#holes.get(symbol)!
      if (holes.at(-1)!.to === null) continue
      holes.push({ from, to: null })
      if (holes.length > MOST) holes.shift()
    }
    const missing: Told[] = []
    for (const waiting of this.#pairing.waiting(1)) {
      const hole = this.#holes.get(waiting.tick.symbol)?.at(-1)
      if (waiting.given || !hole || hole.to !== null || !this.#mayLieIn(hole, waiting.tick)) continue
      waiting.given = true
      this.#stoodIn.add(waiting.tick.symbol)
      missing.push(waiting.tick)
    }
    return missing
  }

  over(): readonly Gap[] {
    return this.#side.lanes[0].ups === 0 ? this.#withheld.splice(0) : []
  }

  gap(lane: LaneId, gap: Gap, at: number): readonly Gap[] {
    return lane === 0 ? this.#ownGap(gap, at) : this.#coverGap(gap, at)
  }

  leads(lane: LaneId, symbol: string | null): boolean {
    if (lane === 0) return true
    if (symbol === null) return !this.#side.lanes[0].isHeard
    const holes = this.#holes.get(symbol)
    return holes === undefined || holes.at(-1)!.to === null
  }

  covers(lane: LaneId, symbol: string): boolean {
    return lane === 1
      ? this.leads(1, symbol)
      : !this.#deferred.some(({ lane, waiting }) => lane === 0 && !waiting.given && waiting.tick.symbol === symbol)
  }

  waiting(lane: LaneId): Iterable<Waiting> {
    return this.#pairing.waiting(lane)
  }

  /** A trade of the primary ends its hole. To be called of all of them, also while another rule decides. */
  heard({ type, symbol, timestamp }: Told): void {
    if (type === 'rejected') return
    let holes = this.#holes.get(symbol)
    if (holes === undefined) {
      holes = [{ ...START }]
      this.#holes.set(symbol, holes)
    }
    const hole = holes.at(-1)!
    if (hole.to === null && timestamp >= hole.from) {
      hole.to = timestamp
      this.#stoodIn.delete(symbol)
    }
    this.#last.set(symbol, Math.max(timestamp, this.#last.get(symbol) ?? timestamp))
  }

  /** Whether a trade of the cover may lie in a hole of the primary. */
  #isMissing(tick: Told): boolean {
    return (this.#holes.get(tick.symbol) ?? [START]).some((hole) => this.#mayLieIn(hole, tick))
  }

  #mayLieIn({ from, to }: Hole, tick: Told): boolean {
    const { clocks } = this.#side
    return clocks.mayFollow(tick, from) && (to === null || clocks.mayPrecede(tick, to))
  }

  #ownGap(gap: Gap, at: number): readonly Gap[] {
    const { symbol } = gap
    if (symbol === null) return [gap]
    return this.#side.hearing.parts(symbol, gap, at).map(({ from, to, heard }) => {
      return { ...gap, from, to, filled_by: heard ? 'second feed' : null }
    })
  }

  /** While the cover stands in, what neither has heard is told as soon as it is known. */
  #coverGap(gap: Gap, at: number): readonly Gap[] {
    const { lanes, hearing, clocks } = this.#side
    const isStart = gap.cause === 'restart' || gap.cause === 'late_start'
    if (isStart && lanes[0].ups === 0) {
      if (lanes[0].hasEnded) return [gap]
      this.#withheld.push(gap)
      return []
    }
    if (gap.symbol === null || !this.leads(1, gap.symbol)) return []
    if (isStart) return []
    const { shift } = clocks
    const own = { from: gap.from - shift, to: gap.to - shift }
    const unheard = hearing.parts(gap.symbol, own, at).filter(({ heard }) => !heard)
    return unheard.map(({ from, to }) => ({ ...gap, from: from + shift, to: to + shift }))
  }
}

/** What two tellings of one event have in common; of what cannot be a trade that is the symbol alone. */
function likenessOf(told: Told): string {
  return told.type === 'tick' ? `${told.symbol} ${told.last_price} ${told.volume}` : `${told.symbol} rejected`
}
