import type { Statement } from 'better-sqlite3'
import type { Tick } from '../../market/event.ts'
import { clean } from '../../market/trade.ts'
import { emptyColumns, type TickColumns } from '../columns.ts'
import type { ColumnChoice, Span } from '../store.ts'
import type { Names } from './dictionary.ts'
import type { Db } from './driver.ts'
import { wholeNumbers } from './jsonb.ts'
import { EXACT, FLAG_SHIFT } from './marks.ts'
import { readTick, TICK_COLUMNS, type TickRow } from './tick-row.ts'

/** Ticks read by one statement. Between chunks nothing is held open, so a reader never keeps the WAL from shrinking. */
export const CHUNK = 20_000

const PRICES = ['time', 'price', 'marks'] as const
const AMOUNTS = ['volume', 'turnover'] as const

const RANGE = `FROM tick WHERE symbol = ? AND (time, seq, source) > (?, ?, ?) AND time < ? ORDER BY time, seq, source LIMIT ?`

type Position = readonly [time: number, seq: number | bigint, source: number]

/** Reads the `tick` table in key order, chunk by chunk. */
export class TickReader {
  readonly #db: Db
  readonly #names: Names
  readonly #rows
  readonly #prices
  readonly #columns
  readonly #book
  readonly #last

  constructor(db: Db, names: Names) {
    this.#db = db
    this.#names = names
    this.#rows = db.prepare<unknown[], TickRow>(`SELECT ${TICK_COLUMNS} ${RANGE}`).raw()
    const arrays = (names: readonly string[]) => db.prepare<unknown[], Uint8Array[]>(asArrays(names)).raw()
    this.#prices = arrays(PRICES)
    this.#columns = arrays([...PRICES, ...AMOUNTS])
    this.#book = arrays([...PRICES, ...AMOUNTS, 'bid', 'ask'])
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

  *columns(symbol: string, span: Span & ColumnChoice): Generator<TickColumns> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    const until = span.until ?? Number.MAX_SAFE_INTEGER
    const statement = span.book ? this.#book : span.prices ? this.#prices : this.#columns
    let position: Position | null = before(span.since)
    while (position) {
      const from: Position = position
      const chunk = this.#db.transaction(() => this.#columnChunk(statement, id, from, until))()
      if (chunk.columns.length > 0) yield chunk.columns
      position = chunk.last
    }
  }

  /** One chunk and the position of its last row, null when it ends the range; inside one read transaction. */
  #columnChunk(statement: Statement<unknown[], Uint8Array[]>, id: number, from: Position, until: number) {
    const numbers = statement.get(id, ...from, until, CHUNK)!.map((blob) => wholeNumbers(blob, CHUNK))
    const columns = this.#decode(numbers, id, from, until)
    return { columns, last: columns.length < CHUNK ? null : this.#lastPosition(id, columns.timestamp, from) }
  }

  #decode(numbers: readonly Float64Array[], id: number, position: Position, until: number): TickColumns {
    const [time, price, marks, volume, turnover, bid, ask] = numbers as [
      Float64Array,
      Float64Array,
      Float64Array,
      ...(Float64Array | undefined)[],
    ]
    const columns = { ...emptyColumns(time.length, bid !== undefined), timestamp: time }
    let anyExact = 0
    for (let i = 0; i < time.length; i++) {
      const mark = marks[i]!
      anyExact |= mark
      columns.phase[i] = mark & 7
      columns.flags[i] = mark >> FLAG_SHIFT
      columns.last_price[i] = price[i]! / 1000
    }
    if (volume && turnover) {
      columns.volume.set(volume)
      for (let i = 0; i < time.length; i++) {
        const told = turnover[i]! / 1000
        columns.turnover[i] = Number.isNaN(told) ? clean(columns.last_price[i]! * volume[i]!) : told
      }
    } else {
      columns.volume.fill(Number.NaN)
      columns.turnover.fill(Number.NaN)
    }
    if (bid && ask) {
      for (let i = 0; i < time.length; i++) {
        columns.bid_price![i] = (price[i]! - bid[i]!) / 1000
        columns.ask_price![i] = (price[i]! + ask[i]!) / 1000
      }
    }
    if (anyExact & EXACT) this.#correct(columns, marks, turnover !== undefined, id, position, until)
    return columns
  }

  /** Amounts finer than a thousandth are read again as they are. */
  #correct(
    columns: TickColumns,
    marks: Float64Array,
    amounts: boolean,
    id: number,
    position: Position,
    until: number,
  ): void {
    const rows = this.#rows.all(id, ...position, until, marks.length)
    for (let i = 0; i < marks.length; i++) {
      if ((marks[i]! & EXACT) === 0) continue
      const row = rows[i]!
      columns.last_price[i] = row[3]
      if (amounts) columns.turnover[i] = row[5] ?? Number.NaN
      if (columns.bid_price) columns.bid_price[i] = row[6] ?? Number.NaN
      if (columns.ask_price) columns.ask_price[i] = row[7] ?? Number.NaN
    }
  }

  /** Position of a chunk's last row, whose seq may be beyond 2^53. */
  #lastPosition(id: number, times: Float64Array, position: Position): Position {
    const time = times.at(-1)!
    let first = times.length - 1
    while (first > 0 && times[first - 1] === time) first--
    const [seq, source] = this.#last.get(id, time, ...position, times.length - 1 - first)!
    return [time, seq, Number(source)]
  }
}

function asArrays(names: readonly string[]): string {
  const arrays = names.map((name) => `jsonb_group_array(${whole(name)})`)
  return `SELECT ${arrays.join(', ')} FROM (SELECT ${names.join(', ')} ${RANGE})`
}

/** Amounts are whole thousandths in columns of REAL, but for those that #correct reads again. */
function whole(name: string): string {
  return INTEGERS.includes(name) ? name : `CAST(${name} AS INTEGER)`
}
const INTEGERS = ['time', 'marks', 'volume']

/** The position before every row at or after `since`. */
function before(since = Number.MIN_SAFE_INTEGER): Position {
  return [since, -(2n ** 63n), -1]
}
