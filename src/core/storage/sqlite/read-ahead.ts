import type { Pool } from 'workerpool'
import type { TickColumns } from '../columns.ts'
import type { ColumnChoice, Slice } from '../store.ts'
import type { ColumnReader } from './column-reader.ts'
import { storageError } from './driver.ts'

/** Threads that read stored ticks. */
export interface Readers {
  /** The built column-reader.ts. */
  script: string
  /** At least 1. */
  threads: number
}

/** Slices that are read, or wait read, for each thread. */
const AHEAD = 2

/**
 * Reads slices of ticks in threads of their own while the caller computes, and gives them in their order: what is
 * computed of them cannot differ. Threads start with the first slice.
 */
export class ReadAhead {
  readonly #path: string
  readonly #readers: Readers
  #pool: Promise<Pool> | null = null

  constructor(path: string, readers: Readers) {
    this.#path = path
    this.#readers = readers
  }

  /** @throws HkqError E_STORAGE when the file cannot be read */
  async *columns(symbol: string, slices: Iterable<Slice>, choice: ColumnChoice): AsyncGenerator<TickColumns> {
    const reading: Promise<TickColumns>[] = []
    for (const slice of slices) {
      reading.push(this.#start(symbol, slice, choice))
      if (reading.length > AHEAD * this.#readers.threads) yield await reading.shift()!
    }
    for (const columns of reading) yield await columns
  }

  async close(): Promise<void> {
    await (await this.#pool)?.terminate(true)
  }

  #start(symbol: string, slice: Slice, choice: ColumnChoice): Promise<TickColumns> {
    const columns = this.#read(symbol, slice, choice)
    // Nobody waits any more for what was read ahead of an early end.
    columns.catch(() => {})
    return columns
  }

  async #read(...what: readonly [symbol: string, slice: Slice, choice: ColumnChoice]): Promise<TickColumns> {
    this.#pool ??= this.#opened()
    try {
      return await (await this.#pool).exec<ColumnReader>('columns', [this.#path, ...what])
    } catch (error) {
      throw storageError(this.#path, error)
    }
  }

  async #opened(): Promise<Pool> {
    const { pool } = await import('workerpool')
    return pool(this.#readers.script, { workerType: 'thread', maxWorkers: this.#readers.threads })
  }
}
