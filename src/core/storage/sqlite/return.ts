import type { MarketEvent, Quote, Tick } from '../../market/event.ts'
import { dayNumber } from '../../market/time.ts'
import type { Archived, ArchivedDay } from './archived.ts'

/** Takes a chunk of what came back into the store's own tables, or a day out of the list, each in a transaction. */
export interface Takers {
  ticks(symbol: string, chunk: readonly Tick[]): void
  quotes(chunk: readonly Quote[]): void
  done(symbol: string, day: number): void
}

/**
 * Brings archived days back before ticks and quotes of them are written: identity is judged against the whole history.
 * Rare, since a feed tells the present; what came back goes to the lake with the next archiving.
 */
export class Return {
  readonly #archived: Archived
  readonly #take: Takers

  constructor(archived: Archived, take: Takers) {
    this.#archived = archived
    this.#take = take
  }

  /** To be called before a batch is written. */
  async before(batch: readonly MarketEvent[]): Promise<void> {
    const end = this.#archived.end()
    const days = new Map<string, { symbol: string; day: number }>()
    for (const event of batch) {
      if ((event.type !== 'tick' && event.type !== 'quote') || !(event.timestamp < end)) continue
      const { symbol, timestamp } = event
      const day = dayNumber(timestamp)
      days.set(`${symbol} ${day}`, { symbol, day })
    }
    for (const { symbol, day } of days.values()) {
      const row = this.#archived.find(symbol, day)
      if (row) await this.#bringBack(symbol, row)
    }
  }

  /** Rows come back in several transactions, and count with the last one, which takes the day from the list. */
  async #bringBack(symbol: string, { day, lake: name, ticks, quotes }: ArchivedDay): Promise<void> {
    const lake = await this.#archived.lake(name)
    const reading = { symbol, days: [day] }
    if (ticks > 0) for await (const chunk of lake.ticks(reading)) this.#take.ticks(symbol, chunk)
    if (quotes > 0) for await (const chunk of lake.quotes(reading)) this.#take.quotes(chunk)
    this.#take.done(symbol, day)
  }
}
