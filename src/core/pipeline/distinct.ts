import { type Batches, isAstray, type MarketEvent, type Tick } from '../market/event.ts'
import { place } from '../market/place.ts'
import { MINUTE } from '../market/time.ts'

/** What is older than the newest trade by this may be forgotten: more than a relay or a reconnect repeats. */
const HORIZON = 10 * MINUTE
/** More than usually comes in ten minutes, and at the most some 200 MB. */
const MOST = 400_000

/** How much is remembered. */
export interface Memory {
  /** Event time, ms: at least this much, and at most twice as much. */
  horizon?: number
  /** Records after which less is remembered, however fast they came. */
  most?: number
}
/** Trades of one symbol in its newest millisecond that are kept however old they get. */
const KEPT = 100

/**
 * The records that were not there before, by identity (symbol, timestamp, seq, source) as a store has it: the same
 * identity with another price or volume is another trade and takes the next free seq. Remembers some minutes of event
 * time (ten by default), and the newest trade of each symbol however old it is: a vendor sends it again at every reconnect.
 */
export class Distinct {
  #recent = new Map<string, string>()
  #before = new Map<string, string>()
  #end = Number.NEGATIVE_INFINITY
  readonly #newest = new Map<string, { timestamp: number; keys: string[] }>()
  readonly #horizon: number
  readonly #most: number

  constructor({ horizon = HORIZON, most = MOST }: Memory = {}) {
    this.#horizon = horizon
    this.#most = most
  }

  /** The batch without what has been taken already; the batch itself where that is nothing. */
  take(batch: readonly MarketEvent[]): readonly MarketEvent[] {
    let out: MarketEvent[] | undefined
    for (let i = 0; i < batch.length; i++) {
      const event = batch[i]!
      const kept = this.#admitted(event)
      if (kept !== event) out ??= batch.slice(0, i)
      if (kept !== null) out?.push(kept)
    }
    return out ?? batch
  }

  /** Time of the newest trade of a symbol, epoch ms; undefined before one. */
  newest(symbol: string): number | undefined {
    return this.#newest.get(symbol)?.timestamp
  }

  /** The event under the number it has its place at, null where it is there already. */
  #admitted(event: MarketEvent): MarketEvent | null {
    switch (event.type) {
      case 'tick':
        return this.#tick(event)
      case 'quote':
        return this.#isNew(`quote ${event.symbol} ${event.timestamp} ${event.source} ${event.seq}`, '') ? event : null
      case 'gap':
        return this.#isNew(`gap ${event.symbol} ${event.from} ${event.to} ${event.source}`, '') ? event : null
      default:
        return event
    }
  }

  #tick(tick: Tick): Tick | null {
    const content = `${tick.last_price} ${tick.volume}`
    const stem = `${tick.symbol} ${tick.timestamp} ${tick.source} `
    const seq = place(
      tick.seq,
      (free) => this.#isNew(stem + free, content),
      (taken) => this.#contentOf(stem + taken) === content,
    )
    if (seq === null) return null
    if (!isAstray(tick)) this.#follow(tick, stem + seq)
    return seq === tick.seq ? tick : { ...tick, seq }
  }

  #isNew(key: string, content: string): boolean {
    if (this.#contentOf(key) !== undefined) return false
    this.#recent.set(key, content)
    if (this.#recent.size >= this.#most) this.#turn()
    return true
  }

  #contentOf(key: string): string | undefined {
    return this.#recent.get(key) ?? this.#before.get(key)
  }

  #follow({ symbol, timestamp }: Tick, key: string): void {
    const newest = this.#newest.get(symbol)
    if (newest === undefined || timestamp > newest.timestamp) this.#newest.set(symbol, { timestamp, keys: [key] })
    else if (timestamp === newest.timestamp && newest.keys.push(key) > KEPT) newest.keys.shift()
    if (timestamp < this.#end) return
    if (this.#recent.size > 0) this.#turn()
    this.#end = timestamp + this.#horizon
  }

  /** Begins a new generation; the newest trades go with it. */
  #turn(): void {
    const recent = new Map<string, string>()
    for (const { keys } of this.#newest.values()) for (const key of keys) recent.set(key, this.#contentOf(key)!)
    this.#before = this.#recent
    this.#recent = recent
  }
}

/** The events of a stream that may repeat itself, each once. */
export async function* distinct(
  events: Batches,
  seen: Distinct = new Distinct(),
): AsyncGenerator<readonly MarketEvent[]> {
  for await (const batch of events) {
    const fresh = seen.take(batch)
    if (fresh.length > 0) yield fresh
  }
}
