import type { Tick } from '../market/event.ts'
import type { Pair } from './alignment.ts'
import type { LaneId } from './lane.ts'
import { Runs } from './runs.ts'
import { type Range, rangeOf, Spread } from './spread.ts'
import type { Told } from './told.ts'

/** How far two clocks may be apart before more is known, ms. */
export const UNKNOWN: Range = { low: -5_000, high: 5_000, median: 0 }
/** Pairs that tell the difference at once, the time that they must have come over, ms, and the share of them that must agree within 1 s. */
const ENOUGH = 16
const SPAN = 1_500
const AGREED = 0.8
const GRAIN = 1_000
/** What a trade, or the other feed's telling of it, may be later than any was, ms, and still be on time. */
const JITTER = 50
/** Up to this width a difference is that of two clocks of milliseconds, ms. */
const STEADY = 50
/** Pairs at either end that may be mistakes. */
const STRAY = 0.005
/** Silence beyond that which makes a trade overdue, ms. */
const OVERDUE = 500

/** What is learnt at once from common trades, until more is known. */
interface Assumed {
  readonly exchange: Range
  readonly arrival: Range | null
  readonly lags: readonly [Range | null, Range | null]
}

/**
 * How the times of the second feed compare with those of the first, learnt from trades that both told: exchange times differ by
 * the vendors' clocks and by how finely they tell time, receive times by the ways. A trade of one may be that of the
 * other only where both differences are usual ones.
 */
export class Clocks {
  readonly #runs = new Runs()
  /** Whether a feed has told whole seconds only. */
  readonly #areWhole: [boolean, boolean] = [true, true]
  readonly #exchange = new Spread()
  readonly #arrival = new Spread()
  #assumed: Assumed | null = null
  readonly #lags = [new Spread(), new Spread()] as const

  /** @param at monotonic time, ms */
  observe(lane: LaneId, tick: Tick, at: number): void {
    this.#areWhole[lane] &&= tick.timestamp % GRAIN === 0
    if (tick.received_at !== null) this.#lags[lane].add(tick.received_at - tick.timestamp, at)
    const match = this.#runs.match(lane, tick)
    if (match === null) return
    const [first, second] = lane === 0 ? [tick, match] : [match, tick]
    this.#exchange.add(second.timestamp - first.timestamp, at)
    if (first.received_at !== null && second.received_at !== null)
      this.#arrival.add(second.received_at - first.received_at, at)
  }

  /**
   * Learns the difference at once from trades that are the same by their order, where it cannot be waited for: enough of them,
   * long enough for a clock of whole seconds to show, and of one mind.
   * @returns whether it is told by them
   */
  assume(pairs: readonly Pair[]): boolean {
    if (pairs.length < ENOUGH) return false
    const times = pairs.map(([first]) => first.tick.timestamp).sort((a, b) => a - b)
    if (times.at(-1)! - times[0]! < SPAN) return false
    const apart = pairs.map(([first, second]) => second.tick.timestamp - first.tick.timestamp).sort((a, b) => a - b)
    const middle = apart[apart.length >> 1]!
    const agreed = apart.filter((value) => Math.abs(value - middle) <= GRAIN)
    if (agreed.length < AGREED * apart.length) return false
    this.#assumed = {
      exchange: rangeOf(agreed.slice(Math.floor(STRAY * agreed.length), Math.ceil((1 - STRAY) * agreed.length))),
      arrival: usualOf(pairs, ([first, second]) => minus(second.received_at, first.received_at)),
      lags: [
        usualOf(pairs, ([{ received_at, timestamp }]) => minus(received_at, timestamp)),
        usualOf(pairs, ([, { received_at, timestamp }]) => minus(received_at, timestamp)),
      ],
    }
    return true
  }

  /** By the alignment as long as runs agree: in a market that repeats itself many runs mislead, though not their median. */
  get #range(): Range | null {
    const [learnt, assumed] = [this.#exchange.range, this.#assumed?.exchange ?? null]
    if (learnt === null || assumed === null) return this.#widened(learnt ?? assumed)
    return this.#widened(learnt.median >= assumed.low && learnt.median <= assumed.high ? assumed : learnt)
  }

  /** Of a clock of whole seconds only a part of the second may have been seen. */
  #widened(range: Range | null): Range | null {
    if (range === null || !this.#areWhole.includes(true)) return range
    return { ...range, low: Math.min(range.low, range.high - GRAIN), high: Math.max(range.high, range.low + GRAIN) }
  }

  get #arrivalRange(): Range | null {
    return this.#arrival.range ?? this.#assumed?.arrival ?? null
  }

  /** Whether the difference is known. */
  get areKnown(): boolean {
    return this.#range !== null
  }

  /** What is added to exchange times of the first feed to have the second one's, ms; 0 while that is not known. */
  get shift(): number {
    return Math.round(this.#range?.median ?? 0)
  }

  /** A trade's time by the clock of the first feed: no earlier and no later than this. */
  span(lane: LaneId, { timestamp }: Tick): { earliest: number; latest: number } {
    if (lane === 0) return { earliest: timestamp, latest: timestamp }
    const range = this.#range ?? UNKNOWN
    return { earliest: Math.floor(timestamp - range.high), latest: Math.ceil(timestamp - range.low) }
  }

  /** Whether a trade of the second feed may be as late as exchange time `from` of the first feed; it is where that is not known. */
  mayFollow(second: Told, from: number): boolean {
    return second.timestamp - (this.#range ?? UNKNOWN).low >= from
  }

  /** Whether it may be as early as `to`; it is where that is not known. */
  mayPrecede(second: Told, to: number): boolean {
    return second.timestamp - (this.#range ?? UNKNOWN).high <= to
  }

  /** How long after the other feed's telling of a trade this feed's own one is overdue, ms. */
  patience(lane: LaneId): number {
    const { low, high } = this.#arrivalRange ?? { low: 0, high: 0 }
    return OVERDUE + Math.max(0, lane === 0 ? -low : high)
  }

  /**
   * How unlike the times of one trade these are, ms off the usual: Infinity where its exchange times cannot be, 0 while nothing is known.
   * Where a vendor's clock is coarser than arrivals are, it is those that are compared.
   */
  difference(first: Told, second: Told): number {
    const { low, high, median } = this.#range ?? UNKNOWN
    const apart = second.timestamp - first.timestamp
    if (apart < low || apart > high) return Number.POSITIVE_INFINITY
    if (this.#range === null) return 0
    const later = this.#later(first, second)
    return later === null ? Math.abs(apart - median) : Math.abs(later - this.#arrivalRange!.median)
  }

  /** The same where no order helps: what came on time cannot have arrived at times that are unlike, and what did not is not judged by that. */
  distance(first: Told, second: Told): number {
    const unlike = this.difference(first, second)
    const later = unlike === Number.POSITIVE_INFINITY ? null : this.#later(first, second)
    if (later === null) return unlike
    if (!this.#isOnTime(0, first) || !this.#isOnTime(1, second))
      return Math.abs(second.timestamp - first.timestamp - this.#range!.median)
    const { low, high } = this.#arrivalRange!
    return later >= low - JITTER && later <= high + JITTER ? unlike : Number.POSITIVE_INFINITY
  }

  /** How much later the second came, ms; null where exchange times tell more, or nothing else is known. */
  #later(first: Told, second: Told): number | null {
    const [exchange, arrival] = [this.#range, this.#arrivalRange]
    if (exchange === null || arrival === null) return null
    if (exchange.high - exchange.low <= arrival.high - arrival.low) return null
    return minus(this.#arrivalOf(1, second), this.#arrivalOf(0, first))
  }

  /** When a trade came; of a clock that is fine, when it would have come had nothing held it up. */
  #arrivalOf(lane: LaneId, { timestamp, received_at }: Told): number | null {
    const lag = this.#lag(lane)
    return this.#isFine(lane) ? timestamp + lag!.median : received_at
  }

  /** Whether a feed's own times are as steady as arrivals are. */
  #isFine(lane: LaneId): boolean {
    const [lag, arrival] = [this.#lag(lane), this.#arrivalRange]
    return lag !== null && arrival !== null && lag.high - lag.low <= arrival.high - arrival.low + JITTER
  }

  #lag(lane: LaneId): Range | null {
    return this.#lags[lane].range ?? this.#assumed?.lags[lane] ?? null
  }

  /** Whether a trade came as fast as others do: what was held up on its way tells nothing by its arrival. */
  #isOnTime(lane: LaneId, { timestamp, received_at }: Told): boolean {
    const range = this.#lag(lane)
    if (received_at === null || range === null) return false
    const lag = received_at - timestamp
    return this.#isFine(lane) || (lag >= range.low - JITTER && lag <= range.high + JITTER)
  }

  /** Whether one of them tells time so coarsely, or so unsteadily, that it is seldom the time that tells trades apart. */
  get areCoarse(): boolean {
    const range = this.#range
    return range !== null && range.high - range.low > STEADY
  }
}

const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b)

/** Where what is known of a difference lies; null where that is not enough. */
function usualOf(pairs: readonly Pair[], of: (told: readonly [Told, Told]) => number | null): Range | null {
  const known = pairs.map(([{ tick }, second]) => of([tick, second.tick])).filter((value) => value !== null)
  return known.length < ENOUGH ? null : rangeOf(known)
}
