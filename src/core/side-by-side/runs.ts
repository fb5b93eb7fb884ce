import type { Tick } from '../market/event.ts'
import { type LaneId, other } from './lane.ts'
import { Recent } from './recent.ts'

/** Trades of a run, and runs of each feed that are remembered. */
const LENGTH = 6
const MOST = 10_000

/**
 * The same trade told by two feeds, found without trusting a clock or a number: the end of a run of trades of one symbol with the
 * same prices and volumes, which neither has told twice of late. Rare repetitions can mislead, so only medians and ranges
 * of what is found may be believed.
 */
export class Runs {
  readonly #ends = [new Map<string, string[]>(), new Map<string, string[]>()] as const
  readonly #seen = [new Recent<Tick | null>(MOST), new Recent<Tick | null>(MOST)] as const

  /** The other feed's telling of a trade, null where it is not known for certain. */
  match(lane: LaneId, tick: Tick): Tick | null {
    const run = this.#run(lane, tick)
    if (run === null) return null
    const mine = this.#seen[lane]
    const isRepeated = mine.get(run) !== undefined
    mine.set(run, isRepeated ? null : tick)
    return isRepeated ? null : (this.#seen[other(lane)].get(run) ?? null)
  }

  #run(lane: LaneId, { symbol, last_price, volume }: Tick): string | null {
    const end = this.#ends[lane].get(symbol) ?? []
    end.push(`${last_price} ${volume}`)
    if (end.length > LENGTH) end.shift()
    this.#ends[lane].set(symbol, end)
    return end.length < LENGTH ? null : `${symbol} ${end.join(' ')}`
  }
}
