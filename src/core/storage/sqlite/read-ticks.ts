import type { Tick } from '../../market/event.ts'
import { clean } from '../../market/trade.ts'
import { emptyColumns, type TickColumns } from '../columns.ts'
import type { Span } from '../store.ts'
import type { Names } from './dictionary.ts'
import type { Db } from './driver.ts'
import { EXACT, FLAG_SHIFT } from './marks.ts'
import { readTick, TICK_COLUMNS, type TickRow } from './tick-row.ts'

/** Ticks read by one statement. Between chunks nothing is held open, so a reader never keeps the WAL from shrinking. */
export const CHUNK = 20_000

const RANGE = `FROM tick WHERE symbol = ? AND (time, seq, source) > (?, ?, ?) AND time < ? ORDER BY time, seq, source LIMIT ?`

type Position = readonly [time: number, seq: number | bigint, source: number]

/** Reads the `tick` table in key order, chunk by chunk. */
export class TickReader {
  readonly #db: Db
  readonly #names: Names
  readonly #rows
  readonly #columns
  readonly #book
  readonly #last

  constructor(db: Db, names: Names) {
    this.#db = db
    this.#names = names
    this.#rows = db.prepare<unknown[], TickRow>(`SELECT ${TICK_COLUMNS} ${RANGE}`).raw()
    this.#columns = db.prepare<unknown[], string[]>(asArrays(['time', 'price', 'volume', 'turnover', 'marks'])).raw()
    this.#book = db
      .prepare<unknown[], string[]>(asArrays(['time', 'price', 'volume', 'turnover', 'marks', 'bid', 'ask']))
      .raw()
    this.#last = db
      .prepare<unknown[], [bigint, bigint]>(
        'SELECT seq, source FROM tick WHERE symbol = ? AND time = ? AND (time, seq, source) > (?, ?, ?) ORDER BY seq, source LIMIT 1 OFFSET ?',
      )
      .raw()
      .safeIntegers()
  }

  *ticks(symbol: string, span: Span, size = CHUNK): Generator<Tick[]> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    const until = span.until ?? Number.MAX_SAFE_INTEGER
    let position = before(span.since)
    while (true) {
      const rows = this.#rows.all(id, ...position, until, size)
      if (rows.length === 0) return
      yield rows.map((row) => readTick(row, symbol, this.#names.sources.name(row[2])))
      if (rows.length < size) return
      const [time, seq, source] = rows.at(-1)!
      position = [time, BigInt(seq), source]
    }
  }

  *columns(symbol: string, span: Span & { book?: boolean }): Generator<TickColumns> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    const until = span.until ?? Number.MAX_SAFE_INTEGER
    let position: Position | null = before(span.since)
    while (position) {
      const from: Position = position
      const chunk = this.#db.transaction(() => this.#columnChunk(id, from, until, span.book === true))()
      if (chunk.columns.length > 0) yield chunk.columns
      position = chunk.last
    }
  }

  /** One chunk and the position of its last row, null when it ends the range; inside one read transaction. */
  #columnChunk(id: number, from: Position, until: number, book: boolean) {
    const texts = (book ? this.#book : this.#columns).get(id, ...from, until, CHUNK)!
    const arrays = texts.map((text) => JSON.parse(text) as number[])
    const columns = this.#decode(arrays, id, from, until)
    return { columns, last: columns.length < CHUNK ? null : this.#lastPosition(id, columns.timestamp, from) }
  }

  #decode(arrays: readonly (readonly number[])[], id: number, position: Position, until: number): TickColumns {
    const [time, price, volume, turnover, marks, bid, ask] = arrays as [
      number[],
      number[],
      number[],
      number[],
      number[],
      number[]?,
      number[]?,
    ]
    const columns = emptyColumns(time.length, bid !== undefined)
    let anyExact = 0
    for (let i = 0; i < time.length; i++) {
      const mark = marks[i]!
      anyExact |= mark
      columns.timestamp[i] = time[i]!
      columns.phase[i] = mark & 7
      columns.flags[i] = mark >> FLAG_SHIFT
      const amount = price[i]! / 1000
      columns.last_price[i] = amount
      const shares = volume[i] as number | null
      columns.volume[i] = shares ?? Number.NaN
      const told = turnover[i] as number | null
      columns.turnover[i] = told !== null ? told / 1000 : shares === null ? Number.NaN : clean(amount * shares)
    }
    if (bid && ask) {
      for (let i = 0; i < time.length; i++) {
        const below = bid[i] as number | null
        const above = ask[i] as number | null
        columns.bid_price![i] = below === null ? Number.NaN : (price[i]! - below) / 1000
        columns.ask_price![i] = above === null ? Number.NaN : (price[i]! + above) / 1000
      }
    }
    if (anyExact & EXACT) this.#correct(columns, marks, id, position, until)
    return columns
  }

  /** JSON carries 15 digits; amounts finer than a thousandth are read again as they are. */
  #correct(columns: TickColumns, marks: readonly number[], id: number, position: Position, until: number): void {
    const rows = this.#rows.all(id, ...position, until, marks.length)
    for (let i = 0; i < marks.length; i++) {
      if ((marks[i]! & EXACT) === 0) continue
      const row = rows[i]!
      columns.last_price[i] = row[3]
      columns.turnover[i] = row[5] ?? Number.NaN
      if (columns.bid_price) columns.bid_price[i] = row[6] ?? Number.NaN
      if (columns.ask_price) columns.ask_price[i] = row[7] ?? Number.NaN
    }
  }

  /** Position of a chunk's last row, whose seq JSON may not carry exactly. */
  #lastPosition(id: number, times: Float64Array, position: Position): Position {
    const time = times.at(-1)!
    let first = times.length - 1
    while (first > 0 && times[first - 1] === time) first--
    const [seq, source] = this.#last.get(id, time, ...position, times.length - 1 - first)!
    return [time, seq, Number(source)]
  }
}

function asArrays(names: readonly string[]): string {
  const arrays = names.map((name) => `json_group_array(${name})`)
  return `SELECT ${arrays.join(', ')} FROM (SELECT ${names.join(', ')} ${RANGE})`
}

/** The position before every row at or after `since`. */
function before(since = Number.MIN_SAFE_INTEGER): Position {
  return [since, -(2n ** 63n), -1]
}
