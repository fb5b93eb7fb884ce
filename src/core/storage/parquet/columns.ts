import type { DuckDBDataChunk } from '@duckdb/node-api'
import { FLAGS } from '../../market/event.ts'
import { emptyColumns, PHASES, type TickColumns } from '../columns.ts'
import type { ColumnChoice } from '../store.ts'
import type { Engine } from './engine.ts'
import { doubles, numeric, selection } from './read-table.ts'
import { TICKS } from './tables.ts'

const phase = `(CASE phase ${PHASES.map((name, i) => `WHEN '${name}' THEN ${i}`).join(' ')} END)::DOUBLE`
const bit = (flag: string, i: number) =>
  `CASE WHEN contains(',' || flags || ',', ',${flag},') THEN ${1 << i} ELSE 0 END`
/** The flags of a tick as bits, FLAGS[i] as bit i: SQL. */
export const FLAG_BITS = `CASE flags WHEN '' THEN 0 ELSE ${FLAGS.map(bit).join(' + ')} END`

/** The ticks of Parquet files as columns, a chunk of DuckDB's at a time. */
export async function* readColumns(
  engine: Engine,
  files: readonly string[],
  where: string,
  { book = false, prices = false }: ColumnChoice,
): AsyncGenerator<TickColumns> {
  const amounts = prices ? [] : ['volume', 'turnover']
  const quotes = book ? ['bid_price', 'ask_price'] : []
  const numbers = ['timestamp', 'last_price', ...amounts, ...quotes].map((name) => numeric(name, TICKS.columns[name]!))
  for await (const chunk of engine.stream(selection([phase, `(${FLAG_BITS})::DOUBLE`, ...numbers], files, where))) {
    yield taken(chunk, book, prices)
  }
}

function taken(chunk: DuckDBDataChunk, book: boolean, prices: boolean): TickColumns {
  const length = chunk.rowCount
  const columns = emptyColumns(length, book)
  const { timestamp, last_price, volume, turnover, bid_price, ask_price } = columns
  const numbers = [timestamp, last_price, ...(prices ? [] : [volume, turnover]), bid_price, ask_price]
  columns.phase.set(doubles(chunk, 0))
  columns.flags.set(doubles(chunk, 1))
  numbers
    .filter((column) => column !== null)
    .forEach((column, i) => {
      column.set(doubles(chunk, i + 2))
    })
  if (prices) for (const column of [volume, turnover]) column.fill(Number.NaN)
  return columns
}
