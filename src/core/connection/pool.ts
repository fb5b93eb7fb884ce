import { HkqError, messageOf } from '../errors.ts'
import type { MarketEvent, Status, StatusState } from '../market/event.ts'
import { Channel } from '../pipeline/channel.ts'
import type { LineState } from '../pipeline/source.ts'
import type { Feed, FeedOptions } from './feed.ts'
import { Gate } from './gate.ts'
import { untilLeft } from './leaving.ts'
import type { Vendor } from './vendor.ts'

/** A connection that may be made: by whose token, and with how many symbols. */
export interface Line {
  /** The vendor with the token of this connection. */
  readonly vendor: Vendor
  /** Which of the user's tokens, from 1. */
  readonly token: number
}

/** Opens the feed of one line. `which` tells lines apart, from 1; `shared` is the pace of all lines of one token. */
type OpenLine = (line: Line, how: Pick<FeedOptions, 'symbols' | 'signal'> & { shared: Gate; which: number }) => Feed

/**
 * Symbols for each of the fewest lines that carry them, evenly, so that the loss of one costs least.
 * @param capacities how many symbols each line carries
 * @returns a list for each line in use, in the order of the lines; none without symbols
 * @throws HkqError E_USAGE where all lines together carry fewer
 */
export function shareOut(symbols: readonly string[], capacities: readonly number[], name: string): string[][] {
  let lines = 0
  for (let room = 0; room < symbols.length; room += capacities[lines++]!) {
    if (lines < capacities.length) continue
    const limit = `"${symbols.length}" symbols, but ${capacities.length} connections of ${name} carry ${room}`
    throw new HkqError('E_USAGE', `${limit}: ask for fewer, or name a larger plan or another token`)
  }
  const shares: string[][] = Array.from({ length: lines }, () => [])
  let line = 0
  for (const symbol of symbols) {
    while (shares[line]!.length >= capacities[line]!) line = (line + 1) % lines
    shares[line]!.push(symbol)
    line = (line + 1) % lines
  }
  return shares
}

/**
 * One vendor's feed over several connections: more symbols than one may carry. Each connection lives and is lost by itself,
 * and its holes are those of its symbols. It ends when all have ended, and as the last one did; one that fails before is told of.
 * @param lines in the order in which they are used
 * @throws HkqError E_USAGE where the lines carry fewer symbols; while iterated what the last line throws
 */
export function pooled(lines: readonly Line[], options: FeedOptions, openLine: OpenLine): Feed {
  return new Pool(lines, options, openLine)
}

class Pool implements Feed {
  readonly kind = 'live'
  readonly name: string
  readonly clock
  readonly #lines: readonly Line[]
  readonly #options: FeedOptions
  readonly #openLine: OpenLine
  readonly #paces = new Map<number, Gate>()
  readonly #feeds: Feed[] = []
  readonly #held: Set<string>[] = []
  readonly #channel: Channel<MarketEvent>
  readonly #stop = new AbortController()
  #running = 0
  #isRead = false
  #resolve!: () => void
  #drained: (() => void)[] = []

  constructor(lines: readonly Line[], options: FeedOptions, openLine: OpenLine) {
    this.#lines = lines
    this.#options = options
    this.#openLine = openLine
    this.name = lines[0]!.vendor.name
    this.clock = options.clock
    this.#channel = new Channel(options.capacity, () => this.#goOn())
    for (const share of this.#shareOut(options.symbols)) this.#open(share)
  }

  connections(): number {
    return this.#feeds.length
  }

  lines(): readonly LineState[] {
    return this.#feeds.flatMap((feed) => feed.lines?.() ?? [])
  }

  /** Symbols stay with their line; new ones go where there is room, by a further line where there is none. */
  subscribe(symbols: readonly string[]): void {
    this.#shareOut(symbols)
    const wanted = new Set(symbols)
    const changed = new Set<number>()
    for (const [i, held] of this.#held.entries()) {
      for (const symbol of held) if (!wanted.delete(symbol) && held.delete(symbol)) changed.add(i)
    }
    for (const [i, { vendor }] of this.#lines.entries()) {
      const held = this.#held[i] ?? new Set()
      for (const symbol of wanted) {
        if (held.size >= vendor.maxSymbols) break
        held.add(symbol)
        wanted.delete(symbol)
        changed.add(i)
      }
      if (!changed.has(i)) continue
      if (this.#feeds[i]) this.#feeds[i].subscribe([...held])
      else this.#open([...held])
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly MarketEvent[]> {
    this.#isRead = true
    const ended = new Promise<void>((resolve) => {
      this.#resolve = resolve
    })
    if (this.#feeds.length > 1) this.#tell('connecting', this.#plan)
    for (const feed of this.#feeds) void this.#read(feed)
    return untilLeft(this.#channel, ended, this.#stop)
  }

  #shareOut(symbols: readonly string[]): string[][] {
    const capacities = this.#lines.map(({ vendor }) => vendor.maxSymbols)
    const shares = shareOut(symbols, capacities, this.name)
    return shares.length > 0 ? shares : [[]]
  }

  #open(symbols: readonly string[]): void {
    const which = this.#feeds.length
    const line = this.#lines[which]!
    const shared = this.#paces.get(line.token) ?? new Gate(line.vendor.lineGapMs, this.clock)
    this.#paces.set(line.token, shared)
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal])
    const feed = this.#openLine(line, { symbols, signal, shared, which: which + 1 })
    this.#feeds.push(feed)
    this.#held.push(new Set(symbols))
    if (this.#isRead) void this.#read(feed)
  }

  /** Reads one line to its end, no faster than the consumer takes what comes of all. Never rejects. */
  async #read(feed: Feed): Promise<void> {
    this.#running++
    let failure: unknown
    try {
      for await (const events of feed) {
        this.#channel.pushAll(this.#marked(events, feed))
        if (this.#channel.full) await new Promise<void>((resolve) => this.#drained.push(resolve))
      }
    } catch (error) {
      failure = error
    }
    this.#ended(this.#feeds.indexOf(feed), failure)
  }

  /** States of one connection are those of its symbols, unless it is the only one. */
  #marked(events: readonly MarketEvent[], feed: Feed): readonly MarketEvent[] {
    if (this.#feeds.length === 1 || !events.some(isOfConnection)) return events
    const symbols = [...this.#held[this.#feeds.indexOf(feed)]!]
    return events.map((event) => (isOfConnection(event) ? { ...event, symbols } : event))
  }

  #ended(which: number, failure: unknown): void {
    if (--this.#running === 0) {
      if (failure === undefined) this.#channel.close()
      else this.#channel.fail(failure)
      this.#resolve()
    } else if (!this.#options.signal.aborted && !this.#stop.signal.aborted) {
      const why = failure === undefined ? 'the vendor has closed it' : messageOf(failure)
      const symbols = [...this.#held[which]!]
      const detail = `connection ${which + 1} has ended, ${symbols.length} symbols are heard no more: ${why}`
      this.#tell('warning', detail, symbols)
    }
  }

  #goOn(): void {
    const waiting = this.#drained
    this.#drained = []
    for (const resolve of waiting) resolve()
  }

  /** How the symbols are spread, for people. */
  get #plan(): string {
    const shares = this.#held.map((held, i) => `${held.size} by token ${this.#lines[i]!.token}`)
    const symbols = this.#held.reduce((sum, { size }) => sum + size, 0)
    return `${symbols} symbols over ${this.#feeds.length} connections: ${shares.join(', ')}`
  }

  #tell(state: StatusState, detail: string, symbols?: readonly string[]): void {
    const status = { source: this.name, symbol: null, state, timestamp: this.clock.now(), detail }
    this.#channel.push({ type: 'status', ...status, ...(symbols && { symbols }) })
  }
}

function isOfConnection(event: MarketEvent): event is Status {
  return event.type === 'status' && event.symbol === null && (event.state === 'lost' || event.state === 'up')
}
