import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api'
import type { Seq } from '../../market/event.ts'
import { type Engine, quotedFile } from './engine.ts'
import type { Cell, Columns, Kind, Table } from './table.ts'

/** The rows of Parquet files, file by file in their order; `where` is SQL. */
export function selection(columns: readonly string[], files: readonly string[], where = ''): string {
  const from = `read_parquet([${files.map(quotedFile).join(', ')}], hive_partitioning = false)`
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
  for await (const rows of readCells(engine, files, columns, where)) {
    const records = rows.map((cells) => record(cells, symbol))
    for (let from = 0; from < records.length; from += size) yield records.slice(from, from + size)
  }
}

/** The rows of Parquet files in order, each as its cells. */
export async function* readCells(
  engine: Engine,
  files: readonly string[],
  columns: Columns,
  where = '',
): AsyncGenerator<(readonly Cell[])[]> {
  const entries = Object.entries(columns)
  const sql = selection(
    entries.map((entry) => numeric(...entry)),
    files,
    where,
  )
  for await (const chunk of engine.stream(sql)) {
    const rows: Cell[][] = Array.from({ length: chunk.rowCount }, () => [])
    entries.forEach(([, kind], i) => {
      const cell = cellsOf(chunk, i, kind)
      rows.forEach((row, at) => {
        row.push(cell(at))
      })
    })
    yield rows
  }
}

function cellsOf(chunk: DuckDBDataChunk, column: number, kind: Kind): (row: number) => Cell {
  const vector = chunk.getColumnVector(column)
  if (kind === 'text') return (row) => vector.getItem(row) as string | null
  if (kind === 'name') return namesOf(vector)
  if (kind === 'seq') return (row) => smallest(vector.getItem(row) as bigint)
  const numbers = doubles(chunk, column)
  return (row) => (Number.isNaN(numbers[row]!) ? null : numbers[row]!)
}

/** What DuckDB's vectors of strings have of what is used here: 16 bytes a string, its length first, a short one whole. */
interface Strings {
  readonly dataView: DataView
  readonly validity: { itemValid(row: number): boolean }
}
const STRING = 16
const LONGEST_WITHIN = 12

/** Names come again and again: one whose bytes are those of the row before is not decoded again. */
function namesOf(vector: DuckDBVector): (row: number) => string | null {
  const { dataView, validity } = vector as unknown as Strings
  let [name, before] = ['', -1]
  const isSame = (row: number): boolean => {
    if (before === -1 || dataView.getUint32(row * STRING, true) > LONGEST_WITHIN) return false
    for (let i = 0; i < STRING; i += 4) {
      if (dataView.getUint32(row * STRING + i) !== dataView.getUint32(before * STRING + i)) return false
    }
    return true
  }
  return (row) => {
    if (!validity.itemValid(row)) return null
    if (!isSame(row)) name = vector.getItem(row) as string
    before = row
    return name
  }
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
