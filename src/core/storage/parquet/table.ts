/**
 * What a column of a Parquet file holds. `time`: TIMESTAMP of milliseconds, UTC; `whole`: INT64; `number`: DOUBLE; `text`:
 * a string, `name`: one of few; `seq`: INT64 with numbers beyond 2^53.
 */
export type Kind = 'time' | 'whole' | 'number' | 'name' | 'text' | 'seq'

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
