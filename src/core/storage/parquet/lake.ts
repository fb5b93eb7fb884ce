import { existsSync, statSync } from 'node:fs'
import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Quote, Tick } from '../../market/event.ts'
import { dayNumber, dayStart } from '../../market/time.ts'
import type { TickColumns } from '../columns.ts'
import type { ColumnChoice, Condensing, Span } from '../store.ts'
import { readColumns } from './columns.ts'
import { condense } from './condense.ts'
import { Engine, lakeError } from './engine.ts'
import { daysIn, type List, listFile, PARTS, type Part, partFile, refusePattern, type SymbolDay } from './layout.ts'
import { putFile } from './put-file.ts'
import { readCells, readTable } from './read-table.ts'
import type { Table } from './table.ts'
import { MINUTES, QUOTES, TICKS } from './tables.ts'
import { writeTable } from './write-table.ts'

/** Days that are condensed at a time. */
const DAYS = 16

/** Days of one symbol in order, as a reading wants them; `size` is the most records at a time. */
export interface Reading extends Span {
  readonly symbol: string
  readonly days: readonly number[]
  readonly size?: number
}

/** A folder of Parquet files by date and symbol, which any engine reads (docs/archive.md). */
export class Lake {
  readonly directory: string
  #engine: Promise<Engine> | null = null

  /** @param directory need not be there yet */
  constructor(directory: string) {
    refusePattern(directory)
    if (existsSync(directory) && !statSync(directory).isDirectory()) {
      throw new HkqError('E_STORAGE', `"${directory}" is a file: name a folder for Parquet`)
    }
    this.directory = directory
  }

  /** The days of a symbol that have a file of `part`, by symbol. */
  days(part: Part): Map<string, number[]> {
    return daysIn(this.directory, part)
  }

  has(part: Part, day: SymbolDay): boolean {
    return existsSync(partFile(this.directory, part, day))
  }

  /** Size of the files of a day. */
  bytes(day: SymbolDay): number {
    const files = PARTS.map((part) => partFile(this.directory, part, day))
    return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
  }

  ticks(reading: Reading): AsyncGenerator<Tick[]> {
    return this.#read('ticks', TICKS, 'timestamp', reading)
  }

  quotes(reading: Reading): AsyncGenerator<Quote[]> {
    return this.#read('quotes', QUOTES, 'timestamp', reading)
  }

  minutes(reading: Reading): AsyncGenerator<Summary[]> {
    return this.#read('minutes', MINUTES, '"start"', reading)
  }

  /** Ticks as columns, the fast path of analytics. */
  async *columns(reading: Reading, choice: ColumnChoice): AsyncGenerator<TickColumns> {
    const files = this.#filesOf('ticks', reading)
    if (files.length === 0) return
    yield* this.#guarded(async (engine) => readColumns(engine, files, within('timestamp', reading), choice))
  }

  /** Ticks for bars, as `Store.condensed` gives them. */
  async *condensed(reading: Reading, how: Condensing): AsyncGenerator<TickColumns | readonly Summary[]> {
    const { symbol, days } = reading
    for (let i = 0; i < days.length; i += DAYS) {
      const files = this.#filesOf('ticks', { ...reading, days: days.slice(i, i + DAYS) })
      if (files.length === 0) continue
      const where = within('timestamp', reading)
      const read = this.#guarded(async (engine) => condense(engine, files, where, { symbol, ...how }))
      for await (const { day, pieces } of read) yield* pieces ?? this.columns({ ...reading, days: [day] }, {})
    }
  }

  /** The records of a list; none where it was never written. */
  async *list<T>(list: List, table: Table<T>): AsyncGenerator<T[]> {
    const file = listFile(this.directory, list)
    if (existsSync(file)) yield* this.#guarded(async (engine) => readTable(engine, [file], table))
  }

  putList<T>(list: List, table: Table<T>, records: readonly T[]): Promise<number> {
    return this.#put(listFile(this.directory, list), table, async function* () {
      yield records
    })
  }

  /**
   * Puts the records of a day in the place of those it has: written aside, read again and compared one by one with
   * `records`, and only then, on the disk, under their name.
   * @param records gives the same each time
   * @returns how many; of none no file is made
   */
  putTicks(day: SymbolDay, records: () => AsyncIterable<readonly Tick[]>): Promise<number> {
    return this.#put(partFile(this.directory, 'ticks', day), TICKS, records)
  }

  putQuotes(day: SymbolDay, records: () => AsyncIterable<readonly Quote[]>): Promise<number> {
    return this.#put(partFile(this.directory, 'quotes', day), QUOTES, records)
  }

  putMinutes(day: SymbolDay, records: () => AsyncIterable<readonly Summary[]>): Promise<number> {
    return this.#put(partFile(this.directory, 'minutes', day), MINUTES, records)
  }

  async close(): Promise<void> {
    const engine = await this.#engine
    engine?.close()
  }

  async *#read<T>(part: Part, table: Table<T>, time: string, reading: Reading): AsyncGenerator<T[]> {
    const files = this.#filesOf(part, reading)
    if (files.length === 0) return
    const { symbol, size } = reading
    const options = { symbol, where: within(time, reading), ...(size !== undefined && { size }) }
    yield* this.#guarded(async (engine) => readTable(engine, files, table, options))
  }

  #filesOf(part: Part, { symbol, days, since, until }: Reading): string[] {
    const first = since === undefined ? Number.NEGATIVE_INFINITY : dayNumber(since)
    return days
      .filter((day) => day >= first && (until === undefined || dayStart(day) < until))
      .map((day) => partFile(this.directory, part, { symbol, day }))
  }

  async #put<T>(file: string, table: Table<T>, records: () => AsyncIterable<readonly T[]>): Promise<number> {
    const engine = await this.#opened()
    try {
      return await putFile(file, {
        write: (aside) => writeTable(engine, aside, table, records()),
        read: (aside) => readCells(engine, [aside], table.columns),
        records,
        cells: table.cells,
      })
    } catch (error) {
      throw lakeError(this.directory, error)
    }
  }

  async *#guarded<T>(reading: (engine: Engine) => Promise<AsyncGenerator<T>>): AsyncGenerator<T> {
    try {
      yield* await reading(await this.#opened())
    } catch (error) {
      throw lakeError(this.directory, error)
    }
  }

  #opened(): Promise<Engine> {
    this.#engine ??= Engine.open()
    return this.#engine
  }
}

function within(time: string, { since, until }: Span): string {
  const conditions = [
    since !== undefined && since > OLDEST && `${time} >= make_timestamp_ms(${Math.ceil(since)})`,
    until !== undefined && until < -OLDEST && `${time} < make_timestamp_ms(${Math.ceil(until)})`,
  ].filter(Boolean)
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}
/** Beyond it there is nothing: the first millisecond of a Date. */
const OLDEST = -8.64e15
