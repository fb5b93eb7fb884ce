import { setImmediate } from 'node:timers/promises'
import type { Statement } from 'better-sqlite3'
import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Batches, Gap, MarketEvent, Tick } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Checkpoint, Query, Written } from '../../pipeline/source.ts'
import type { TickColumns } from '../columns.ts'
import { sorted } from '../sorted.ts'
import type { ColumnChoice, Span, Store } from '../store.ts'
import { Dictionary } from './dictionary.ts'
import { attempted, type Db, guarded, integrityOf, storageError } from './driver.ts'
import type { Lock } from './lock.ts'
import type { LogKeeper } from './log-keeper.ts'
import type { ReadAhead } from './read-ahead.ts'
import { readAll } from './read-all.ts'
import { RecordReader } from './read-records.ts'
import { TickReader } from './read-ticks.ts'
import { MinuteKeeper } from './write-minutes.ts'
import { RecordWriter } from './write-records.ts'
import { TickInserter } from './write-ticks.ts'

/** Chunks of ticks up to which a symbol's history is not worth a thread. */
const SHORT = 12

/** What only the holder of the lock has. */
interface Writing {
  readonly ticks: TickInserter
  readonly minutes: MinuteKeeper
  readonly records: RecordWriter
  readonly log: LogKeeper
  readonly begin: Statement
  readonly commit: Statement
  readonly dataVersion: Statement
}

/** What a store has beside its database. */
export interface Belongings {
  /** Held by the one that may write. */
  lock: Lock | null
  /** Watches the log of what is written; null where nothing is. */
  log: LogKeeper | null
  /** Wall clock, epoch ms. */
  now: () => number
  /** Threads that read a long history. */
  ahead: ReadAhead | null
}

/** A store on an open database of the newest schema. */
export class SqliteStore implements Store {
  readonly #db: Db
  readonly #path: string
  readonly #lock: Lock | null
  readonly #now: () => number
  readonly #names
  readonly #tickReader
  readonly #reader
  readonly #writer: Writing | null
  readonly #ahead: ReadAhead | null
  #dataVersion: unknown

  constructor(db: Db, path: string, { lock, log, now, ahead }: Belongings) {
    this.#db = db
    this.#path = path
    this.#lock = lock
    this.#now = now
    this.#ahead = ahead
    this.#names = { symbols: new Dictionary(db, 'symbol'), sources: new Dictionary(db, 'source') }
    this.#tickReader = new TickReader(db, this.#names)
    this.#reader = new RecordReader(db, this.#names)
    this.#writer = log && {
      log,
      ticks: new TickInserter(db, this.#names),
      minutes: new MinuteKeeper(db, this.#names.symbols),
      records: new RecordWriter(db, this.#names),
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      // changes when another program has written
      dataVersion: db.prepare('PRAGMA data_version').pluck(),
    }
  }

  async write(batch: readonly MarketEvent[]): Promise<Written> {
    const written = this.#commit((writer) => this.#store(writer, batch))
    await this.#writing().log.committed(batch.length)
    return written
  }

  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches {
    const reader = this.#reader
    return readAll(
      {
        ticks: (symbol, span, size) => guarded(this.#path, this.#tickReader.ticks(symbol, span, size)),
        quotes: (symbol, span, size) => guarded(this.#path, reader.quotes(symbol, span, size)),
        gaps: (asked) => reader.gaps(asked),
        symbols: () => reader.symbols(),
        quotedSymbols: () => reader.quotedSymbols(),
      },
      query,
    )
  }

  async *ticks(symbol: string, span: Span): AsyncGenerator<readonly Tick[]> {
    yield* guarded(this.#path, this.#tickReader.ticks(symbol, span))
  }

  async *columns(symbol: string, { book, prices, ...span }: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    const choice: ColumnChoice = { ...(book && { book }), ...(prices && { prices }) }
    const slices = guarded(this.#path, this.#tickReader.slices(symbol, span))
    for (let read = 0; this.#ahead === null || read < SHORT; read++) {
      const { done, value: slice } = slices.next()
      if (done) return
      const columns = attempted(this.#path, () => this.#tickReader.columns(symbol, slice, choice))
      if (columns.length > 0) yield columns
      await setImmediate()
    }
    yield* this.#ahead.columns(symbol, slices, choice)
  }

  async *minutes(symbol: string, span: Span): AsyncGenerator<readonly Summary[]> {
    yield* guarded(this.#path, this.#reader.minutes(symbol, span))
  }

  async gaps(query: Query): Promise<readonly Gap[]> {
    return this.#reader.gaps(query)
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
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
      for (const minute of minutes) writer.minutes.replace(minute)
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

  async integrity(): Promise<readonly string[]> {
    return integrityOf(this.#db, this.#path)
  }

  async close(): Promise<void> {
    this.#db.close()
    this.#lock?.release()
    await this.#ahead?.close()
  }

  #writing(): Writing {
    if (!this.#writer) throw new HkqError('E_STORAGE', `"${this.#path}" is open for reading only`)
    return this.#writer
  }

  /** Does `work` in one transaction. */
  #commit<T>(work: (writer: Writing) => T): T {
    const writer = this.#writing()
    try {
      writer.begin.run()
      const dataVersion = writer.dataVersion.get()
      if (dataVersion !== this.#dataVersion) this.#forget()
      this.#dataVersion = dataVersion
      const done = work(writer)
      writer.commit.run()
      return done
    } catch (error) {
      this.#undo()
      throw storageError(this.#path, error)
    }
  }

  #store(writer: Writing, batch: readonly MarketEvent[]): Written {
    const { ticks, received, others } = sorted(batch)
    let stored = 0
    for (const [symbol, list] of ticks) {
      const fresh = writer.ticks.insert(symbol, list)
      writer.minutes.add(symbol, fresh)
      writer.records.checkpoints(symbol, fresh, this.#now())
      stored += fresh.length
    }
    writer.ticks.flush()
    for (const event of others) {
      if (event.type === 'quote') writer.records.quote(event)
      else if (event.type === 'gap') writer.records.gap(event)
      else if (event.type === 'rejected') writer.records.rejected(event)
      else if (event.type === 'coverage') writer.records.coverage(event, this.#now())
    }
    return { stored, duplicates: received - stored }
  }

  /** The error that led here says more than what undoing meets on a disk that fails. */
  #undo(): void {
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
    } catch {}
    this.#forget()
  }

  #forget(): void {
    this.#names.symbols.forget()
    this.#names.sources.forget()
    this.#writer?.ticks.forget()
    this.#writer?.minutes.forget()
  }
}
