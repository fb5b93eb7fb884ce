import { rmSync } from 'node:fs'
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import type { Seq } from '../../market/event.ts'
import { type Engine, quoted, quotedFile } from './engine.ts'
import { selection } from './read-table.ts'
import type { Cell, Kind, Table } from './table.ts'

/** Rows that are handed to DuckDB at a time: no chunk of it holds more. */
const ROWS = 2_048
/** Rows that are held in memory before they go to a file: one aside where there are more. */
const PART = 500 * ROWS

/**
 * Writes records into a new Parquet file, compressed by zstd, in the order given. Of many, parts are written
 * aside first, so that DuckDB never holds them all.
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
  return `COPY (${select}) TO ${quotedFile(file)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`
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
      for (let at = 0; at < rows.length; at++) {
        const cell = rows[at]![i]!
        if (kind === 'text') vector.setItem(at, cell)
        else if (kind === 'seq') vector.items[at] = BigInt(cell as Seq)
        else if (names) vector.items[at] = placeOf(names, cell as string | null)
        else vector.items[at] = (cell as number | null) ?? Number.NaN
      }
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
