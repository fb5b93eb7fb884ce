import type { Quote, Tick } from '../market/event.ts'
import { DAY } from '../market/time.ts'

/** A quote weighs as much as four trades: both bounds hold memory to some tens of megabytes. */
const MAX_WEIGHT = 200_000
const weight = (event: Tick | Quote): number => (event.type === 'quote' ? 4 : 1)

/**
 * What was published last, in order of publication: the events of the last `spanMs` of exchange time, at most 200,000
 * trades. Every event has an ordinal, so that a reader can go on where it stopped.
 */
export class History {
  readonly #spanMs: number
  #events: (Tick | Quote)[] = []
  #head = 0
  #weight = 0
  #firstOrdinal = 0
  #newest = Number.NEGATIVE_INFINITY

  constructor(spanMs: number) {
    this.#spanMs = spanMs
  }

  /** The ordinal that the next event will have. */
  get next(): number {
    return this.#firstOrdinal + this.#events.length
  }

  add(event: Tick | Quote): void {
    this.#events.push(event)
    this.#weight += weight(event)
    // A source that begins again, or one absurd time, must not empty the history for good.
    if (event.timestamp > this.#newest || event.timestamp < this.#newest - DAY) this.#newest = event.timestamp
    this.#forget()
  }

  /** Events of the span with ordinals from `ordinal` on that are `wanted`, oldest first. */
  since(ordinal: number, wanted: (event: Tick | Quote, ordinal: number) => boolean): (Tick | Quote)[] {
    const found: (Tick | Quote)[] = []
    const oldest = this.#newest - this.#spanMs
    for (let i = Math.max(this.#head, ordinal - this.#firstOrdinal); i < this.#events.length; i++) {
      const event = this.#events[i]!
      if (event.timestamp > oldest && wanted(event, this.#firstOrdinal + i)) found.push(event)
    }
    return found
  }

  #forget(): void {
    const oldest = this.#newest - this.#spanMs
    while (this.#head < this.#events.length) {
      const event = this.#events[this.#head]!
      if (event.timestamp > oldest && this.#weight <= MAX_WEIGHT) break
      this.#weight -= weight(event)
      this.#head += 1
    }
    if (this.#head > 4_096 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head)
      this.#firstOrdinal += this.#head
      this.#head = 0
    }
  }
}
