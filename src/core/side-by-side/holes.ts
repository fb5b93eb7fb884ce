import type { Clocks } from './clocks.ts'
import type { Told } from './told.ts'

/** A hole of the primary in one symbol, in its own exchange time, inclusive; it lasts while `to` is null. */
interface Hole {
  readonly from: number
  to: number | null
}

/** Holes of a symbol that the cover's late trades may still fall into. */
const MOST = 8
const START: Hole = Object.freeze({ from: Number.NEGATIVE_INFINITY, to: null })

/**
 * What the primary has not heard, symbol by symbol: from the last trade that it told when it was lost or fell silent to the first
 * one that it tells again, and all before its first.
 */
export class Holes {
  readonly #clocks: Clocks
  readonly #last = new Map<string, number>()
  readonly #holes = new Map<string, Hole[]>()

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  /** Exchange time of the newest trade that the primary told of the symbol, epoch ms; undefined without any. */
  last(symbol: string): number | undefined {
    return this.#last.get(symbol)
  }

  /** A trade of the primary ends the hole that lasts. */
  heard({ type, symbol, timestamp }: Told): void {
    if (type === 'rejected') return
    let holes = this.#holes.get(symbol)
    if (holes === undefined) {
      holes = [{ ...START }]
      this.#holes.set(symbol, holes)
    }
    const hole = holes.at(-1)!
    if (hole.to === null && timestamp >= hole.from) hole.to = timestamp
    this.#last.set(symbol, Math.max(timestamp, this.#last.get(symbol) ?? timestamp))
  }

  /** The primary is away: a hole begins in each symbol that has none. */
  begin(): void {
    for (const [symbol, from] of this.#last) {
      if (this.isOpen(symbol)) continue
      const holes = this.#holes.get(symbol)!
      holes.push({ from, to: null })
      if (holes.length > MOST) holes.shift()
    }
  }

  /** Whether the primary has a hole now. */
  isOpen(symbol: string): boolean {
    return this.#now(symbol).to === null
  }

  /** Whether a trade of the cover may lie in the hole that the primary has now. */
  isMissingNow(tick: Told): boolean {
    const hole = this.#now(tick.symbol)
    return hole.to === null && this.#mayLieIn(hole, tick)
  }

  /** Whether it may lie in any. */
  isMissing(tick: Told): boolean {
    return (this.#holes.get(tick.symbol) ?? [START]).some((hole) => this.#mayLieIn(hole, tick))
  }

  #now(symbol: string): Hole {
    return this.#holes.get(symbol)?.at(-1) ?? START
  }

  #mayLieIn({ from, to }: Hole, tick: Told): boolean {
    return this.#clocks.mayFollow(tick, from) && (to === null || this.#clocks.mayPrecede(tick, to))
  }
}
