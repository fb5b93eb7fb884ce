import type { Clock } from '../../src/core/clock.ts'

/** A trade of the tape: the `number`-th of its symbol, counted from 1. */
export interface Numbered {
  readonly symbol: string
  readonly number: number
  /** Exchange time, epoch ms. */
  readonly time: number
}

/** Every 97th number of a symbol costs nothing: no trade, and so to be quarantined. */
export function isTrade(number: number): boolean {
  return number % 97 !== 0
}

/** Price of the trade of that number, another one than its neighbours have. */
export function priceOf(number: number): number {
  return isTrade(number) ? 600 + (2 * (scattered(number) & 3) + (number & 1)) / 5 : 0
}

/** Shares of the trade of that number. */
export function volumeOf(number: number): number {
  return (1 + ((scattered(number) >>> 2) & 15)) * 100
}

/** 32 bits that follow no pattern (MurmurHash3's last step): no two stretches of a market are alike. */
function scattered(number: number): number {
  let bits = number
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** Longest time between two looks at what is due, ms. */
const BEAT = 5

/**
 * A market that numbers its trades, symbol by symbol, and never forgets one: what was ever published is known by number
 * and time, whoever heard it. It runs on while nobody listens, as a market does.
 */
export class Tape {
  readonly symbols: readonly string[]
  readonly #times: ReadonlyMap<string, number[]>
  readonly #listeners = new Set<(trades: readonly Numbered[]) => void>()

  constructor(symbols: readonly string[]) {
    this.symbols = symbols
    this.#times = new Map(symbols.map((symbol) => [symbol, []]))
  }

  /** Exchange times of the trades of one symbol: number n at index n - 1, never falling. */
  times(symbol: string): readonly number[] {
    return this.#times.get(symbol)!
  }

  get published(): number {
    return [...this.#times.values()].reduce((sum, times) => sum + times.length, 0)
  }

  /** Hears all that is published from now on. */
  listen(listener: (trades: readonly Numbered[]) => void): void {
    this.#listeners.add(listener)
  }

  /** Publishes the next trade of each symbol, in the given order, at exchange time `time`. */
  publish(time: number, symbols: readonly string[] = this.symbols): void {
    this.#tell(symbols.map((symbol) => this.#next(symbol, time)))
  }

  /** Publishes once more at `time`, until the last number of every symbol is a trade that can be. */
  end(time: number): void {
    do this.publish(time)
    while (!this.symbols.every((symbol) => isTrade(this.times(symbol).length)))
  }

  /** Trades all symbols in turn, two trades of one in the same millisecond, `perSecond` together, until `signal` ends it. */
  async run(clock: Clock, perSecond: number, signal: AbortSignal): Promise<void> {
    const start = clock.now()
    const begun = clock.monotonic()
    for (let count = 0; !signal.aborted; ) {
      const due: Numbered[] = []
      for (const elapsed = clock.monotonic() - begun; (count * 1_000) / perSecond <= elapsed; count++) {
        const pair = count >> 1
        const symbol = this.symbols[pair % this.symbols.length]!
        due.push(this.#next(symbol, Math.floor(start + (pair * 2_000) / perSecond)))
      }
      if (due.length > 0) this.#tell(due)
      await clock.sleep(BEAT, signal)
    }
  }

  #next(symbol: string, time: number): Numbered {
    const times = this.#times.get(symbol)!
    return { symbol, time, number: times.push(time) }
  }

  #tell(trades: readonly Numbered[]): void {
    for (const listener of this.#listeners) listener(trades)
  }
}
