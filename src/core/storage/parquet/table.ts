import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import type { Seq } from '../../market/event.ts'
import { type Engine, quoted } from './engine.ts'

/**
 * What a column of a Parquet file holds. `time`: TIMESTAMP of milliseconds, UTC; `whole`: INT64; `number`: DOUBLE; `text`:
 * a string; `seq`: INT64 with numbers beyond 2^53.
 */
type Kind = 'time' | 'whole' | 'number' | 'text' | 'seq'

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

/**
 * Writes records into a new Parquet file, compressed by zstd, in the order given.
 * @returns how many there were; of none no file is made
 */
export async function writeTable<T>(
  engine: Engine,
  file: string,
  { columns, cells }: Pick<Table<T>, 'columns' | 'cells'>,
  records: AsyncIterable<readonly T[]>,
): Promise<number> {
  const kinds = Object.values(columns)
  return engine.connected(async (connection) => {
    await connection.run(`CREATE TEMP TABLE written (${Object.entries(columns).map(staged).join(', ')})`)
    const appender = await connection.createAppender('written', null, 'temp')
    const types = kinds.map((kind) => typeOf(engine, kind))
    let count = 0
    for await (const batch of records) {
      for (let from = 0; from < batch.length; from += ROWS) {
        const rows = batch.slice(from, from + ROWS).map(cells)
        const chunk = engine.duck.DuckDBDataChunk.create(types, rows.length)
        kinds.forEach((kind, i) => {
          chunk.setColumnValues(i, rows.map(kind === 'seq' ? (row) => BigInt(row[i] as Seq) : (row) => row[i]!))
        })
        appender.appendDataChunk(chunk)
      }
      count += batch.length
    }
    appender.closeSync()
    if (count > 0)
      await connection.run(`COPY (SELECT ${Object.entries(columns).map(filed).join(', ')} FROM written)
      TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`)
    return count
  })
}

function staged([name, kind]: readonly [string, Kind]): string {
  return `"${name}" ${kind === 'text' ? 'VARCHAR' : kind === 'seq' ? 'BIGINT' : 'DOUBLE'}`
}

function typeOf({ duck }: Engine, kind: Kind) {
  return kind === 'text' ? duck.VARCHAR : kind === 'seq' ? duck.BIGINT : duck.DOUBLE
}

function filed([name, kind]: readonly [string, Kind]): string {
  if (kind === 'time') return `make_timestamp_ms("${name}"::BIGINT) AS "${name}"`
  return kind === 'whole' ? `"${name}"::BIGINT AS "${name}"` : `"${name}"`
}

/** The rows of Parquet files, file by file in their order; `where` is SQL. */
export function selection(columns: readonly string[], files: readonly string[], where = ''): string {
  const from = `read_parquet([${files.map(quoted).join(', ')}], hive_partitioning = false)`
  return `SELECT ${columns.join(', ')} FROM ${from} ${where}`
}

/** A column as `readTable` takes it: numbers as doubles, null as NaN. */
export function numeric(name: string, kind: Kind): string {
  if (kind === 'text' || kind === 'seq') return `"${name}"`
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
  if (kind === 'text') return (row) => vector.getItem(row) as string | null
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
