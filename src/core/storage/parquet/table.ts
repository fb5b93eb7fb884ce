import { rmSync } from 'node:fs'
import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import type { Seq } from '../../market/event.ts'
import { type Engine, quoted } from './engine.ts'

/**
 * What a column of a Parquet file holds. `time`: TIMESTAMP of milliseconds, UTC; `whole`: INT64; `number`: DOUBLE; `text`:
 * a string, `name`: one of few; `seq`: INT64 with numbers beyond 2^53.
 */
type Kind = 'time' | 'whole' | 'number' | 'name' | 'text' | 'seq'

/** A value of a row; times in epoch milliseconds. */
export type Cell = number | bigint | string | null

/** Columns by name, in the order of the file. */
export type Columns = Readonly<Record<string, Kind>>

/** Records of one kind as rows of a file. */
export interface Table<T> {
  readonly columns: Columns
  /** The cells of a record, in the order of the columns. */
  cells(record: T): readonly Cell[]
  record(cells: readonly Cell[], symbol: string): T
}

/** A table whose columns are the fields of the record by name; `fixed` are those that every record has alike. */
export function plainTable<T extends object>(columns: Columns, fixed: Partial<T> = {}): Table<T> {
  const names = Object.keys(columns) as (keyof T)[]
  return {
    columns,
    cells: (record) => names.map((name) => record[name] as Cell),
    record: (cells) => {
      const record: Partial<T> = { ...fixed }
      for (let i = 0; i < names.length; i++) record[names[i]!] = cells[i] as T[keyof T]
      return record as T
    },
  }
}

/** Rows that are handed to DuckDB at a time: no chunk of it holds more. */
const ROWS = 2_048
/** Rows that are held in memory before they go to a file: one aside where there are more. */
const PART = 500 * ROWS

/**
 * Writes records into a new Parquet file, compressed by zstd, in the order given. Memory is bounded, however many they are.
 * @returns how many there were; of none no file is made
 */
export async function writeTable<T>(
  engine: Engine,
  file: string,
  table: Pick<Table<T>, 'columns' | 'cells'>,
  records: AsyncIterable<readonly T[]>,
): Promise<number> {
  const parts: string[] = []
  let [part, count] = [await Part.begun(engine, table), 0]
  const flush = async (): Promise<void> => {
    const aside = `${file}.${parts.length}`
    parts.push(aside)
    await part.end(aside)
    part = await Part.begun(engine, table)
  }
  try {
    for await (const batch of records) {
      for (let from = 0; from < batch.length; from += ROWS) {
        if (part.length >= PART) await flush()
        part.add(batch.slice(from, from + ROWS))
      }
      count += batch.length
    }
    if (parts.length === 0) await part.end(file)
    else {
      await flush()
      await engine.connected((connection) => connection.run(copy(selection(['*'], parts), file)))
    }
    return count
  } finally {
    part.leave()
    for (const aside of parts) rmSync(aside, { force: true })
  }
}

function copy(select: string, file: string): string {
  return `COPY (${select}) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`
}

/** Rows in DuckDB's memory on their way into a file: numbers, names as places in a list of them. */
class Part<T> {
  length = 0
  readonly #connection: DuckDBConnection
  readonly #appender: DuckDBAppender
  readonly #engine: Engine
  readonly #table: Pick<Table<T>, 'columns' | 'cells'>
  readonly #kinds: readonly Kind[]
  readonly #types
  readonly #names: ReadonlyMap<number, Map<string, number>>

  private constructor(
    engine: Engine,
    table: Pick<Table<T>, 'columns' | 'cells'>,
    connection: DuckDBConnection,
    appender: DuckDBAppender,
  ) {
    this.#engine = engine
    this.#table = table
    this.#connection = connection
    this.#appender = appender
    this.#kinds = Object.values(table.columns)
    this.#types = this.#kinds.map((kind) => typeOf(engine, kind))
    this.#names = new Map(this.#kinds.flatMap((kind, i) => (kind === 'name' ? [[i, new Map()] as const] : [])))
  }

  static async begun<T>(engine: Engine, table: Pick<Table<T>, 'columns' | 'cells'>): Promise<Part<T>> {
    const connection = await engine.connect()
    await connection.run(`CREATE TEMP TABLE written (${Object.entries(table.columns).map(staged).join(', ')})`)
    return new Part(engine, table, connection, await connection.createAppender('written', null, 'temp'))
  }

  /** At most ROWS. */
  add(records: readonly T[]): void {
    const rows = records.map((record) => this.#table.cells(record))
    const chunk = this.#engine.duck.DuckDBDataChunk.create(this.#types, rows.length)
    this.#kinds.forEach((kind, i) => {
      const vector = chunk.getColumnVector(i) as unknown as Vector
      const names = this.#names.get(i)
      if (kind === 'text') rows.forEach((row, at) => void vector.setItem(at, row[i]!))
      else if (kind === 'seq') rows.forEach((row, at) => void (vector.items[at] = BigInt(row[i] as Seq)))
      else if (names) rows.forEach((row, at) => void (vector.items[at] = placeOf(names, row[i] as string | null)))
      else rows.forEach((row, at) => void (vector.items[at] = (row[i] as number | null) ?? Number.NaN))
      vector.flush()
    })
    this.#appender.appendDataChunk(chunk)
    this.length += rows.length
  }

  /** Writes the rows into a file, where there are any, and leaves. */
  async end(file: string): Promise<void> {
    this.#appender.closeSync()
    const columns = Object.entries(this.#table.columns).map(([name, kind], i) =>
      filed(name, kind, [...(this.#names.get(i)?.keys() ?? [])]),
    )
    if (this.length > 0) await this.#connection.run(copy(`SELECT ${columns.join(', ')} FROM written`, file))
    this.leave()
  }

  leave(): void {
    this.#connection.closeSync()
  }
}

/** What DuckDB's vectors have of what is used here. */
interface Vector {
  readonly items: Record<number, number | bigint>
  setItem(at: number, value: Cell): void
  flush(): void
}

/** The place of a name in the list, from 1 on; NaN of null. */
function placeOf(names: Map<string, number>, name: string | null): number {
  if (name === null) return Number.NaN
  let place = names.get(name)
  if (place === undefined) {
    place = names.size + 1
    names.set(name, place)
  }
  return place
}

function staged([name, kind]: readonly [string, Kind]): string {
  return `"${name}" ${kind === 'text' ? 'VARCHAR' : kind === 'seq' ? 'BIGINT' : 'DOUBLE'}`
}

function typeOf({ duck }: Engine, kind: Kind) {
  return kind === 'text' ? duck.VARCHAR : kind === 'seq' ? duck.BIGINT : duck.DOUBLE
}

/** A column as it goes into the file. */
function filed(name: string, kind: Kind, names: readonly string[]): string {
  const number = `CASE WHEN isnan("${name}") THEN NULL ELSE "${name}" END`
  const whole = `(${number})::BIGINT`
  const values: Record<Kind, string> = {
    time: `make_timestamp_ms(${whole})`,
    whole,
    number,
    name: names.length === 0 ? 'NULL::VARCHAR' : `list_extract([${names.map(quoted).join(', ')}], ${whole})`,
    text: `"${name}"`,
    seq: `"${name}"`,
  }
  return `${values[kind]} AS "${name}"`
}

/** The rows of Parquet files, file by file in their order; `where` is SQL. */
export function selection(columns: readonly string[], files: readonly string[], where = ''): string {
  const from = `read_parquet([${files.map(quoted).join(', ')}], hive_partitioning = false)`
  return `SELECT ${columns.join(', ')} FROM ${from} ${where}`
}

/** A column as `readTable` takes it: numbers as doubles, null as NaN. */
export function numeric(name: string, kind: Kind): string {
  if (kind === 'text' || kind === 'name' || kind === 'seq') return `"${name}"`
  return `coalesce(${kind === 'time' ? `epoch_ms("${name}")` : `"${name}"`}::DOUBLE, 'NaN'::DOUBLE)`
}

/** Records of Parquet files in order, at most `size` at a time. */
export async function* readTable<T>(
  engine: Engine,
  files: readonly string[],
  { columns, record }: Table<T>,
  { symbol = '', where = '', size = ROWS }: { symbol?: string; where?: string; size?: number } = {},
): AsyncGenerator<T[]> {
  const entries = Object.entries(columns)
  const sql = selection(
    entries.map((entry) => numeric(...entry)),
    files,
    where,
  )
  for await (const chunk of engine.stream(sql)) {
    const readers = entries.map(([, kind], i) => cellsOf(chunk, i, kind))
    for (let from = 0; from < chunk.rowCount; from += size) {
      const records: T[] = []
      for (let i = from; i < Math.min(from + size, chunk.rowCount); i++) {
        records.push(
          record(
            readers.map((read) => read(i)),
            symbol,
          ),
        )
      }
      yield records
    }
  }
}

function cellsOf(chunk: DuckDBDataChunk, column: number, kind: Kind): (row: number) => Cell {
  const vector = chunk.getColumnVector(column)
  if (kind === 'text' || kind === 'name') return (row) => vector.getItem(row) as string | null
  if (kind === 'seq') return (row) => smallest(vector.getItem(row) as DuckDBValue & bigint)
  const numbers = doubles(chunk, column)
  return (row) => (Number.isNaN(numbers[row]!) ? null : numbers[row]!)
}

/** The numbers of a column of doubles, as DuckDB holds them. */
export function doubles(chunk: DuckDBDataChunk, column: number): Float64Array {
  return (chunk.getColumnVector(column) as unknown as { items: Float64Array }).items
}

/** A number where it is exact, else the bigint itself. */
function smallest(seq: bigint): Seq {
  const number = Number(seq)
  return Number.isSafeInteger(number) ? number : seq
}
