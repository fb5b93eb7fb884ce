import type { LaneId } from './lane.ts'
import type { Waiting } from './pairing.ts'

/** Of the last meetings of the feeds, so many if there were, this share must be in the same place as the one before. */
const MEMORY = 64
const LEAST = 8
const AGREED = 0.75

/**
 * Where a trade stands among all that its feed told of the symbol, and how far apart the two feeds count: both tell in the
 * exchange's order, so that what is the same trade stands in the same place but for what one of them has lost. No clock and no
 * delay on the way changes it.
 */
export class Places {
  readonly #told = [new Map<string, number>(), new Map<string, number>()] as const
  /** Share of late meetings that were in the same place as the one before. */
  #agreed = 0
  #count = 0
  readonly #apart = new Map<string, { usual: number; last: number }>()

  /** The place of a feed's next trade of the symbol. */
  next(lane: LaneId, symbol: string): number {
    const place = this.#told[lane].get(symbol) ?? 0
    this.#told[lane].set(symbol, place + 1)
    return place
  }

  /** Two tellings of one trade have been found. One that is off may be a mistake, two that are equally off are a loss. */
  met(first: Waiting, second: Waiting): void {
    const { symbol } = first.tick
    const found = second.place - first.place
    const apart = this.#apart.get(symbol)
    if (apart === undefined) {
      this.#apart.set(symbol, { usual: found, last: found })
      return
    }
    this.#count = Math.min(this.#count + 1, MEMORY)
    this.#agreed += (Number(apart.last === found) - this.#agreed) / this.#count
    if (apart.last === found) apart.usual = found
    else apart.last = found
  }

  /** Whether both feeds tell nearly all trades, so that their order may be believed: one that conflates tells a part of them. */
  get areTold(): boolean {
    return this.#count >= LEAST && this.#agreed >= AGREED
  }

  /** One of the feeds may have missed any number of trades. */
  lost(): void {
    this.#apart.clear()
  }

  /** How many places the two are from being one; null while the feeds have not met in their symbol. */
  between(first: Waiting, second: Waiting): number | null {
    const apart = this.#apart.get(first.tick.symbol)
    return apart === undefined ? null : Math.abs(second.place - first.place - apart.usual)
  }
}
