import type { Gap } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { alignedBy, type Deferred, doubtsOf, likenessOf, likesOf, partnersOf } from './beginning.ts'
import { Holes } from './holes.ts'
import type { LaneId } from './lane.ts'
import { Pairing, type Waiting } from './pairing.ts'
import { Places } from './places.ts'
import type { Released, Rule, Side, Verdict } from './rule.ts'
import type { Told } from './told.ts'

/** How long trades wait at most for the clocks to be known, ms. */
const KEPT_BACK = MINUTE
/** How long after a feed came back the order of its trades is waited for, ms. */
const HANDOVER = 5_000
/** By how many places two tellings may be off: what was lost since the last one that both told. */
const OUT_OF_PLACE = 8
/** What a place counts beside times, which only decide between likes that are equally far off, ms. */
const PLACE = 1e5

/**
 * The first feed's trades go out; the second one's where they may lie in a hole of the first and the first has not told
 * them. Both seams of a hole are held together by the trades themselves: the same price and volume, at times that the two clocks
 * allow and, where those tell too little, in the same place of both tellings. Nothing is matched before the clocks are known or the
 * first feed is lost, nor, where it is their order that tells, for a while after one of them has come back; where the cover has
 * stood in until then, it goes on to. What is known by likeness alone after such a loss is left out and told as a hole.
 */
export class PrimaryAndCover implements Rule {
  readonly #side: Side
  readonly #pairing: Pairing
  readonly #places = new Places()
  /** Until when it is found out where the feeds stand after one of them has come back, monotonic ms. */
  #handover = Number.NEGATIVE_INFINITY
  readonly #holes: Holes
  /** Symbols of which the cover has given a trade that the primary may tell yet. */
  readonly #stoodIn = new Set<string>()
  /** What came before it was known how the feeds stand to each other, in order. */
  #deferred: Deferred[] = []
  /** Rows that are to be told. */
  readonly #doubts: Gap[] = []
  /** Where the cover's own history begins, as long as the primary may still tell it. */
  readonly #withheld: Gap[] = []

  constructor(side: Side) {
    this.#side = side
    const { clocks, comparison } = side
    this.#holes = new Holes(clocks)
    const distance = (first: Waiting, second: Waiting): number => this.#distance(first, second)
    this.#pairing = new Pairing({ key: likenessOf, distance }, (lane, tick) => comparison.alone(lane, tick))
  }

  trade(lane: LaneId, tick: Told, at: number): Verdict {
    const { lanes } = this.#side
    const waiting = { tick, at, given: false, place: this.#places.next(lane, tick.symbol) }
    const isAlone = lane === 1 && lanes[0].ups > 0 && !lanes[0].isHeard
    if ((isAlone || this.#isSettled(at)) && this.#deferred.length === 0) return this.#settle(lane, waiting)
    const isKeptBack = lane === 0 && this.#stoodIn.has(tick.symbol)
    if (lane === 0 && !isKeptBack) this.#holes.heard(tick)
    waiting.given = lane === 0 ? !isKeptBack : this.#standsIn(waiting)
    if (waiting.given && lane === 1) this.#stoodIn.add(tick.symbol)
    this.#deferred.push({ lane, waiting })
    return { isGiven: waiting.given, isPaired: false }
  }

  released(at: number, all = false): readonly Released[] {
    if (this.#deferred.length === 0 || !(all || at >= this.due || this.#isSettled(at))) return []
    const deferred = this.#deferred
    this.#deferred = []
    for (const { lane, waiting } of deferred) this.#pairing.add(lane, waiting)
    const aligned = alignedBy(this.#side.clocks, this.#pairing)
    const partners = this.#isInDoubt ? likesOf(deferred, this.#pairing) : partnersOf(deferred, aligned, this.#pairing)
    for (const [first, second] of aligned.pairs) this.#places.met(first, second)
    for (const { lane, waiting } of deferred) if (lane === 0 && !waiting.given) this.#holes.heard(waiting.tick)
    if (this.#isInDoubt) this.#doubts.push(...doubtsOf(deferred, partners, this.#pairing, this.#side.lanes))
    const counted = new Set<Waiting>()
    const released = deferred.map(({ lane, waiting }) => {
      const partner = partners.get(waiting)
      const isPaired = partner !== undefined && !counted.has(partner)
      counted.add(waiting)
      const isWanted =
        lane === 0 ? partner?.given !== true : partner === undefined && this.#holes.isMissing(waiting.tick)
      const isGiven = isWanted && !waiting.given
      waiting.given ||= isGiven
      return { lane, waiting, verdict: { isGiven, isPaired } }
    })
    this.#holdBack()
    return released
  }

  /** From now on the primary is held back where it may still tell what the cover has given. */
  #holdBack(): void {
    this.#stoodIn.clear()
    for (const { tick, given } of this.#pairing.waiting(1)) {
      const last = this.#holes.last(tick.symbol)
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
    if (oldest === undefined) return Number.POSITIVE_INFINITY
    return this.#side.clocks.areKnown ? Math.max(this.#handover, oldest.waiting.at) : oldest.waiting.at + KEPT_BACK
  }

  /** All that has not gone out and may be wanted: whoever knows better than this rule gives it. */
  leftovers(): Deferred[] {
    const left = [...this.#deferred, ...[...this.#pairing.waiting(1)].map((waiting) => ({ lane: 1 as const, waiting }))]
    this.#deferred = []
    this.#stoodIn.clear()
    return left.flatMap(({ lane, waiting }) => {
      if (waiting.given) return []
      waiting.given = true
      return [{ lane, waiting }]
    })
  }

  /** A feed is heard anew. Where the clocks do not tell what it has missed, the order of the trades will, in a while. */
  joined(at: number, isNew: boolean): void {
    if (isNew) this.#places.lost()
    if (!this.#isByPlace) return
    if (this.#deferred.length === 0) this.#holdBack()
    this.#handover = at + HANDOVER
  }

  #isSettled(at: number): boolean {
    const { clocks, lanes } = this.#side
    return clocks.areKnown && (at >= this.#handover || !lanes[1].isUp)
  }

  /** Whether it is the place that tells trades apart: times do not, and both feeds tell nearly all. */
  get #isByPlace(): boolean {
    return this.#side.clocks.areCoarse && this.#places.areTold
  }

  #distance(first: Waiting, second: Waiting): number {
    const { clocks } = this.#side
    const places = this.#isByPlace ? this.#places.between(first, second) : null
    if (places === null) return clocks.distance(first.tick, second.tick)
    return places > OUT_OF_PLACE
      ? Number.POSITIVE_INFINITY
      : places * PLACE + clocks.difference(first.tick, second.tick)
  }

  /** What becomes of a trade that waits for none. */
  #settle(lane: LaneId, waiting: Waiting): Verdict {
    const { tick } = waiting
    if (lane === 1 && this.#isInDoubt && this.#pairing.like(1, waiting) !== null)
      return { isGiven: false, isPaired: true }
    const told = this.#pairing.take(lane, waiting)
    if (lane === 0) this.#holes.heard(tick)
    if (told !== null) {
      if (lane === 0) this.#places.met(waiting, told)
      else this.#places.met(told, waiting)
      return { isGiven: lane === 0 && !told.given, isPaired: true }
    }
    const isGiven = lane === 0 || this.#holes.isMissing(tick)
    if (isGiven && lane === 1) this.#stoodIn.add(tick.symbol)
    waiting.given = isGiven
    this.#pairing.add(lane, waiting)
    return { isGiven, isPaired: false }
  }

  away(): readonly Waiting[] {
    this.#holes.begin()
    const missing: Waiting[] = []
    for (const waiting of this.#pairing.waiting(1)) {
      if (waiting.given || !this.#holes.isMissingNow(waiting.tick)) continue
      waiting.given = true
      this.#stoodIn.add(waiting.tick.symbol)
      missing.push(waiting)
    }
    return missing
  }

  over(): readonly Gap[] {
    if (!this.#side.lanes[0].hasEnded) return []
    return this.#withheld.splice(0).filter(({ symbol }) => symbol === null || this.#holes.last(symbol) === undefined)
  }

  gap(lane: LaneId, gap: Gap, at: number): readonly Gap[] {
    return lane === 0 ? this.#ownGap(gap, at) : this.#coverGap(gap, at)
  }

  leads(lane: LaneId, symbol: string | null): boolean {
    if (lane === 0) return true
    if (symbol === null) return !this.#side.lanes[0].isHeard
    return this.#holes.isOpen(symbol)
  }

  covers(lane: LaneId, symbol: string): boolean {
    return lane === 1
      ? this.leads(1, symbol)
      : !this.#deferred.some(({ lane, waiting }) => lane === 0 && !waiting.given && waiting.tick.symbol === symbol)
  }

  waiting(lane: LaneId): Iterable<Waiting> {
    return this.#pairing.waiting(lane)
  }

  /** A trade of the primary has come while another rule decides. */
  heard(tick: Told): void {
    this.#holes.heard(tick)
  }

  /** Whether a trade of the cover may lie in the hole that the primary has now, and is like none that the primary told before it. */
  #standsIn(waiting: Waiting): boolean {
    return this.#holes.isMissingNow(waiting.tick) && this.#pairing.like(1, waiting) === null
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
    if (isStart && (gap.symbol === null || this.#holes.last(gap.symbol) === undefined)) {
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
