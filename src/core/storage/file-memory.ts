import type { Batches, MarketEvent } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { Distinct } from '../pipeline/distinct.ts'

/** What is older than the file's newest record by more than this may have been forgotten, ms. */
const RECENT = 5 * MINUTE
/** Records of one file that are remembered: some 500 MB. */
const MOST = 3_000_000

/**
 * What a file that is appended to holds, so that nothing comes to stand in it twice, by the identity that a store has. A
 * recording that goes on needs the last minutes alone and the newest trade of each symbol; the whole file is remembered
 * once older records are written. Of a file of more than three million records the first three million are.
 */
export class FileMemory {
  readonly #read: (() => Promise<Batches>) | null
  readonly #recent = new Distinct({ horizon: 2 * RECENT })
  #all: Distinct | undefined
  /** Event time of the newest record that was there before, epoch ms. */
  #newest: number | undefined

  /** @param read gives the records that the file holds; null where it is new */
  constructor(read: (() => Promise<Batches>) | null) {
    this.#read = read
  }

  /** The events of a batch that the file does not hold, each under the number that is its own there. To be written next. */
  async fresh(batch: readonly MarketEvent[]): Promise<readonly MarketEvent[]> {
    if (this.#read === null) return this.#recent.take(batch)
    this.#newest ??= await this.#recall(this.#recent)
    if (this.#all === undefined && !batch.some((event) => this.#isOld(event))) return this.#recent.take(batch)
    const unknown = batch.flatMap((event) => this.#recent.take([event]).map((numbered) => ({ event, numbered })))
    if (this.#all === undefined && !unknown.some(({ event }) => this.#isOld(event)))
      return unknown.map(({ numbered }) => numbered)
    this.#all ??= await this.#whole()
    // by the number it came with: what the last minutes know of older numbers is a part
    return this.#all.take(unknown.map(({ event }) => event))
  }

  async #whole(): Promise<Distinct> {
    const all = new Distinct({ horizon: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY })
    await this.#recall(all, MOST)
    return all
  }

  #isOld(event: MarketEvent): boolean {
    const time = timeOf(event)
    return time !== null && time < this.#newest! - RECENT
  }

  /** @returns event time of the newest record, -Infinity without one */
  async #recall(into: Distinct, most = Number.POSITIVE_INFINITY): Promise<number> {
    let [newest, records] = [Number.NEGATIVE_INFINITY, 0]
    for await (const batch of await this.#read!()) {
      into.take(batch)
      for (const event of batch) newest = Math.max(newest, timeOf(event) ?? newest)
      records += batch.length
      if (records >= most) break
    }
    return newest
  }
}

/** When an event happened, epoch ms; null for what stands in a file for itself. */
function timeOf(event: MarketEvent): number | null {
  if (event.type === 'gap') return event.from
  return event.type === 'tick' || event.type === 'quote' ? event.timestamp : null
}
