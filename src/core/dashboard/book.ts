import type { Level, Quote, Tick } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import type { Depth } from './protocol.ts'

/** Most levels that are shown. */
const LEVELS = 10
/** A book that is so far ahead of the next one's arrival has a wrong time, and is no reason to wait until then. */
const AHEAD = MINUTE

/** The book of one symbol as it stands: as its quotes tell it, or the best level that its trades bear where there are none. */
export class Book {
  #depth: Depth | null = null
  #hasQuotes = false
  /** Version of the newest change. */
  changed = 0
  bid_price: number | null = null
  ask_price: number | null = null

  get depth(): Depth | null {
    return this.#depth
  }

  quote({ timestamp, received_at, bids, asks }: Quote, version: number): void {
    if (this.#depth !== null && this.#hasQuotes && timestamp < this.#depth.timestamp) {
      if (received_at === null || this.#depth.timestamp <= received_at + AHEAD) return
    }
    this.#hasQuotes = true
    this.#stands({ timestamp, bids: bids.slice(0, LEVELS), asks: asks.slice(0, LEVELS) }, version)
  }

  tick(tick: Tick, version: number): void {
    const { bid_price, bid_size, ask_price, ask_size, timestamp } = tick
    if (this.#hasQuotes || (bid_price === null && ask_price === null)) return
    if (this.#depth !== null && timestamp < this.#depth.timestamp) return
    this.#stands({ timestamp, bids: best(bid_price, bid_size), asks: best(ask_price, ask_size) }, version)
    this.bid_price = bid_price
    this.ask_price = ask_price
  }

  #stands(depth: Depth, version: number): void {
    this.#depth = depth
    this.bid_price = depth.bids[0]?.[0] ?? null
    this.ask_price = depth.asks[0]?.[0] ?? null
    this.changed = version
  }
}

/** A level whose size is unknown cannot be drawn. */
function best(price: number | null, size: number | null): readonly Level[] {
  return price === null || size === null ? [] : [[price, size]]
}
