import { isLeftOut, leftOutOf, merge, minuteOf, type Summary, summaryOf } from '../../src/core/bars/summary.ts'
import type { Completeness } from '../../src/core/market/completeness.ts'
import {
  byTimeAndSeq,
  type Coverage,
  type Gap,
  isAstray,
  MAX_SEQ,
  type MarketEvent,
  type Quote,
  type Rejected,
  type Seq,
  type Tick,
} from '../../src/core/market/event.ts'
import type { Instrument } from '../../src/core/market/instrument.ts'
import { place } from '../../src/core/market/place.ts'
import type { Metric } from '../../src/core/monitor/metrics.ts'
import type { Checkpoint, Query, Written } from '../../src/core/pipeline/source.ts'
import { columnsOf, type TickColumns } from '../../src/core/storage/columns.ts'
import type { ColumnChoice, Span, Store } from '../../src/core/storage/store.ts'

/** What is committed: it outlives every store opened on it, as a disk outlives the programs that write it. */
export class Disk {
  readonly ticks = new Map<string, Tick>()
  readonly quotes = new Map<string, Quote>()
  readonly gaps = new Map<string, Gap>()
  readonly rejected = new Map<string, Rejected>()
  readonly checkpoints = new Map<string, Checkpoint>()
  readonly instruments = new Map<string, Instrument>()
  readonly filled = new Map<string, Summary>()
  readonly compared = new Map<string, Completeness>()
  readonly metrics = new Map<string, Metric>()
}

/** The contract of a store in plain maps: the model that the simulation, and any store under test, is compared with. */
export class MemoryStore implements Store {
  readonly #disk: Disk
  readonly #now: () => number

  constructor(disk = new Disk(), now: () => number = () => 0) {
    this.#disk = disk
    this.#now = now
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    return this.commit(batch)
  }

  async putMetrics(rows: readonly Metric[], since: number): Promise<boolean> {
    const { metrics } = this.#disk
    for (const [key, { time }] of metrics) if (time < since) metrics.delete(key)
    for (const row of rows) metrics.set(`${row.time} ${row.name}`, row)
    return true
  }

  async *metrics({ since = -Infinity, until = Infinity }: Span): AsyncGenerator<Metric[]> {
    const rows = [...this.#disk.metrics.values()].filter(({ time }) => time >= since && time < until)
    if (rows.length > 0) yield rows.sort((a, b) => a.time - b.time || (a.name < b.name ? -1 : 1))
  }

  /** Stores the batch whole or, where it throws, nothing of it. */
  commit(batch: readonly MarketEvent[]): Written {
    for (const event of batch) if (event.type === 'tick') checkTypes(event)
    let received = 0
    let stored = 0
    for (const event of batch) {
      if (event.type === 'tick' && isStorable(event)) {
        received++
        if (this.#tick(event)) stored++
      } else this.#other(event)
    }
    return { stored, duplicates: received - stored }
  }

  async *read({
    types = ['tick', 'quote', 'gap'],
    ...query
  }: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }) {
    const { ticks, quotes } = this.#disk
    const events = [
      ...(types.includes('tick') ? within(ticks.values(), query) : []),
      ...(types.includes('quote') ? within(quotes.values(), query) : []),
      ...(types.includes('gap') ? this.#gaps(query) : []),
    ].sort(inOrder)
    if (events.length > 0) yield events
  }

  async *ticks(symbol: string, span: Span): AsyncGenerator<Tick[]> {
    const ticks = this.#ticks(symbol, span)
    if (ticks.length > 0) yield ticks
  }

  #ticks(symbol: string, span: Span): Tick[] {
    return within(this.#disk.ticks.values(), { ...span, symbols: [symbol] }).sort(byTimeAndSeq)
  }

  async *columns(symbol: string, { book, ...span }: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    for await (const ticks of this.ticks(symbol, span)) yield columnsOf(ticks, book)
  }

  async *minutes(symbol: string, { since = -Infinity, until = Infinity }: Span): AsyncGenerator<Summary[]> {
    const minutes = new Map<number, Summary>()
    for (const tick of this.#ticks(symbol, {})) {
      const start = minuteOf(tick.timestamp)
      const one = isLeftOut(tick) ? leftOutOf(tick, start) : summaryOf(tick, start)
      const before = minutes.get(start)
      minutes.set(start, before ? merge(before, one) : one)
    }
    for (const vendors of this.#disk.filled.values())
      if (vendors.symbol === symbol)
        minutes.set(vendors.start, { ...vendors, left_out: minutes.get(vendors.start)?.left_out ?? 0 })
    const wanted = [...minutes.values()]
      .sort((a, b) => a.start - b.start)
      .filter(({ start }) => start >= since && start < until)
    if (wanted.length > 0) yield wanted
  }

  async gaps(query: Query): Promise<readonly Gap[]> {
    return this.#gaps(query)
  }

  #gaps({ symbols, since = -Infinity, until = Infinity }: Query): readonly Gap[] {
    return [...this.#disk.gaps.values()]
      .filter(({ symbol }) => symbol === null || !symbols || symbols.includes(symbol))
      .filter(({ from, to }) => to >= since && from < until)
      .sort((a, b) => a.from - b.from)
  }

  async *rejected(): AsyncGenerator<Rejected[]> {
    yield [...this.#disk.rejected.values()]
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return this.reached()
  }

  /** What `checkpoints` gives, at once. */
  reached(): readonly Checkpoint[] {
    const key = ({ source, symbol }: Checkpoint): string => `${source} ${symbol}`
    return [...this.#disk.checkpoints.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  }

  async symbols(): Promise<readonly string[]> {
    const { ticks, filled } = this.#disk
    return [...new Set([...ticks.values(), ...filled.values()].map(({ symbol }) => symbol))].sort()
  }

  async instruments(): Promise<readonly Instrument[]> {
    const newest = new Map<string, Instrument>()
    for (const row of this.#disk.instruments.values()) {
      const known = newest.get(row.symbol)
      if (known === undefined || row.date >= known.date) newest.set(row.symbol, row)
    }
    return [...newest.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    for (const row of rows) this.#disk.instruments.set(`${row.symbol} ${row.date} ${row.vendor}`, row)
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    for (const { open } of minutes) if (typeof open !== 'number') throw new TypeError('open is no number')
    for (const minute of minutes) this.#disk.filled.set(`${minute.symbol} ${minute.start}`, minute)
    for (const gap of gaps) this.#gap({ ...gap, filled_by: 'backfill' })
  }

  async completeness(symbol: string): Promise<readonly Completeness[]> {
    return [...this.#disk.compared.values()].filter((row) => row.symbol === symbol)
  }

  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    for (const row of rows) this.#disk.compared.set(`${row.symbol} ${row.date} ${row.vendor}`, row)
  }

  async integrity(): Promise<readonly string[]> {
    return []
  }

  async close(): Promise<void> {}

  /** Whether the trade was not there yet. */
  #tick(tick: Tick): boolean {
    const isSame = (a: Tick): boolean => a.last_price === tick.last_price && a.volume === tick.volume
    const seq = put(this.#disk.ticks, tick, isSame)
    if (seq === null) return false
    if (!isAstray(tick)) this.#reached({ ...tick, seq })
    return true
  }

  #other(event: MarketEvent): void {
    const { quotes, rejected } = this.#disk
    if (event.type === 'tick' || (event.type === 'quote' && !isStorableKey(event))) {
      const { source, symbol, timestamp, received_at } = event
      const raw = JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? String(value) : value))
      this.#other({ type: 'rejected', source, symbol, timestamp, reason: 'malformed', raw, received_at })
    } else if (event.type === 'quote') {
      const levels = ({ bids, asks }: Quote): string => JSON.stringify([bids, asks])
      put(quotes, event, (stored) => levels(stored) === levels(event))
    } else if (event.type === 'gap') {
      this.#gap(event.filled_by === 'backfill' ? { ...event, filled_by: null } : event)
    } else if (event.type === 'rejected') {
      const key = JSON.stringify([event.source, event.symbol, event.timestamp, event.reason, event.raw])
      if (!rejected.has(key)) rejected.set(key, event)
    } else if (event.type === 'coverage') this.#heard(event)
  }

  #gap(gap: Gap): void {
    const { gaps } = this.#disk
    const key = `${gap.source} ${gap.symbol} ${gap.from} ${gap.to} ${gap.cause}`
    const { volume = null, filled_by = null } = gaps.get(key) ?? {}
    gaps.set(key, { ...gap, volume: gap.volume ?? volume, filled_by: gap.filled_by ?? filled_by })
  }

  #reached({ source, symbol, timestamp, seq }: Tick): void {
    const before = this.#checkpoint(source, symbol)
    const known = before.timestamp === null ? null : { timestamp: before.timestamp, seq: before.seq! }
    if (known !== null && byTimeAndSeq({ timestamp, seq }, known) <= 0) return
    this.#disk.checkpoints.set(`${source} ${symbol}`, { ...before, timestamp, seq, committed_at: this.#now() })
  }

  #heard({ source, symbols, timestamp }: Coverage): void {
    for (const symbol of symbols) {
      const before = this.#checkpoint(source, symbol)
      const covered_until = Math.floor(timestamp)
      if (before.covered_until !== null && before.covered_until >= covered_until) continue
      this.#disk.checkpoints.set(`${source} ${symbol}`, { ...before, covered_until, committed_at: this.#now() })
    }
  }

  #checkpoint(source: string, symbol: string): Checkpoint {
    const known = this.#disk.checkpoints.get(`${source} ${symbol}`)
    return known ?? { source, symbol, timestamp: null, seq: null, committed_at: 0, covered_until: null }
  }
}

/** Puts a record under its own number or the next free one: the number, null where it was there already. */
function put<R extends Tick | Quote>(shelf: Map<string, R>, record: R, isSame: (stored: R) => boolean): Seq | null {
  const { symbol, timestamp, source } = record
  const key = (seq: Seq): string => `${symbol} ${timestamp} ${seq} ${source}`
  const insert = (seq: Seq): boolean => {
    if (shelf.has(key(seq))) return false
    shelf.set(key(seq), { ...record, seq })
    return true
  }
  return place(record.seq, insert, (seq) => isSame(shelf.get(key(seq))!))
}

/** A value of a type that no column holds fails the write. */
function checkTypes({ trade_type }: Tick): void {
  if (trade_type !== null && typeof trade_type !== 'string') throw new TypeError('trade_type is no text')
}

function isStorable(tick: Tick): boolean {
  const { last_price, volume, bid_size, ask_size } = tick
  const sizes = [volume, bid_size, ask_size].every((size) => size === null || Number.isSafeInteger(size))
  return sizes && Number.isFinite(last_price) && isStorableKey(tick)
}

function isStorableKey({ timestamp, seq }: Tick | Quote): boolean {
  if (!Number.isSafeInteger(timestamp)) return false
  return typeof seq === 'number' ? Number.isSafeInteger(seq) : seq <= MAX_SEQ && seq >= -MAX_SEQ
}

function within<R extends Tick | Quote>(records: Iterable<R>, query: Query): R[] {
  const { symbols, since = -Infinity, until = Infinity } = query
  return [...records]
    .filter(
      ({ symbol, timestamp }) => (!symbols || symbols.includes(symbol)) && timestamp >= since && timestamp < until,
    )
    .sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
}

/** By time, then number; a gap behind the ticks of its `from`. */
function inOrder(a: Tick | Quote | Gap, b: Tick | Quote | Gap): number {
  if (a.type === 'gap') return b.type === 'gap' ? a.from - b.from : a.from - b.timestamp || 1
  if (b.type === 'gap') return a.timestamp - b.from || -1
  return byTimeAndSeq(a, b)
}
