import type { Coverage, Gap, MarketEvent, Status, Tick } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { Distinct } from '../pipeline/distinct.ts'
import type { FeedReport } from '../pipeline/feed-report.ts'
import { Clocks } from './clocks.ts'
import { Comparison } from './comparison.ts'
import { Hearing } from './hearing.ts'
import { Lane, type LaneId, other } from './lane.ts'
import { ORDINALS, Outlet } from './outlet.ts'
import { Owed } from './owed.ts'
import type { Waiting } from './pairing.ts'
import type { Released, Rule, Side, Verdict } from './rule.ts'
import { RuleInForce } from './rule-in-force.ts'
import { Silence } from './silence.ts'
import { isScrap, type Told } from './told.ts'

/** How much is remembered of a feed, so that what it repeats is known. */
const MEMORY = { horizon: 5 * MINUTE, most: 100_000 }
/** A trade that has waited this long for the other feed's telling will not be told by it, ms. */
const SETTLED = 5_000

/** A trade, and the monotonic time at which it came, ms. */
type Arrival = Pick<Waiting, 'tick' | 'at'>

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
  readonly #owed: Owed
  readonly #rules: RuleInForce
  readonly #outlet: Outlet
  /** Whether the feeds end because they were asked to: nothing more is missed then. */
  #isStopping = false

  /** @param names of the first and the second feed, as in their events */
  constructor(names: readonly [string, string]) {
    this.#lanes = [new Lane(names[0]), new Lane(names[1])]
    const clocks = new Clocks()
    this.#side = { lanes: this.#lanes, hearing: new Hearing(this.#lanes), clocks, comparison: new Comparison() }
    this.#silence = new Silence(this.#lanes, clocks)
    this.#owed = new Owed(this.#lanes)
    const isOneVendor = names[0] === names[1]
    this.#rules = new RuleInForce(this.#side, isOneVendor)
    this.#outlet = new Outlet(this.#lanes, isOneVendor ? new Distinct(MEMORY) : null)
  }

  /** What goes out for a batch of one feed. */
  push(lane: LaneId, batch: readonly MarketEvent[], moment: Moment): readonly MarketEvent[] {
    for (const event of batch) this.#take(lane, event, moment)
    return this.#outlet.take()
  }

  /** When `look` has something to do next, monotonic ms; Infinity for never. */
  get due(): number {
    return Math.min(this.#silence.due(0), this.#silence.due(1), this.#rule.due, this.#owed.due)
  }

  /** Notices a feed that has fallen silent, and gives what was kept back long enough. */
  look(moment: Moment): readonly MarketEvent[] {
    for (const lane of [0, 1] as const) {
      if (moment.at < this.#silence.due(lane)) continue
      const quiet = ((moment.at - this.#lanes[lane].dataAt) / 1_000).toFixed(1)
      this.#away(lane, moment.at, () => {
        this.#lanes[lane].isMute = true
      })
      this.#outlet.tell(
        lane,
        'waiting',
        `no trade for ${quiet} s while the ${ORDINALS[other(lane)]} feed has some`,
        moment.now,
      )
    }
    this.#release(moment.at)
    this.#unproven(this.#owed.overdue(moment.at))
    return this.#outlet.take()
  }

  /** A feed has ended. @param why for people, where it was not asked to */
  ended(lane: LaneId, why: string | null, moment: Moment): readonly MarketEvent[] {
    this.#lanes[lane].hasEnded = true
    this.#isStopping = why === null
    this.#away(lane, moment.at, () => this.#lanes[lane].lost(moment.at))
    this.#release(moment.at, true)
    this.#unproven(this.#owed.of(lane))
    for (const row of this.#rule.over(lane)) this.#outlet.give(row)
    if (why !== null && !this.#lanes[other(lane)].hasEnded) {
      this.#outlet.tell(
        lane,
        'warning',
        `it has ended: ${why}; the ${ORDINALS[other(lane)]} feed goes on alone`,
        moment.now,
      )
    }
    return this.#outlet.take()
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

  get #rule(): Rule {
    return this.#rules.rule
  }

  #take(lane: LaneId, event: MarketEvent, moment: Moment): void {
    if (event.type !== 'status') this.#alive(lane, event, moment.at)
    if (event.type === 'status') this.#status(lane, event, moment)
    else if (event.type === 'tick') this.#tick(lane, event, moment)
    else if (event.type === 'gap') this.#gap(lane, event, moment.at)
    else if (event.type === 'coverage') this.#coverage(lane, event)
    else if (isScrap(event)) this.#told(lane, event, moment.at)
    else if (this.#rule.leads(lane, event.symbol)) this.#outlet.give(event)
  }

  #alive(lane: LaneId, { type }: MarketEvent, at: number): void {
    const { isMute } = this.#lanes[lane]
    this.#lanes[lane].aliveAt = at
    if (type !== 'gap') this.#proven(lane, at)
    if (type !== 'tick' && type !== 'quote') return
    this.#lanes[lane].data(at)
    this.#silence.broken(lane)
    if (!isMute) return
    this.#side.hearing.changed(at)
    this.#rule.joined(at, false)
  }

  #tick(lane: LaneId, told: Tick, moment: Moment): void {
    for (const tick of this.#repeats[lane].take([told]) as readonly Tick[]) {
      if (!this.#lanes[lane].told(tick)) {
        if (this.#rule.leads(lane, tick.symbol)) this.#outlet.give(tick)
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
    this.#settle(lane, { tick: told, at }, verdict)
    this.#release(at)
    return verdict.isPaired
  }

  #release(at: number, all = false): void {
    const released = this.#rule.released(at, all)
    this.#settleAll(released)
    if (released.length > 0 && !this.#lanes[0].isHeard) this.#standIn(at)
  }

  #settleAll(released: readonly Released[]): void {
    for (const { lane, waiting, verdict } of released) this.#settle(lane, waiting, verdict)
    const doubts = this.#rule.doubts()
    if (!this.#isStopping) for (const row of doubts) this.#outlet.give(row)
  }

  #settle(lane: LaneId, arrival: Arrival, { isGiven, isPaired }: Verdict): void {
    if (isPaired) this.#side.comparison.paired(arrival.tick)
    if (isGiven) this.#trade(lane, arrival)
  }

  #trade(lane: LaneId, { tick, at }: Arrival): void {
    if (tick.type === 'rejected') {
      this.#outlet.give(tick)
      return
    }
    this.#side.hearing.given(tick.symbol, this.#side.clocks.span(lane, tick), at)
    this.#side.comparison.given(lane, this.#outlet.give(tick))
  }

  /** Decides whether two lines are to be merged, or no longer. */
  #judge(lane: LaneId, tick: Tick, moment: Moment): void {
    const change = this.#rules.judge(lane, tick, moment.at)
    if (change === 'merged') this.#merged(moment)
    if (change === 'parted') this.#parted(tick, moment)
  }

  #merged({ now }: Moment): void {
    for (const { lane, waiting } of this.#rules.leftovers()) this.#trade(lane, waiting)
    const detail = 'its sequence is that of the first feed: every trade counts as soon as one of both brings it'
    this.#outlet.tell(1, 'up', detail, now)
  }

  #parted({ seq, symbol }: Tick, { now, at }: Moment): void {
    this.#outlet.tell(1, 'warning', `number ${seq} of ${symbol} is another trade here: no longer merged`, now)
    if (!this.#lanes[0].isHeard) this.#standIn(at)
  }

  #gap(lane: LaneId, gap: Gap, at: number): void {
    this.#side.comparison.gap(lane)
    if (this.#isProven(lane)) this.#fill(lane, gap, at)
    else this.#owed.add({ lane, gap, at })
  }

  #fill(lane: LaneId, gap: Gap, at: number): void {
    for (const row of this.#rule.gap(lane, gap, at)) this.#outlet.give(row)
  }

  #isProven(lane: LaneId): boolean {
    return (lane === 1 && !this.#rules.isMerged) || this.#owed.isProven(lane)
  }

  /** A feed is alive: it has heard what the other did not. */
  #proven(lane: LaneId, at: number): void {
    for (const gap of this.#owed.of(other(lane))) this.#fill(other(lane), gap, at)
  }

  /** Nobody has been seen to hear these holes: they are told as they are. */
  #unproven(gaps: readonly Gap[]): void {
    for (const gap of gaps) this.#outlet.give(gap)
  }

  #coverage(lane: LaneId, event: Coverage): void {
    const symbols = event.symbols.filter((symbol) => this.#rule.covers(lane, symbol))
    if (symbols.length > 0) this.#outlet.give(symbols.length === event.symbols.length ? event : { ...event, symbols })
  }

  #status(lane: LaneId, status: Status, { at }: Moment): void {
    const { state, symbol } = status
    if (state === 'up') {
      this.#lanes[lane].up(at)
      this.#rule.joined(at, true)
      this.#lanes[lane].aliveAt = at
      this.#silence.broken(lane)
      this.#side.hearing.changed(at)
      this.#side.comparison.interrupted()
    } else if (state === 'lost') this.#away(lane, at, () => this.#lanes[lane].lost(at))
    else if (state === 'warning' && symbol !== null) {
      this.#lanes[lane].refuse(symbol)
      this.#side.hearing.changed(at)
    }
    this.#outlet.relay(lane, status)
  }

  /** A feed goes away by `change`: the other one stands in. */
  #away(lane: LaneId, at: number, change: () => void): void {
    const { hearing, comparison } = this.#side
    const [own, theirs] = [this.#lanes[lane], this.#lanes[other(lane)]]
    const wasHeard = own.isHeard
    change()
    this.#unproven(this.#owed.of(other(lane)))
    if (wasHeard && theirs.isHeard && theirs.upSince > own.dataAt) hearing.missed(at, theirs.upSince)
    hearing.changed(at)
    comparison.interrupted()
    if (lane === 0) this.#standIn(at)
  }

  /** The second feed gives what the first, which is away, has not told. */
  #standIn(at: number): void {
    this.#settleAll(this.#rule.released(at, true))
    for (const waiting of this.#rule.away()) this.#trade(1, waiting)
  }
}
