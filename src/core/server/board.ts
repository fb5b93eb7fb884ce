import type { Clock } from '../clock.ts'
import { type Gap, lacksTrades, type MarketEvent, type Quote, type Status, type Tick } from '../market/event.ts'
import type { Client } from './client.ts'
import { type Dialect, WIRES } from './dialect.ts'
import { textFrame } from './frame.ts'
import { History } from './history.ts'
import { impliedQuote } from './implied-quote.ts'
import type { MinuteBars } from './minute-bars.ts'
import type { HangUp } from './options.ts'

/** Events between two looks at the buffers when paced. */
const SLICE = 1_024
/** Bytes waiting at a client that hold a paced publisher back. */
const HIGH_WATER = 1 << 20

/** One symbol: who gets it, and what was said of it last. */
interface Topic {
  readonly trades: Set<Client>
  readonly books: Map<Client, number>
  tick: Tick | null
  quote: Quote | null
  /** Whether the source sends books of this symbol; else they are implied by its trades. */
  hasBooks: boolean
  /** Ordinal of the history from which on no trade of this symbol is missing in it, and whether there was one since. */
  wholeFrom: number
  hasTrades: boolean
}

export interface BoardOptions {
  readonly clock: Clock
  readonly historyMs: number
  readonly paced: boolean
  /** A paced publisher waits this long for the second kind of subscription of a client that has made one. */
  readonly settleMs: number
  readonly bars: MinuteBars | null
  /** The source brings what is wanted, and `always`; undefined where it brings the same whoever wants it. */
  readonly onWanted: ((symbols: ReadonlySet<string>) => void) | undefined
  readonly always: ReadonlySet<string>
  readonly hangsUpFor: () => HangUp
}

/** RFC 6455's registry: the service begins again, come back. */
const BEGINS_AGAIN = 1012

/**
 * Who wants what, and the way of an event to them. Subscribing sends the history of what is new to the client and goes
 * over to live in one step, so that nothing is missing or doubled between the two. The protocols have no word for missing
 * trades but a lost connection: where a live source lacks some, or is lost itself, those who get them are hung up on, and
 * nothing from before is given again, which would look as if nothing were missing.
 */
export class Board {
  readonly #options: BoardOptions
  readonly #topics = new Map<string, Topic>()
  readonly #subscribers = new Set<Client>()
  readonly #wanted = new Set<string>()
  readonly #history: History
  readonly #closed = new AbortController()
  #isLost = false
  #changed: (() => void)[] = []

  constructor(options: BoardOptions) {
    this.#options = options
    this.#history = new History(options.historyMs)
  }

  /** Union of what clients subscribe. */
  get wanted(): ReadonlySet<string> {
    return this.#wanted
  }

  /** Whether the one live feed behind the source has no connection: nobody is told that it has. */
  get isLost(): boolean {
    return this.#isLost
  }

  lastTick(symbol: string): Tick | null {
    return this.#topics.get(symbol)?.tick ?? null
  }

  lastQuote(symbol: string): Quote | null {
    return this.#topics.get(symbol)?.quote ?? null
  }

  /** Replaces the trades a client gets. */
  subscribeTrades(client: Client, symbols: ReadonlySet<string>): void {
    for (const symbol of client.trades) {
      if (symbols.has(symbol)) continue
      this.#topic(symbol).trades.delete(client)
      client.leftTrades.set(symbol, this.#history.next)
    }
    const added = new Map<string, number>()
    for (const symbol of symbols) {
      if (client.trades.has(symbol)) continue
      const topic = this.#topic(symbol)
      topic.trades.add(client)
      added.set(symbol, Math.max(client.leftTrades.get(symbol) ?? 0, topic.wholeFrom))
    }
    client.trades = symbols
    this.#replay(client, 'tick', added)
    this.#subscriptionChanged(client)
  }

  /** Replaces the books a client gets: symbol and number of levels. */
  subscribeBooks(client: Client, levels: ReadonlyMap<string, number>): void {
    for (const symbol of client.books.keys()) {
      if (levels.has(symbol)) continue
      this.#topic(symbol).books.delete(client)
      client.leftBooks.set(symbol, this.#history.next)
    }
    const added = new Map<string, number>()
    for (const [symbol, depth] of levels) {
      this.#topic(symbol).books.set(client, depth)
      if (!client.books.has(symbol)) added.set(symbol, client.leftBooks.get(symbol) ?? 0)
    }
    client.books = levels
    this.#replay(client, 'quote', added)
    this.#subscriptionChanged(client)
  }

  /** Forgets a client that has gone. */
  remove(client: Client): void {
    for (const symbol of client.trades) this.#topic(symbol).trades.delete(client)
    for (const symbol of client.books.keys()) this.#topic(symbol).books.delete(client)
    client.trades = new Set()
    client.books = new Map()
    this.#subscriptionChanged(client)
  }

  /** Sends trades and books to who wants them; other events are not of this protocol. */
  async publish(batch: readonly MarketEvent[]): Promise<void> {
    for (let from = 0; from < batch.length; from += SLICE) {
      if (this.#options.paced) await this.#ready()
      if (this.#closed.signal.aborted) return
      for (const event of batch.slice(from, from + SLICE)) {
        if (event.type === 'tick') this.#tick(event)
        else if (event.type === 'quote') this.#quote(event, true)
        else if (event.type === 'gap' && lacksTrades(event)) this.#gap(event)
        else if (event.type === 'status') this.#status(event)
      }
      for (const client of this.#subscribers) client.flush()
    }
  }

  /** A client's buffer has drained, or it has gone: a paced publisher looks again. */
  wake(): void {
    const waiting = this.#changed
    this.#changed = []
    for (const resolve of waiting) resolve()
  }

  /** Publishing ends, a waiting publisher included. */
  close(): void {
    this.#closed.abort()
    this.wake()
  }

  #tick(tick: Tick): void {
    const topic = this.#topic(tick.symbol)
    if (!topic.hasBooks) {
      const implied = impliedQuote(tick, topic.quote)
      if (implied) this.#quote(implied, false)
    }
    topic.tick = tick
    topic.hasTrades = true
    this.#options.bars?.add(tick)
    this.#history.add(tick)
    if (topic.trades.size === 0) return
    const frames: Partial<Record<Dialect, string>> = {}
    for (const client of topic.trades) {
      frames[client.dialect] ??= textFrame(WIRES[client.dialect].trade(tick))
      client.push(frames[client.dialect]!)
    }
  }

  #status({ state }: Status): void {
    if (this.#options.hangsUpFor() !== 'losses' || (state !== 'lost' && state !== 'up')) return
    this.#isLost = state === 'lost'
    if (!this.#isLost) return
    for (const topic of this.#topics.values()) this.#forget(topic)
    this.#hangUp(this.#subscribers, 'the source is lost')
  }

  #gap(gap: Gap): void {
    this.#options.bars?.forget(gap)
    if (this.#options.hangsUpFor() === 'nothing') return
    const misled = new Set<Client>()
    for (const symbol of gap.symbol === null ? this.#topics.keys() : [gap.symbol]) {
      const topic = this.#topic(symbol)
      if (topic.hasTrades) for (const client of topic.trades) misled.add(client)
      this.#forget(topic)
    }
    this.#hangUp(misled, 'the source lacks trades')
  }

  #hangUp(clients: Iterable<Client>, reason: string): void {
    for (const client of clients) client.close(BEGINS_AGAIN, reason)
  }

  /** What was said of a symbol so far is followed by a hole. */
  #forget(topic: Topic): void {
    topic.wholeFrom = this.#history.next
    topic.hasTrades = false
  }

  #quote(quote: Quote, own: boolean): void {
    const topic = this.#topic(quote.symbol)
    topic.hasBooks ||= own
    topic.quote = quote
    this.#history.add(quote)
    if (topic.books.size === 0) return
    const frames: Partial<Record<Dialect, string[]>> = {}
    for (const [client, depth] of topic.books) {
      frames[client.dialect] ??= []
      const byDepth = frames[client.dialect]!
      byDepth[depth] ??= textFrame(WIRES[client.dialect].book(quote, depth))
      client.push(byDepth[depth])
    }
  }

  /** @param added symbols with the ordinal from which the client lacks them */
  #replay(client: Client, type: 'tick' | 'quote', added: ReadonlyMap<string, number>): void {
    if (added.size === 0) return
    const lacks = (event: Tick | Quote, ordinal: number): boolean =>
      event.type === type && ordinal >= (added.get(event.symbol) ?? Number.POSITIVE_INFINITY)
    const past = this.#history.since(Math.min(...added.values()), lacks)
    if (past.length > 0) client.replay(framesOf(past, client.dialect, client.books))
  }

  #subscriptionChanged(client: Client): void {
    if (client.subscribed) {
      client.subscribedAt ??= this.#options.clock.monotonic()
      this.#subscribers.add(client)
    } else this.#subscribers.delete(client)
    const union = new Set<string>()
    for (const { trades, books } of this.#subscribers) {
      for (const symbol of trades) union.add(symbol)
      for (const symbol of books.keys()) union.add(symbol)
    }
    this.wake()
    if (union.size === this.#wanted.size && [...union].every((symbol) => this.#wanted.has(symbol))) return
    const { onWanted, always } = this.#options
    for (const symbol of this.#wanted) {
      if (onWanted && !union.has(symbol) && !always.has(symbol)) this.#forget(this.#topic(symbol))
    }
    this.#wanted.clear()
    for (const symbol of union) this.#wanted.add(symbol)
    onWanted?.(union)
  }

  /** Resolves when somebody listens, has said what it wants, and keeps up; or when the board closes. */
  async #ready(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      const unsettled = this.#unsettledMs()
      if (this.#subscribers.size > 0 && unsettled <= 0 && !this.#crowded()) return
      const changed = new Promise<void>((resolve) => this.#changed.push(resolve))
      const waited = new AbortController()
      if (unsettled > 0) {
        void this.#options.clock.sleep(unsettled, waited.signal).then(() => {
          // what ended this wait early must not end the next
          if (!waited.signal.aborted) this.wake()
        })
      }
      await changed
      waited.abort()
    }
  }

  #crowded(): boolean {
    for (const client of this.#subscribers) if (client.waiting > HIGH_WATER) return true
    return false
  }

  #unsettledMs(): number {
    const now = this.#options.clock.monotonic()
    let longest = 0
    for (const client of this.#subscribers) {
      const isSettled = client.trades.size > 0 && client.books.size > 0
      if (isSettled || !WIRES[client.dialect].twoKinds) continue
      longest = Math.max(longest, client.subscribedAt! + this.#options.settleMs - now)
    }
    return longest
  }

  #topic(symbol: string): Topic {
    let topic = this.#topics.get(symbol)
    if (topic === undefined) {
      topic = {
        ...{ trades: new Set(), books: new Map(), tick: null, quote: null },
        ...{ hasBooks: false, wholeFrom: 0, hasTrades: false },
      }
      this.#topics.set(symbol, topic)
    }
    return topic
  }
}

function* framesOf(
  events: readonly (Tick | Quote)[],
  dialect: Dialect,
  depths: ReadonlyMap<string, number>,
): Generator<string> {
  for (const event of events) {
    const wire = WIRES[dialect]
    yield textFrame(event.type === 'quote' ? wire.book(event, depths.get(event.symbol)!) : wire.trade(event))
  }
}
