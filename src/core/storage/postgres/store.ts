import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Batches, Gap, MarketEvent, Rejected, Tick } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Metric } from '../../monitor/metrics.ts'
import type { Checkpoint, Query, Written } from '../../pipeline/source.ts'
import type { TickColumns } from '../columns.ts'
import { sorted } from '../sorted.ts'
import type { ColumnChoice, Span, Store } from '../store.ts'
import type { Ask, Connection } from './connection.ts'
import { Dictionary, type Names } from './dictionary.ts'
import { findings } from './integrity.ts'
import { inPlaceOf, minutesOf, putMinutes, withTicks } from './minutes.ts'
import { placeAll } from './place-all.ts'
import { readAcross } from './read-across.ts'
import {
  readCheckpoints,
  readCompleteness,
  readGaps,
  readInstruments,
  readMetrics,
  readMinutes,
  readRejected,
  readSymbols,
} from './read-records.ts'
import { TickReader } from './read-ticks.ts'
import { insertTicks, TICKS } from './tick-row.ts'
import { numbers } from './values.ts'
import {
  insertQuotes,
  insertRejected,
  putCheckpoints,
  putCompared,
  putCoverage,
  putGaps,
  putInstruments,
  putMetrics,
  QUOTES,
} from './write-records.ts'

/**
 * A store in a schema of a PostgreSQL database. Several may write into it at once: the keys keep identity, and whoever
 * changes minutes holds the rows of their symbols until his commit, so that they merge as if one had written.
 */
export class PostgresStore implements Store {
  readonly #connection: Connection
  readonly #ask: Ask
  readonly #names: Names
  readonly #ticks: TickReader
  /** Wall clock of commits, epoch ms; null where nothing may be written. */
  readonly #now: (() => number) | null

  constructor(connection: Connection, now: (() => number) | null) {
    this.#connection = connection
    this.#ask = connection.ask
    this.#names = { symbols: new Dictionary(this.#ask, 'symbol'), sources: new Dictionary(this.#ask, 'source') }
    this.#ticks = new TickReader(this.#ask, this.#names)
    this.#now = now
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    if (batch.length === 0) return { stored: 0, duplicates: 0 }
    const { ticks: bySymbol, received, others } = sorted(batch)
    const ticks = [...bySymbol.values()].flat()
    await this.#assign(ticks, others)
    const stored = await this.#write((ask) => this.#store(ask, ticks, others))
    return { stored, duplicates: received - stored }
  }

  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches {
    return readAcross({ ask: this.#ask, names: this.#names, gaps: (asked) => this.gaps(asked) }, query)
  }

  ticks(symbol: string, span: Span): AsyncIterable<readonly Tick[]> {
    return this.#ticks.ticks(symbol, span)
  }

  columns(symbol: string, span: Span & ColumnChoice): AsyncIterable<TickColumns> {
    return this.#ticks.columns(symbol, span)
  }

  minutes(symbol: string, span: Span): AsyncIterable<readonly Summary[]> {
    return readMinutes(this.#ask, this.#names.symbols, symbol, span)
  }

  gaps(query: Query): Promise<readonly Gap[]> {
    return readGaps(this.#ask, query)
  }

  rejected(): AsyncIterable<readonly Rejected[]> {
    return readRejected(this.#ask)
  }

  checkpoints(): Promise<readonly Checkpoint[]> {
    return readCheckpoints(this.#ask)
  }

  symbols(): Promise<readonly string[]> {
    return readSymbols(this.#ask)
  }

  instruments(): Promise<readonly Instrument[]> {
    return readInstruments(this.#ask)
  }

  putInstruments(rows: readonly Instrument[]): Promise<void> {
    return this.#write((ask) => putInstruments(ask, rows))
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    const filled = gaps.map((gap): Gap => ({ ...gap, filled_by: 'backfill' }))
    await this.#assign(
      [],
      filled,
      minutes.map(({ symbol }) => symbol),
    )
    await this.#write(async (ask) => {
      const { symbols } = this.#names
      const within = minutes.map(({ symbol, start }) => ({ symbol, time: start }))
      await this.#lock(ask, within)
      await putMinutes(ask, inPlaceOf(await minutesOf(ask, within, symbols), minutes), symbols)
      await putGaps(ask, filled, this.#names)
    })
  }

  completeness(symbol: string): Promise<readonly Completeness[]> {
    return readCompleteness(this.#ask, symbol)
  }

  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    await this.#names.symbols.assign(new Set(rows.map(({ symbol }) => symbol)))
    await this.#names.sources.assign(new Set(rows.map(({ vendor }) => vendor)))
    await this.#write((ask) => putCompared(ask, rows, this.#names))
  }

  async putMetrics(metrics: readonly Metric[], since: number): Promise<boolean> {
    await this.#write((ask) => putMetrics(ask, metrics, since))
    return true
  }

  metrics(span: Span): AsyncIterable<readonly Metric[]> {
    return readMetrics(this.#ask, span)
  }

  integrity(): Promise<readonly string[]> {
    return findings(this.#ask)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #write<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    if (this.#now === null) {
      throw new HkqError('E_STORAGE', `"${this.#connection.place.name}" is open for reading only`)
    }
    return this.#connection.transaction(work)
  }

  /** Gives integers to all names of a write, before it begins: they stay, whatever becomes of it. */
  async #assign(ticks: readonly Tick[], others: readonly MarketEvent[], more: readonly string[] = []): Promise<void> {
    const [symbols, sources] = [new Set(more), new Set<string>()]
    for (const { symbol, source } of ticks) {
      symbols.add(symbol)
      sources.add(source)
    }
    for (const event of others) {
      if (event.type === 'status') continue
      sources.add(event.source)
      if (event.type === 'coverage') for (const symbol of event.symbols) symbols.add(symbol)
      else if (event.type !== 'rejected' && event.symbol !== null) symbols.add(event.symbol)
    }
    await this.#names.symbols.assign(symbols)
    await this.#names.sources.assign(sources)
  }

  /** Keeps other writers out of the minutes of these symbols until the commit. What is asked before the answer waits for the lock too. */
  async #lock(ask: Ask, of: readonly { readonly symbol: string }[]): Promise<void> {
    const ids = [...new Set(of.map(({ symbol }) => symbol))].map((symbol) => this.#names.symbols.id(symbol))
    if (ids.length > 0)
      await ask('SELECT id FROM symbol WHERE id = ANY($1::int[]) ORDER BY id FOR NO KEY UPDATE', [numbers(ids)])
  }

  /**
   * Ticks and quotes go in before their symbols are locked: writers of different records do not wait for each other while they
   * do most of their work. One who meets a key that another is putting in waits for that one's commit, and begins again.
   * @returns how many ticks were not there yet
   */
  async #store(ask: Ask, ticks: readonly Tick[], others: readonly MarketEvent[]): Promise<number> {
    const of = <T extends MarketEvent['type']>(type: T) =>
      others.filter((event): event is Extract<MarketEvent, { type: T }> => event.type === type)
    const [fresh, freshQuotes] = await Promise.all([
      placeAll(ask, TICKS, ticks, this.#names),
      placeAll(ask, QUOTES, of('quote'), this.#names),
    ])
    const { symbols } = this.#names
    const within = fresh.map(({ record: { symbol, timestamp } }) => ({ symbol, time: timestamp }))
    const [, , , before] = await Promise.all([
      insertTicks(ask, fresh),
      insertQuotes(ask, freshQuotes),
      this.#lock(ask, within),
      minutesOf(ask, within, symbols),
    ])
    const now = this.#now!()
    await Promise.all([
      putMinutes(ask, withTicks(before, fresh), symbols),
      putGaps(ask, of('gap'), this.#names),
      insertRejected(ask, of('rejected'), this.#names),
      putCheckpoints(ask, fresh, now),
      putCoverage(ask, of('coverage'), this.#names, now),
    ])
    return fresh.length
  }
}
