import type { Tick } from '../market/event.ts'
import type { LaneId } from './lane.ts'
import { Runs } from './runs.ts'
import { type Range, Spread } from './spread.ts'
import type { Told } from './told.ts'

/** How far two clocks, and two arrivals of one trade, may be apart before more is known, ms. */
const UNKNOWN: Range = { low: -5_000, high: 5_000, median: 0 }
const UNKNOWN_ARRIVAL: Range = { low: -1_500, high: 1_500, median: 0 }
/** What a trade, or the other feed's telling of it, may be later than any was, ms, and still be on time. */
const JITTER = 50
/** Silence beyond that which makes a trade overdue, ms. */
const OVERDUE = 500

/**
 * How the times of the second feed compare with those of the first, learnt from trades that both told: exchange times differ by
 * the vendors' clocks and by how finely they tell time, receive times by the ways. A trade of one may be that of the
 * other only where both differences are usual ones.
 */
export class Clocks {
  readonly #runs = new Runs()
  readonly #exchange = new Spread()
  readonly #arrival = new Spread()
  readonly #lags = [new Spread(), new Spread()] as const

  /** @param at monotonic time, ms */
  observe(lane: LaneId, tick: Tick, at: number): void {
    if (tick.received_at !== null) this.#lags[lane].add(tick.received_at - tick.timestamp, at)
    const match = this.#runs.match(lane, tick)
    if (match === null) return
    const [first, second] = lane === 0 ? [tick, match] : [match, tick]
    this.#exchange.add(second.timestamp - first.timestamp, at)
    if (first.received_at !== null && second.received_at !== null)
      this.#arrival.add(second.received_at - first.received_at, at)
  }

  /** Whether the difference is known. */
  get areKnown(): boolean {
    return this.#exchange.range !== null
  }

  /** What is added to exchange times of the first feed to have the second one's, ms; 0 while that is not known. */
  get shift(): number {
    return Math.round(this.#exchange.range?.median ?? 0)
  }

  /** A trade's time by the clock of the first feed: no earlier and no later than this. */
  span(lane: LaneId, { timestamp }: Tick): { earliest: number; latest: number } {
    if (lane === 0) return { earliest: timestamp, latest: timestamp }
    const range = this.#exchange.range ?? UNKNOWN
    return { earliest: Math.floor(timestamp - range.high), latest: Math.ceil(timestamp - range.low) }
  }

  /** Whether a trade of the second feed may be as late as exchange time `from` of the first feed; it is where that is not known. */
  mayFollow(second: Told, from: number): boolean {
    return second.timestamp - (this.#exchange.range ?? UNKNOWN).low >= from
  }

  /** Whether it may be as early as `to`; it is not where that is not known. */
  mayPrecede(second: Told, to: number): boolean {
    const range = this.#exchange.range
    return range !== null && second.timestamp - range.high <= to
  }

  /** How long after the other feed's telling of a trade this feed's own one is overdue, ms. */
  patience(lane: LaneId): number {
    const { low, high } = this.#arrival.range ?? { low: 0, high: 0 }
    return OVERDUE + Math.max(0, lane === 0 ? -low : high)
  }

  /**
   * How unlike the times of one trade these are, ms off the usual; Infinity where they cannot be. Where a vendor's clock is
   * coarser than arrivals are, what came on time is judged by its arrival too.
   */
  distance(first: Told, second: Told): number {
    const exchange = this.#exchange.range ?? UNKNOWN
    const apart = second.timestamp - first.timestamp
    if (apart < exchange.low || apart > exchange.high) return Number.POSITIVE_INFINITY
    const arrival = this.#arrival.range ?? UNKNOWN_ARRIVAL
    const isFine = exchange.high - exchange.low <= arrival.high - arrival.low
    if (isFine || !this.#isOnTime(0, first) || !this.#isOnTime(1, second)) return Math.abs(apart - exchange.median)
    const later = second.received_at! - first.received_at!
    const isUsual = later >= arrival.low - JITTER && later <= arrival.high + JITTER
    return isUsual ? Math.abs(later - arrival.median) : Number.POSITIVE_INFINITY
  }

  /** Whether a trade came as fast as others do: what was held up on its way tells nothing by its arrival. */
  #isOnTime(lane: LaneId, { timestamp, received_at }: Told): boolean {
    const { range } = this.#lags[lane]
    if (received_at === null) return false
    if (range === null) return true
    const lag = received_at - timestamp
    return lag >= range.low - JITTER && lag <= range.high + JITTER
  }
}
