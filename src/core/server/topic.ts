import type { Gap, Quote, Tick } from '../market/event.ts'
import type { Client } from './client.ts'

/** How a client came to hear the trades of a symbol. */
interface Listening {
  /** Ordinal of the history from which on it has been given them. */
  readonly from: number
  /** Wall clock, epoch ms. */
  readonly since: number
}

/** One symbol: who gets it, and what was said of it last. */
export class Topic {
  readonly trades = new Map<Client, Listening>()
  readonly books = new Map<Client, number>()
  quote: Quote | null = null
  /** Whether the source sends books of this symbol; else they are implied by its trades. */
  hasBooks = false
  #tick: Tick | null = null
  /** Ordinal of the newest trade; -1 before one. */
  #newest = -1
  #wholeFrom = 0
  #isLost = false

  get tick(): Tick | null {
    return this.#tick
  }

  /** Ordinal of the history from which on no trade of this symbol is missing in it. */
  get wholeFrom(): number {
    return this.#wholeFrom
  }

  traded(tick: Tick, ordinal: number): void {
    this.#tick = tick
    this.#newest = ordinal
    this.#isLost = false
  }

  /** What was said so far is followed by a hole, and not given again. @param next ordinal of what comes behind it */
  forget(next: number): void {
    this.#wholeFrom = next
  }

  /** The source has lost this symbol; who got it has been hung up on. */
  lost(next: number): void {
    this.#isLost = true
    this.forget(next)
  }

  /**
   * Who would take a hole for none: those who were given a trade before it, or have listened since before it began. Nobody
   * where the loss was told when it happened.
   * @param opening of the session in which it ends, epoch ms; -Infinity outside
   */
  misledBy({ from }: Pick<Gap, 'from'>, opening: number): Client[] {
    if (this.#isLost) return []
    const began = Math.max(from, opening)
    const misled = [...this.trades].filter((entry) => entry[1].from <= this.#newest || entry[1].since < began)
    return misled.map(([client]) => client)
  }

  /** Who has come since the loss of a symbol that is back now. */
  get awaiting(): readonly [Client, Listening][] {
    return this.#isLost ? [...this.trades] : []
  }
}

/** Every symbol that was published or asked for. */
export class Topics {
  readonly #topics = new Map<string, Topic>()

  of(symbol: string): Topic {
    let topic = this.#topics.get(symbol)
    if (topic === undefined) {
      topic = new Topic()
      this.#topics.set(symbol, topic)
    }
    return topic
  }

  /** Undefined where nobody has named the symbol yet. */
  known(symbol: string): Topic | undefined {
    return this.#topics.get(symbol)
  }

  all(): readonly Topic[] {
    return [...this.#topics.values()]
  }
}
