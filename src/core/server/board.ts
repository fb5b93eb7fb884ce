import type { Clock } from '../clock.ts'
import { type Gap, lacksTrades, type MarketEvent, type Quote, type Tick } from '../market/event.ts'
import type { Client } from './client.ts'
import { type Dialect, WIRES } from './dialect.ts'
import { textFrame } from './frame.ts'
import { History } from './history.ts'
import { impliedQuote } from './implied-quote.ts'
import { Losses, type LossesOptions } from './losses.ts'
import type { MinuteBars } from './minute-bars.ts'
import { Readiness } from './readiness.ts'
import { Topics } from './topic.ts'
import { Wanted } from './wanted.ts'

/** Events between two looks at the buffers when paced. */
const SLICE = 1_024

export interface BoardOptions extends LossesOptions {
  readonly clock: Clock
  readonly historyMs: number
  readonly paced: boolean
  /** A paced publisher waits this long for the second kind of subscription of a client that has made one. */
  readonly settleMs: number
  readonly bars: MinuteBars | null
  /** The source brings what is wanted, and `always`; undefined where it brings the same whoever wants it. */
  readonly onWanted: ((symbols: ReadonlySet<string>) => void) | undefined
  readonly onRefused: (error: unknown) => void
  readonly always: ReadonlySet<string>
}

/**
 * Who wants what, and the way of an event to them. Subscribing sends the history of what is new to the client and goes
 * over to live in one step, so that nothing is missing or doubled between the two.
 */
export class Board {
  readonly #options: BoardOptions
  readonly #topics = new Topics()
  readonly #subscribers = new Set<Client>()
  readonly #wanted: Wanted
  readonly #history: History
  readonly #readiness: Readiness
  readonly #losses: Losses

  constructor(options: BoardOptions) {
    this.#options = options
    this.#history = new History(options.historyMs)
    const { clock, settleMs, onWanted, onRefused, always } = options
    this.#losses = new Losses(this.#topics, this.#subscribers, options)
    this.#readiness = new Readiness(this.#subscribers, clock, settleMs)
    const onDropped = (symbol: string): void => {
      if (!always.has(symbol)) this.#topics.of(symbol).forget(this.#history.next)
    }
    this.#wanted = new Wanted({ clock, onWanted, onRefused, onDropped })
  }

  /** Union of what clients subscribe. */
  get wanted(): ReadonlySet<string> {
    return this.#wanted.asked
  }

  /** Time has passed: the source need not bring what was left long enough ago. */
  expire(): void {
    this.#wanted.expire()
  }

  /** Whether the one live feed behind the source has no connection: nobody is told that it has. */
  get isLost(): boolean {
    return this.#losses.isLost
  }

  lastTick(symbol: string): Tick | null {
    return this.#topics.known(symbol)?.tick ?? null
  }

  lastQuote(symbol: string): Quote | null {
    return this.#topics.known(symbol)?.quote ?? null
  }

  /** Replaces the trades a client gets. */
  subscribeTrades(client: Client, symbols: ReadonlySet<string>): void {
    for (const symbol of client.trades) {
      if (symbols.has(symbol)) continue
      this.#topics.of(symbol).trades.delete(client)
      client.leftTrades.set(symbol, this.#history.next)
    }
    const added = new Map<string, number>()
    for (const symbol of symbols) {
      if (client.trades.has(symbol)) continue
      const topic = this.#topics.of(symbol)
      const from = Math.max(client.leftTrades.get(symbol) ?? 0, topic.wholeFrom)
      topic.trades.set(client, { from, since: this.#options.clock.now() })
      added.set(symbol, from)
    }
    client.trades = symbols
    this.#replay(client, 'tick', added)
    this.#subscriptionChanged(client)
  }

  /** Replaces the books a client gets: symbol and number of levels. */
  subscribeBooks(client: Client, levels: ReadonlyMap<string, number>): void {
    for (const symbol of client.books.keys()) {
      if (levels.has(symbol)) continue
      this.#topics.of(symbol).books.delete(client)
      client.leftBooks.set(symbol, this.#history.next)
    }
    const added = new Map<string, number>()
    for (const [symbol, depth] of levels) {
      this.#topics.of(symbol).books.set(client, depth)
      if (!client.books.has(symbol)) added.set(symbol, client.leftBooks.get(symbol) ?? 0)
    }
    client.books = levels
    this.#replay(client, 'quote', added)
    this.#subscriptionChanged(client)
  }

  /** Forgets a client that has gone. */
  remove(client: Client): void {
    for (const symbol of client.trades) this.#topics.of(symbol).trades.delete(client)
    for (const symbol of client.books.keys()) this.#topics.of(symbol).books.delete(client)
    client.trades = new Set()
    client.books = new Map()
    this.#subscriptionChanged(client)
  }

  /** Sends trades and books to who wants them; other events are not of this protocol. */
  async publish(batch: readonly MarketEvent[]): Promise<void> {
    for (let from = 0; from < batch.length; from += SLICE) {
      if (this.#options.paced) await this.#readiness.wait()
      if (this.#readiness.isClosed) return
      for (const event of batch.slice(from, from + SLICE)) {
        if (event.type === 'tick') this.#tick(event)
        else if (event.type === 'quote') this.#quote(event, true)
        else if (event.type === 'gap' && lacksTrades(event)) this.#gap(event)
        else if (event.type === 'status') this.#losses.status(event, this.#history.next)
      }
      for (const client of this.#subscribers) client.flush()
    }
  }

  /** A client's buffer has drained, or it has gone: a paced publisher looks again. */
  wake(): void {
    this.#readiness.wake()
  }

  /** Publishing ends, a waiting publisher included. */
  close(): void {
    this.#readiness.close()
  }

  #tick(tick: Tick): void {
    const topic = this.#topics.of(tick.symbol)
    if (!topic.hasBooks) {
      const implied = impliedQuote(tick, topic.quote)
      if (implied) this.#quote(implied, false)
    }
    topic.traded(tick, this.#history.next)
    this.#options.bars?.add(tick)
    this.#history.add(tick)
    if (topic.trades.size === 0) return
    const frames: Partial<Record<Dialect, string>> = {}
    for (const client of topic.trades.keys()) {
      frames[client.dialect] ??= textFrame(WIRES[client.dialect].trade(tick))
      client.push(frames[client.dialect]!)
    }
  }

  #gap(gap: Gap): void {
    this.#options.bars?.forget(gap)
    this.#losses.gap(gap, this.#history.next)
  }

  #quote(quote: Quote, own: boolean): void {
    const topic = this.#topics.of(quote.symbol)
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
    this.#wanted.replace(union)
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
