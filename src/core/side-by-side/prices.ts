import type { Tick } from '../market/event.ts'
import { tickSize } from '../market/tick-size.ts'
import { formatDate, MINUTE } from '../market/time.ts'
import { type LaneId, other } from './lane.ts'

interface Last {
  readonly minute: number
  readonly tick: Tick
}

interface Told {
  /** Of the minute that lasts. */
  now: Last | null
  /** Of the last minute that is over and not yet compared. */
  over: Last | null
}

/**
 * The last price of each minute of a symbol by two feeds: where they differ by more than a spread, something is wrong with
 * one of them. An index has no spread and is not compared.
 */
export class Prices {
  readonly #told = [new Map<string, Told>(), new Map<string, Told>()] as const
  #count = 0
  #largest: number | null = null

  observe(lane: LaneId, tick: Tick): void {
    const told = this.#of(lane, tick.symbol)
    const minute = Math.floor(tick.timestamp / MINUTE)
    if (told.now !== null && minute < told.now.minute) return
    if (told.now !== null && minute > told.now.minute) {
      told.over = told.now
      this.#compare(told.over, this.#of(other(lane), tick.symbol).over)
    }
    told.now = { minute, tick }
  }

  /** The minutes that last are no longer heard whole. */
  interrupted(): void {
    for (const told of this.#told) told.clear()
  }

  get count(): number {
    return this.#count
  }

  /** Largest distance beyond a spread, in the traded currency; null without any. */
  get largest(): number | null {
    return this.#largest
  }

  #of(lane: LaneId, symbol: string): Told {
    const told = this.#told[lane].get(symbol) ?? { now: null, over: null }
    this.#told[lane].set(symbol, told)
    return told
  }

  #compare(a: Last, b: Last | null): void {
    if (b === null || a.minute !== b.minute || a.tick.volume === null || b.tick.volume === null) return
    const apart = Math.round(Math.abs(a.tick.last_price - b.tick.last_price) * 1e6) / 1e6
    if (apart <= Math.max(spreadOf(a.tick), spreadOf(b.tick))) return
    this.#count++
    this.#largest = Math.max(this.#largest ?? 0, apart)
  }
}

/** The spread that was quoted, at least the smallest step. */
function spreadOf({ last_price, spread, timestamp }: Tick): number {
  return Math.max(spread ?? 0, tickSize(last_price, formatDate(timestamp)))
}
