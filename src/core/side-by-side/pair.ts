import type { Coverage, Gap, MarketEvent, Status, StatusState, Tick } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { Distinct } from '../pipeline/distinct.ts'
import type { FeedReport } from '../pipeline/feed-report.ts'
import { Clocks } from './clocks.ts'
import { Comparison } from './comparison.ts'
import { Hearing } from './hearing.ts'
import { Lane, type LaneId, other } from './lane.ts'
import { MergedLines } from './merged-lines.ts'
import { PrimaryAndCover } from './primary-and-cover.ts'
import type { Released, Rule, Side, Verdict } from './rule.ts'
import { SequenceProof } from './sequence.ts'
import { Silence } from './silence.ts'
import { isScrap, type Told } from './told.ts'

/** How much is remembered of a feed, so that what it repeats is known. */
const MEMORY = { horizon: 5 * MINUTE, most: 100_000 }
/** A trade that has waited this long for the other feed's telling will not be told by it, ms. */
const SETTLED = 5_000
/** How long a hole waits for a sign of life of the feed that is to have filled it, ms. */
const PROVEN = 2_000
const ORDINALS = ['first', 'second'] as const

/** The two times of a moment: by the wall clock, epoch ms, and the monotonic one, ms. */
export interface Moment {
  readonly now: number
  readonly at: number
}

/**
 * Two live feeds side by side as one: primary and cover, or, where two lines of one vendor are seen to number their trades
 * alike, both at once. Pure: events and times come as arguments, and what is to go out is returned in its order.
 */
export class Pair {
  readonly #lanes: readonly [Lane, Lane]
  readonly #side: Side
  readonly #silence: Silence
  readonly #repeats = [new Distinct(MEMORY), new Distinct(MEMORY)] as const
  /** Of one vendor: what went out, and whether both lines number alike; null once that is decided. */
  readonly #tape: Distinct | null
  #proof: SequenceProof | null
  readonly #cover: PrimaryAndCover
  /** Holes of which it is not yet known whether the other feed heard them to their end. */
  #owed: { lane: LaneId; gap: Gap; at: number }[] = []
  #rule: Rule
  /** Whether the feeds end because they were asked to: nothing more is missed then. */
  #isStopping = false
  #out: MarketEvent[] = []

  /** @param names of the first and the second feed, as in their events */
  constructor(names: readonly [string, string]) {
    this.#lanes = [new Lane(names[0]), new Lane(names[1])]
    const clocks = new Clocks()
    this.#side = { lanes: this.#lanes, hearing: new Hearing(this.#lanes), clocks, comparison: new Comparison() }
    this.#silence = new Silence(this.#lanes, clocks)
    const isOneVendor = names[0] === names[1]
    this.#tape = isOneVendor ? new Distinct(MEMORY) : null
    this.#proof = isOneVendor ? new SequenceProof() : null
    this.#cover = new PrimaryAndCover(this.#side)
    this.#rule = this.#cover
  }

  /** What goes out for a batch of one feed. */
  push(lane: LaneId, batch: readonly MarketEvent[], moment: Moment): readonly MarketEvent[] {
    for (const event of batch) this.#take(lane, event, moment)
    return this.#given()
  }

  /** When `look` has something to do next, monotonic ms; Infinity for never. */
  get due(): number {
    const owed = this.#owed[0]?.at ?? Number.POSITIVE_INFINITY
    return Math.min(this.#silence.due(0), this.#silence.due(1), this.#rule.due, owed + PROVEN)
  }

  /** Notices a feed that has fallen silent, and gives what was kept back long enough. */
  look(moment: Moment): readonly MarketEvent[] {
    for (const lane of [0, 1] as const) {
      if (moment.at < this.#silence.due(lane)) continue
      const quiet = ((moment.at - this.#lanes[lane].dataAt) / 1_000).toFixed(1)
      this.#away(lane, moment.at, () => {
        this.#lanes[lane].isMute = true
      })
      this.#tell(lane, 'waiting', `no trade for ${quiet} s while the ${ORDINALS[other(lane)]} feed has some`, moment)
    }
    this.#release(moment.at)
    this.#unproven(({ at }) => moment.at >= at + PROVEN)
    return this.#given()
  }

  /** A feed has ended. @param why for people, where it was not asked to */
  ended(lane: LaneId, why: string | null, moment: Moment): readonly MarketEvent[] {
    this.#lanes[lane].hasEnded = true
    this.#isStopping = why === null
    this.#away(lane, moment.at, () => this.#lanes[lane].lost(moment.at))
    this.#release(moment.at, true)
    this.#unproven((owed) => owed.lane === lane)
    this.#out.push(...this.#rule.over(lane))
    if (why !== null && !this.#lanes[other(lane)].hasEnded) {
      this.#tell(lane, 'warning', `it has ended: ${why}; the ${ORDINALS[other(lane)]} feed goes on alone`, moment)
    }
    return this.#given()
  }

  /** What each feed was worth so far, `at` monotonic time. */
  report(at: number): readonly [FeedReport, FeedReport] {
    const latest = this.#lanes.every(({ hasEnded }) => hasEnded) ? at : at - SETTLED
    const settled = (lane: LaneId): Tick[] => {
      return [...this.#rule.waiting(lane)].flatMap(({ tick, at }) =>
        tick.type === 'tick' && at <= latest ? [tick] : [],
      )
    }
    const waiting = [settled(0), settled(1)] as const
    const { comparison } = this.#side
    return [comparison.report(0, this.#lanes[0], waiting), comparison.report(1, this.#lanes[1], waiting)]
  }

  #given(): readonly MarketEvent[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #take(lane: LaneId, event: MarketEvent, moment: Moment): void {
    if (event.type !== 'status') this.#alive(lane, event, moment.at)
    if (event.type === 'status') this.#status(lane, event, moment)
    else if (event.type === 'tick') this.#tick(lane, event, moment)
    else if (event.type === 'gap') this.#gap(lane, event, moment.at)
    else if (event.type === 'coverage') this.#coverage(lane, event)
    else if (isScrap(event)) this.#told(lane, event, moment.at)
    else if (this.#rule.leads(lane, event.symbol)) this.#give(event)
  }

  #alive(lane: LaneId, { type }: MarketEvent, at: number): void {
    const { isMute } = this.#lanes[lane]
    this.#lanes[lane].aliveAt = at
    if (type !== 'gap') this.#proven(lane, at)
    if (type !== 'tick' && type !== 'quote') return
    this.#lanes[lane].data(at)
    this.#silence.broken(lane)
    if (isMute) this.#side.hearing.changed(at)
  }

  #tick(lane: LaneId, told: Tick, moment: Moment): void {
    for (const tick of this.#repeats[lane].take([told]) as readonly Tick[]) {
      if (!this.#lanes[lane].told(tick)) {
        if (this.#rule.leads(lane, tick.symbol)) this.#give(tick)
        continue
      }
      this.#side.comparison.received(lane, tick)
      this.#side.clocks.observe(lane, tick, moment.at)
      const isPaired = this.#told(lane, tick, moment.at)
      if (!isPaired) this.#silence.alone(lane, tick.symbol, moment.at)
      this.#judge(lane, tick, moment)
    }
  }

  /** @returns whether the other feed has told it too */
  #told(lane: LaneId, told: Told, at: number): boolean {
    const verdict = this.#rule.trade(lane, told, at)
    this.#settle(lane, told, verdict, at)
    this.#release(at)
    return verdict.isPaired
  }

  #release(at: number, all = false): void {
    const released = this.#rule.released(at, all)
    this.#settleAll(released, at)
    if (released.length > 0 && !this.#lanes[0].isHeard) this.#standIn(at)
  }

  #settleAll(released: readonly Released[], at: number): void {
    for (const { lane, tick, verdict } of released) this.#settle(lane, tick, verdict, at)
    const doubts = this.#rule.doubts()
    if (!this.#isStopping) for (const row of doubts) this.#give(row)
  }

  #settle(lane: LaneId, tick: Told, { isGiven, isPaired }: Verdict, at: number): void {
    if (isPaired) this.#side.comparison.paired(tick)
    if (isGiven) this.#trade(lane, tick, at)
  }

  #trade(lane: LaneId, tick: Told, at: number): void {
    if (tick.type === 'rejected') {
      this.#give(tick)
      return
    }
    this.#side.hearing.given(tick.symbol, this.#side.clocks.span(lane, tick), at)
    this.#side.comparison.given(lane, this.#give(tick))
  }

  /** Decides whether two lines are to be merged, or no longer. */
  #judge(lane: LaneId, tick: Tick, moment: Moment): void {
    if (this.#rule instanceof MergedLines) {
      if (lane === 0) this.#cover.heard(tick)
      if (this.#rule.isContradicted) this.#part(tick, moment)
      return
    }
    this.#proof?.observe(lane, tick, moment.at)
    const verdict = this.#proof?.verdict
    if (verdict == null) return
    this.#proof = null
    if (verdict === 'same') this.#merge(moment)
  }

  #merge(moment: Moment): void {
    for (const { lane, tick } of this.#cover.leftovers()) this.#trade(lane, tick, moment.at)
    this.#rule = new MergedLines(this.#side)
    const detail = 'its sequence is that of the first feed: every trade counts as soon as one of both brings it'
    this.#tell(1, 'up', detail, moment)
  }

  #part({ seq, symbol }: Tick, moment: Moment): void {
    this.#rule = this.#cover
    this.#tell(1, 'warning', `number ${seq} of ${symbol} is another trade here: no longer merged`, moment)
    if (!this.#lanes[0].isHeard) this.#standIn(moment.at)
  }

  #gap(lane: LaneId, gap: Gap, at: number): void {
    this.#side.comparison.gap(lane)
    if (this.#isProven(lane)) this.#fill(lane, gap, at)
    else this.#owed.push({ lane, gap, at })
  }

  #fill(lane: LaneId, gap: Gap, at: number): void {
    for (const row of this.#rule.gap(lane, gap, at)) this.#give(row)
  }

  /** Whether it is known how far the other feed heard what this one did not: it has been away since, or was alive later. */
  #isProven(lane: LaneId): boolean {
    if (lane === 1 && this.#rule === this.#cover) return true
    const [own, theirs] = [this.#lanes[lane], this.#lanes[other(lane)]]
    return !theirs.isHeard || theirs.aliveAt >= (own.isUp ? own.upSince : own.lostAt)
  }

  /** A feed is alive: it has heard what the other did not. */
  #proven(lane: LaneId, at: number): void {
    const proven = this.#owed.filter((owed) => owed.lane !== lane)
    if (proven.length === 0) return
    this.#owed = this.#owed.filter((owed) => owed.lane === lane)
    for (const owed of proven) this.#fill(owed.lane, owed.gap, at)
  }

  /** Nobody has been seen to hear these holes: they are told as they are. */
  #unproven(which: (owed: { lane: LaneId; at: number }) => boolean): void {
    for (const owed of this.#owed) if (which(owed)) this.#give(owed.gap)
    this.#owed = this.#owed.filter((owed) => !which(owed))
  }

  #coverage(lane: LaneId, event: Coverage): void {
    const symbols = event.symbols.filter((symbol) => this.#rule.covers(lane, symbol))
    if (symbols.length > 0) this.#give(symbols.length === event.symbols.length ? event : { ...event, symbols })
  }

  #status(lane: LaneId, status: Status, { at }: Moment): void {
    const { state, symbol } = status
    if (state === 'up') {
      this.#lanes[lane].up(at)
      this.#lanes[lane].aliveAt = at
      this.#silence.broken(lane)
      this.#side.hearing.changed(at)
      this.#side.comparison.interrupted()
    } else if (state === 'lost') this.#away(lane, at, () => this.#lanes[lane].lost(at))
    else if (state === 'warning' && symbol !== null) {
      this.#lanes[lane].refuse(symbol)
      this.#side.hearing.changed(at)
    }
    this.#out.push({ ...status, detail: this.#labelled(lane, status.detail) })
  }

  /** A feed goes away by `change`: the other one stands in. */
  #away(lane: LaneId, at: number, change: () => void): void {
    const { hearing, comparison } = this.#side
    const [own, theirs] = [this.#lanes[lane], this.#lanes[other(lane)]]
    const wasHeard = own.isHeard
    change()
    this.#unproven((owed) => owed.lane !== lane)
    if (wasHeard && theirs.isHeard && theirs.upSince > own.dataAt) hearing.missed(at)
    hearing.changed(at)
    comparison.interrupted()
    if (lane === 0) this.#standIn(at)
  }

  /** The second feed gives what the first, which is away, has not told. */
  #standIn(at: number): void {
    this.#settleAll(this.#rule.released(at, true), at)
    for (const tick of this.#rule.away()) this.#trade(1, tick, at)
  }

  /** @returns how many records went out: of one vendor nothing goes out twice */
  #give(event: MarketEvent): number {
    const fresh = this.#tape === null ? [event] : this.#tape.take([event])
    this.#out.push(...fresh)
    return fresh.length
  }

  #tell(lane: LaneId, state: StatusState, detail: string, { now }: Moment): void {
    const { name } = this.#lanes[lane]
    const labelled = this.#labelled(lane, detail)
    this.#out.push({ type: 'status', source: name, symbol: null, state, timestamp: now, detail: labelled })
  }

  /** Two lines of one vendor have the same name. */
  #labelled(lane: LaneId, detail: string): string {
    return this.#tape === null ? detail : `${ORDINALS[lane]} feed: ${detail}`
  }
}
