import type { Gap } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { alignedBy, type Deferred, doubtsOf, likenessOf, likesOf, partnersOf } from './beginning.ts'
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
 * matched before the clocks are known or the first feed is lost; where the cover has stood in until then, it goes on to. What is
 * known by likeness alone after such a loss is left out and told as a hole.
 */
export class PrimaryAndCover implements Rule {
  readonly #side: Side
  readonly #pairing: Pairing
  readonly #last = new Map<string, number>()
  readonly #holes = new Map<string, Hole[]>()
  /** Symbols of which the cover has given a trade that the primary may tell yet. */
  readonly #stoodIn = new Set<string>()
  /** What came before the clocks were known, in order. */
  #deferred: Deferred[] = []
  /** Rows that are to be told. */
  readonly #doubts: Gap[] = []
  /** Where the cover's own history begins, as long as the primary may still tell it. */
  readonly #withheld: Gap[] = []

  constructor(side: Side) {
    this.#side = side
    const { clocks, comparison } = side
    const likeness = { key: likenessOf, distance: (first: Told, second: Told) => clocks.distance(first, second) }
    this.#pairing = new Pairing(likeness, (lane, tick) => comparison.alone(lane, tick))
  }

  trade(lane: LaneId, tick: Told, at: number): Verdict {
    const { clocks, lanes } = this.#side
    const isAlone = lane === 1 && lanes[0].ups > 0 && !lanes[0].isHeard
    if ((isAlone || clocks.areKnown) && this.#deferred.length === 0)
      return this.#settle(lane, { tick, at, given: false })
    const isKeptBack = lane === 0 && this.#stoodIn.has(tick.symbol)
    if (lane === 0 && !isKeptBack) this.heard(tick)
    const given = lane === 0 ? !isKeptBack : this.#standsIn(tick)
    if (given && lane === 1) this.#stoodIn.add(tick.symbol)
    this.#deferred.push({ lane, waiting: { tick, at, given } })
    return { isGiven: given, isPaired: false }
  }

  released(at: number, all = false): readonly Released[] {
    if (this.#deferred.length === 0 || !(all || at >= this.due || this.#side.clocks.areKnown)) return []
    const deferred = this.#deferred
    this.#deferred = []
    for (const { lane, waiting } of deferred) this.#pairing.add(lane, waiting)
    const pairs = alignedBy(this.#side.clocks, this.#pairing)
    const partners = this.#isInDoubt ? likesOf(deferred, this.#pairing) : partnersOf(deferred, pairs, this.#pairing)
    for (const { lane, waiting } of deferred) if (lane === 0 && !waiting.given) this.heard(waiting.tick)
    if (this.#isInDoubt) this.#doubts.push(...doubtsOf(deferred, partners, this.#pairing, this.#side.lanes))
    const counted = new Set<Waiting>()
    const released = deferred.map(({ lane, waiting }) => {
      const partner = partners.get(waiting)
      const isPaired = partner !== undefined && !counted.has(partner)
      counted.add(waiting)
      const isWanted = lane === 0 ? partner?.given !== true : partner === undefined && this.#isMissing(waiting.tick)
      const isGiven = isWanted && !waiting.given
      waiting.given ||= isGiven
      return { lane, tick: waiting.tick, verdict: { isGiven, isPaired } }
    })
    this.#holdBack()
    return released
  }

  /** From now on the primary is held back where it may still tell what the cover has given. */
  #holdBack(): void {
    this.#stoodIn.clear()
    for (const { tick, given } of this.#pairing.waiting(1)) {
      const last = this.#last.get(tick.symbol)
      if (given && (last === undefined || this.#side.clocks.mayFollow(tick, last))) this.#stoodIn.add(tick.symbol)
    }
  }

  /** The primary is away, and what it told is known by likeness alone. */
  get #isInDoubt(): boolean {
    const { clocks, lanes } = this.#side
    return !clocks.areKnown && !lanes[0].isHeard
  }

  doubts(): readonly Gap[] {
    return this.#doubts.splice(0)
  }

  get due(): number {
    const oldest = this.#deferred[0]
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.waiting.at + KEPT_BACK
  }

  /** All that has not gone out and may be wanted: whoever knows better than this rule gives it. */
  leftovers(): { lane: LaneId; tick: Told }[] {
    const left = [...this.#deferred, ...[...this.#pairing.waiting(1)].map((waiting) => ({ lane: 1 as const, waiting }))]
    this.#deferred = []
    this.#stoodIn.clear()
    return left.flatMap(({ lane, waiting }) => {
      if (waiting.given) return []
      waiting.given = true
      return [{ lane, tick: waiting.tick }]
    })
  }

  /** What becomes of a trade that waits for none. */
  #settle(lane: LaneId, waiting: Waiting): Verdict {
    const { tick } = waiting
    if (lane === 1 && this.#isInDoubt && this.#pairing.like(1, tick) !== null) return { isGiven: false, isPaired: true }
    const told = this.#pairing.take(lane, tick)
    if (lane === 0) this.heard(tick)
    if (told !== null) return { isGiven: lane === 0 && !told.given, isPaired: true }
    const isGiven = lane === 0 || this.#isMissing(tick)
    if (isGiven && lane === 1 && !this.#side.clocks.areKnown) this.#stoodIn.add(tick.symbol)
    waiting.given = isGiven
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
    if (!this.#side.lanes[0].hasEnded) return []
    return this.#withheld.splice(0).filter(({ symbol }) => symbol === null || !this.#last.has(symbol))
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
    if (hole.to === null && timestamp >= hole.from) hole.to = timestamp
    this.#last.set(symbol, Math.max(timestamp, this.#last.get(symbol) ?? timestamp))
  }

  /** Whether a trade of the cover may lie in the hole that the primary has now, and is like none that the primary told before it. */
  #standsIn(tick: Told): boolean {
    const hole = this.#holes.get(tick.symbol)?.at(-1) ?? START
    return hole.to === null && this.#mayLieIn(hole, tick) && this.#pairing.like(1, tick) === null
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
    if (isStart && (gap.symbol === null || !this.#last.has(gap.symbol))) {
      if (lanes[0].hasEnded) return [gap]
      this.#withheld.push(gap)
      return []
    }
    if (isStart || gap.symbol === null || !this.leads(1, gap.symbol)) return []
    const { shift } = clocks
    const own = { from: gap.from - shift, to: gap.to - shift }
    const unheard = hearing.parts(gap.symbol, own, at).filter(({ heard }) => !heard)
    return unheard.map(({ from, to }) => ({ ...gap, from: from + shift, to: to + shift }))
  }
}
