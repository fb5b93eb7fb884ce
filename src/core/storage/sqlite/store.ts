import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Batches, Gap, MarketEvent, Rejected, Tick } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import { dayNumber } from '../../market/time.ts'
import type { Metric } from '../../monitor/metrics.ts'
import type { Checkpoint, Query, Written } from '../../pipeline/source.ts'
import type { TickColumns } from '../columns.ts'
import { readAll } from '../read-all.ts'
import type { ColumnChoice, Condensing, Span, Store } from '../store.ts'
import { Archived } from './archived.ts'
import { Dictionary } from './dictionary.ts'
import { type Db, guarded, integrityOf } from './driver.ts'
import { History } from './history.ts'
import type { InPlace } from './in-place.ts'
import type { Lock } from './lock.ts'
import type { LogKeeper } from './log-keeper.ts'
import type { ReadAhead } from './read-ahead.ts'
import { RecordReader } from './read-records.ts'
import { TickReader } from './read-ticks.ts'
import { Return } from './return.ts'
import type { Lists } from './shelf.ts'
import { storeBatch, Transactions, type Writers } from './transactions.ts'

/** What a store has beside its database. */
export interface Belongings {
  /** Held by the one that may write. */
  lock: Lock | null
  /** Watches the log of what is written; null where nothing is. */
  log: LogKeeper | null
  /** Its files; null where nothing is written. */
  files: InPlace | null
  /** Wall clock, epoch ms. */
  now: () => number
  /** Threads that read a long history. */
  ahead: ReadAhead | null
  /** Of a store that is read from a copy: whether that is no longer what lies there. Null where it is read itself. */
  isOutdated: (() => boolean) | null
}

/** What a new store takes over from a lake. */
export interface Copy extends Lists {
  readonly directory: string
  readonly days: readonly { symbol: string; day: number; ticks: number; quotes: number }[]
  readonly minutes: Iterable<Summary>
}

/** A store on an open database of the newest schema. */
export class SqliteStore implements Store {
  readonly #db: Db
  readonly #path: string
  readonly #lock: Lock | null
  readonly #now: () => number
  readonly #names
  readonly #reader
  readonly #transactions: Transactions | null
  readonly #log: LogKeeper | null
  readonly #files: InPlace | null
  readonly #ahead: ReadAhead | null
  readonly #isOutdated: (() => boolean) | null
  readonly #archived: Archived
  readonly #history: History
  readonly #returns: Return

  constructor(db: Db, path: string, { lock, log, files, now, ahead, isOutdated }: Belongings) {
    this.#db = db
    this.#path = path
    this.#lock = lock
    this.#now = now
    this.#ahead = ahead
    this.#isOutdated = isOutdated
    this.#names = { symbols: new Dictionary(db, 'symbol'), sources: new Dictionary(db, 'source') }
    this.#archived = new Archived(db, this.#names, path)
    this.#reader = new RecordReader(db, this.#names)
    const ticks = new TickReader(db, this.#names)
    this.#history = new History({ path, ticks, records: this.#reader, archived: this.#archived, ahead })
    this.#returns = new Return(this.#archived, {
      ticks: (symbol, chunk) =>
        this.#commit((writer) => {
          writer.ticks.insert(symbol, chunk)
          writer.ticks.flush()
        }),
      quotes: (chunk) =>
        this.#commit(({ records }) => {
          for (const quote of chunk) records.quote(quote)
        }),
      done: (symbol, day) => this.#commit(() => this.#archived.remove(symbol, day)),
    })
    this.#log = log
    this.#files = files
    this.#transactions = log && new Transactions(db, path, this.#names)
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    await this.#returns.before(batch)
    const written = this.#commit((writers) => storeBatch(writers, batch, this.#now))
    this.#writing(this.#files).check()
    await this.#writing(this.#log).committed(batch.length)
    return written
  }

  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches {
    const reader = this.#reader
    return readAll(
      {
        ticks: (symbol, span, size) => this.#history.ticks(symbol, span, size),
        quotes: (symbol, span, size) => this.#history.quotes(symbol, span, size),
        gaps: (asked) => reader.gaps(asked),
        symbols: () => reader.symbols(),
        quotedSymbols: () => [...new Set([...reader.quotedSymbols(), ...this.#archived.quotedSymbols()])].sort(),
      },
      query,
    )
  }

  ticks(symbol: string, span: Span): AsyncGenerator<readonly Tick[]> {
    return this.#history.ticks(symbol, span)
  }

  columns(symbol: string, { book, prices, ...span }: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    return this.#history.columns(symbol, span, { ...(book && { book }), ...(prices && { prices }) })
  }

  condensed(symbol: string, span: Span, how: Condensing): AsyncGenerator<TickColumns | readonly Summary[]> {
    return this.#history.condensed(symbol, span, how)
  }

  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    yield* guarded(this.#path, this.#reader.minutes(symbol, span))
  }

  async gaps(query: Query): Promise<readonly Gap[]> {
    return this.#reader.gaps(query)
  }

  async *rejected(): AsyncGenerator<readonly Rejected[]> {
    yield* guarded(this.#path, this.#reader.rejected())
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    if (this.#isOutdated?.()) {
      const why = 'lies where nothing may be written and is read from a copy, and has changed since that was made'
      throw new HkqError('E_STORAGE', `"${this.#path}" ${why}: start again`)
    }
    return this.#reader.checkpoints()
  }

  async symbols(): Promise<readonly string[]> {
    return this.#reader.symbols()
  }

  async instruments(): Promise<readonly Instrument[]> {
    return this.#reader.instruments()
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    this.#commit(({ records }) => {
      for (const row of rows) records.instrument(row)
    })
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    this.#commit((writer) => {
      for (const minute of minutes) {
        writer.minutes.replace(minute)
        this.#archived.setStale(minute.symbol, dayNumber(minute.start), true)
      }
      for (const gap of gaps) writer.records.gap({ ...gap, filled_by: 'backfill' })
    })
  }

  async completeness(symbol: string): Promise<readonly Completeness[]> {
    return this.#reader.completeness(symbol)
  }

  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    this.#commit(({ records }) => {
      for (const row of rows) records.compared(row)
    })
  }

  async putMetrics(metrics: readonly Metric[], since: number): Promise<boolean> {
    this.#commit(({ records }) => records.metrics(metrics, since))
    return true
  }

  async *metrics(span: Span): AsyncGenerator<readonly Metric[]> {
    yield* guarded(this.#path, this.#reader.metrics(span))
  }

  /** Tells that a day lies in a lake, where all of it has been found; its rows here count no more. */
  shelve(symbol: string, day: number, directory: string, counts: { ticks: number; quotes: number }): void {
    this.#commit(() => this.#archived.add(symbol, day, this.#archived.named(directory), counts))
  }

  /** Tells that the lake has the minutes of a day as they are here. */
  refreshed(symbol: string, day: number): void {
    this.#commit(() => this.#archived.setStale(symbol, day, false))
  }

  /** Takes in what a lake holds beside ticks and quotes, and the days it has of these, in one transaction. */
  restore(copy: Copy): void {
    this.#commit(({ minutes, records }) => {
      for (const minute of copy.minutes) minutes.restore(minute)
      for (const gap of copy.gaps) records.gap(gap)
      for (const record of copy.rejected) records.rejected(record)
      for (const row of copy.checkpoints) records.checkpoint(row)
      for (const row of copy.instruments) records.instrument(row)
      for (const row of copy.completeness) records.compared(row)
      for (const { symbol, day, ticks, quotes } of copy.days) {
        this.#archived.add(symbol, day, this.#archived.named(copy.directory), { ticks, quotes })
      }
    })
  }

  async integrity(): Promise<readonly string[]> {
    return integrityOf(this.#db, this.#path)
  }

  async close(): Promise<void> {
    this.#db.close()
    this.#lock?.release()
    await this.#ahead?.close()
    await this.#archived.close()
  }

  #writing<T>(held: T | null): T {
    if (held === null) throw new HkqError('E_STORAGE', `"${this.#path}" is open for reading only`)
    return held
  }

  /** Does `work` in one transaction. */
  #commit<T>(work: (writers: Writers) => T): T {
    return this.#writing(this.#transactions).run(work)
  }
}
