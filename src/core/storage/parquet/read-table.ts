import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { Seq } from '../../market/event.ts'
import { type Engine, quoted } from './engine.ts'
import type { Cell, Kind, Table } from './table.ts'

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
  { symbol = '', where = '', size = Number.POSITIVE_INFINITY }: { symbol?: string; where?: string; size?: number } = {},
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
  if (kind === 'seq') return (row) => smallest(vector.getItem(row) as bigint)
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
