import type { Tick } from '../market/event.ts'
import { DAY, MINUTE } from '../market/time.ts'

/** Ticks that decide whether a feed is live. */
const SAMPLE = 100
const SPREAD = MINUTE
const TOLERANCE = MINUTE

/**
 * Whether a feed is live, and how far the local clock is off. A feed is live when its first 100 ticks lie within 60 s of
 * each other in receive - exchange time and within 24 h of the clock; anything else is a replay, which has no time rule
 * and no latency. Times more than a day ahead, among others that are not, are mistakes and count for neither.
 */
export class FeedTime {
  #delays: number[] = []
  #wholeSeconds = true
  #verdict: boolean | null = null
  #skew = 0

  /**
   * Takes a tick into the sample; of a live feed every further 100 correct the skew, since clocks drift. True when this
   * tick completed the first sample.
   */
  observe(tick: Tick, receivedAt: number): boolean {
    if (this.#verdict === false || this.isSuspect(tick, receivedAt)) return false
    const delay = receivedAt - tick.timestamp
    if (delay >= -DAY && this.#delays.every((each) => each < -DAY)) this.#delays = []
    this.#delays.push(delay)
    const isFirst = this.#verdict === null
    if (isFirst && tick.timestamp % 1000 !== 0) this.#wholeSeconds = false
    if (this.#delays.length < SAMPLE) return false
    this.#verdict ??= isLive(this.#delays)
    this.#skew = median(this.#delays)
    this.#delays = []
    return isFirst
  }

  /** Begins anew: the local clock was set, or the machine slept, so that what was learnt of it is void. */
  restart(): void {
    this.#delays = []
    this.#verdict = null
    this.#skew = 0
  }

  /** Whether the feed is live, as far as its ticks tell so far; false before the first one. */
  get live(): boolean {
    return this.#verdict ?? isLive(this.#delays)
  }

  /** Median of receive - exchange time, ms: the local clock's error plus the way of the data. */
  get skew(): number {
    return this.#verdict === null ? median(this.#delays) : this.#skew
  }

  /** Whether `received_at - timestamp` is a latency: a live feed whose times are finer than whole seconds. */
  get measuresLatency(): boolean {
    return this.live && !this.#wholeSeconds
  }

  /** Off the skew-corrected local clock by more than 60 s, before the sample is complete ahead of it by more than a day. */
  isSuspect(tick: Tick, receivedAt: number): boolean {
    if (this.#verdict === null) return this.isAstray(tick, receivedAt)
    return this.#verdict && Math.abs(this.#ahead(tick, receivedAt)) > TOLERANCE
  }

  /** Suspect for being long ago, which a trade that was told late is too. */
  isBehind(tick: Tick, receivedAt: number): boolean {
    return this.isSuspect(tick, receivedAt) && this.#ahead(tick, receivedAt) < 0
  }

  /**
   * Ahead of that clock by more than a day where the feed is live as far as was seen, as no clock goes wrong by itself:
   * such a time must move nothing on.
   */
  isAstray(tick: Tick, receivedAt: number): boolean {
    return this.#ahead(tick, receivedAt) > DAY && this.live
  }

  #ahead(tick: Tick, receivedAt: number): number {
    return tick.timestamp + this.#skew - receivedAt
  }
}

function isLive(delays: readonly number[]): boolean {
  if (delays.length === 0) return false
  const least = Math.min(...delays)
  const most = Math.max(...delays)
  return most - least <= SPREAD && Math.max(-least, most) <= DAY
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2
}
