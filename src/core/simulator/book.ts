import type { Level } from '../market/event.ts'
import { type Band, tickIn } from '../market/tick-size.ts'
import type { BestQuote } from '../market/trade.ts'
import { mix } from './random.ts'

/** Sizes in mean order lots, small ones often and large ones rarely. */
const SIZES = Array.from({ length: 64 }, (_, i) => 0.35 / Math.sqrt(1 - (i + 0.5) / 64.4))

/** The price above and below on a spread table, in thousandths; bands include their upper end. */
export const priceAbove = (table: readonly Band[], price: number): number => price + tickIn(table, price + 1)
export const priceBelow = (table: readonly Band[], price: number): number => Math.max(1, price - tickIn(table, price))

/**
 * The order book around a moving value: best bid and ask one step apart, sizes that follow from price and a counter alone
 * so that asking for them costs no randomness. Prices in thousandths.
 */
export class Book {
  bid = 0
  ask = 0
  readonly #table: readonly Band[]
  readonly #lot: number
  readonly #salt: number
  readonly #scale: number
  #turn = 0

  /** @param meanLots lots of an average resting level */
  constructor(table: readonly Band[], lot: number, salt: number, meanLots: number) {
    this.#table = table
    this.#lot = lot
    this.#salt = salt
    this.#scale = meanLots
  }

  /** Moves the best prices when the value has left their middle; true when they changed. */
  follow(value: number): boolean {
    const slack = 0.2 * (this.ask - this.bid)
    if (value >= this.bid - slack && value <= this.ask + slack) return false
    const tick = tickIn(this.#table, value)
    this.bid = Math.max(tick, Math.floor(value / tick) * tick)
    this.ask = priceAbove(this.#table, this.bid)
    return true
  }

  /** New sizes; the best quote as it now stands. */
  turn(time: number): BestQuote {
    this.#turn++
    return {
      bid_price: this.bid / 1000,
      ask_price: this.ask / 1000,
      bid_size: this.#size(this.bid, 0),
      ask_size: this.#size(this.ask, 0),
      quote_time: time,
    }
  }

  bids(depth: number): Level[] {
    return this.#side(this.bid, depth, priceBelow)
  }

  asks(depth: number): Level[] {
    return this.#side(this.ask, depth, priceAbove)
  }

  /** Levels of an auction, best first, overlapping those of the other side by `overlap` steps around `price`. */
  crossed(price: number, overlap: number, depth: number): { bids: Level[]; asks: Level[] } {
    this.#turn++
    let [bid, ask] = [price, price]
    for (let i = 0; i < overlap; i++) {
      bid = priceAbove(this.#table, bid)
      ask = priceBelow(this.#table, ask)
    }
    return { bids: this.#side(bid, depth, priceBelow), asks: this.#side(ask, depth, priceAbove) }
  }

  #side(best: number, depth: number, next: (table: readonly Band[], price: number) => number): Level[] {
    const levels: Level[] = []
    for (let i = 0, price = best; i < depth; i++) {
      levels.push([price / 1000, this.#size(price, i)])
      const further = next(this.#table, price)
      if (further === price) break
      price = further
    }
    return levels
  }

  #size(price: number, depth: number): number {
    const moment = depth === 0 ? this.#turn : (this.#turn >> 3) + 0x10000000
    const draw = mix(this.#salt ^ Math.imul(price, 0x9e3779b1) ^ Math.imul(moment, 0x7feb352d)) & 63
    return this.#lot * Math.max(1, Math.round(SIZES[draw]! * this.#scale * (1 + Math.min(depth, 4))))
  }
}
