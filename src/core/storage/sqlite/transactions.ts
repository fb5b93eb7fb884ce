import type { MarketEvent } from '../../market/event.ts'
import type { Written } from '../../pipeline/source.ts'
import { sorted } from '../sorted.ts'
import type { Names } from './dictionary.ts'
import { type Db, storageError } from './driver.ts'
import { MinuteKeeper } from './write-minutes.ts'
import { RecordWriter } from './write-records.ts'
import { TickInserter } from './write-ticks.ts'

/** What writes the tables. */
export interface Writers {
  readonly ticks: TickInserter
  readonly minutes: MinuteKeeper
  readonly records: RecordWriter
}

/** What the holder of the lock writes, a transaction at a time: all of it is stored, or nothing. */
export class Transactions {
  readonly #db: Db
  readonly #path: string
  readonly #names: Names
  readonly #writers: Writers
  readonly #begin
  readonly #commit
  readonly #dataVersion
  /** As it was in the last transaction: what is remembered of the tables is true as long as nobody else has written. */
  #known: unknown

  constructor(db: Db, path: string, names: Names) {
    this.#db = db
    this.#path = path
    this.#names = names
    this.#writers = {
      ticks: new TickInserter(db, names),
      minutes: new MinuteKeeper(db, names.symbols),
      records: new RecordWriter(db, names),
    }
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    // changes when another program has written
    this.#dataVersion = db.prepare('PRAGMA data_version').pluck()
  }

  /** Does `work` in one transaction. @throws HkqError E_STORAGE, and then nothing of it is stored */
  run<T>(work: (writers: Writers) => T): T {
    try {
      this.#begin.run()
      const dataVersion = this.#dataVersion.get()
      if (dataVersion !== this.#known) this.#forget()
      this.#known = dataVersion
      const done = work(this.#writers)
      this.#commit.run()
      return done
    } catch (error) {
      this.#undo()
      throw storageError(this.#path, error)
    }
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
    this.#writers.ticks.forget()
    this.#writers.minutes.forget()
  }
}

/** Stores a batch, its minutes and checkpoints. @param now wall clock, epoch ms */
export function storeBatch(
  { ticks, minutes, records }: Writers,
  batch: readonly MarketEvent[],
  now: () => number,
): Written {
  const { ticks: bySymbol, received, others } = sorted(batch)
  let stored = 0
  for (const [symbol, list] of bySymbol) {
    const fresh = ticks.insert(symbol, list)
    minutes.add(symbol, fresh)
    records.checkpoints(symbol, fresh, now())
    stored += fresh.length
  }
  ticks.flush()
  for (const event of others) {
    if (event.type === 'quote') records.quote(event)
    else if (event.type === 'gap') records.gap(event)
    else if (event.type === 'rejected') records.rejected(event)
    else if (event.type === 'coverage') records.coverage(event, now())
  }
  return { stored, duplicates: received - stored }
}
