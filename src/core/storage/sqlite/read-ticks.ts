import type { Statement } from 'better-sqlite3'
import type { Tick } from '../../market/event.ts'
import { clean } from '../../market/trade.ts'
import { emptyColumns, type TickColumns } from '../columns.ts'
import { EXACT, FLAG_SHIFT } from '../marks.ts'
import type { ColumnChoice, Slice, Span } from '../store.ts'
import type { Names } from './dictionary.ts'
import type { Db } from './driver.ts'
import { wholeNumbers } from './jsonb.ts'
import { readTick, TICK_CELLS, type TickRow } from './tick-row.ts'

/**
 * Ticks read by one statement. Between chunks nothing is held open, so a reader never keeps the WAL from shrinking; of more
 * at a time the garbage collector copies each.
 */
const CHUNK = 2_048
/** About as many ticks are read as columns at a time. */
const SLICE = 20_000

const PRICES = ['time', 'price', 'marks'] as const
const AMOUNTS = ['volume', 'turnover'] as const

/**
 * Rows behind a position, as one text: taken value by value from the driver they cost half as much again. To compare all
 * three columns in each row would cost a fifth more.
 */
const ROWS = `SELECT json_group_array(json_array(${TICK_CELLS})) FROM (
  SELECT * FROM tick WHERE symbol = :symbol AND time >= :time AND (time > :time OR (seq, source) > (:seq, :source))
    AND time < :until ORDER BY time, seq, source LIMIT :size)`

interface Position {
  readonly time: number
  readonly seq: number | bigint
  readonly source: number
}

/** Reads the `tick` table in key order, chunk by chunk. */
export class TickReader {
  readonly #db: Db
  readonly #names: Names
  readonly #rows
  readonly #prices
  readonly #columns
  readonly #book
  readonly #minutes

  constructor(db: Db, names: Names) {
    this.#db = db
    this.#names = names
    this.#rows = db.prepare<unknown[], string>(ROWS).pluck()
    const arrays = (names: readonly string[]) => db.prepare<unknown[], [number, ...Uint8Array[]]>(asArrays(names)).raw()
    this.#prices = arrays(PRICES)
    this.#columns = arrays([...PRICES, ...AMOUNTS])
    this.#book = arrays([...PRICES, ...AMOUNTS, 'bid', 'ask'])
    this.#minutes = db
      .prepare<unknown[], [number, number]>(
        'SELECT start, ifnull(trades, 0) + left_out FROM minute WHERE symbol = ? AND start > ? AND start < ? ORDER BY start',
      )
      .raw()
  }

  *ticks(symbol: string, span: Span, size = CHUNK): Generator<Tick[]> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    const until = span.until ?? Number.MAX_SAFE_INTEGER
    let position = before(span.since)
    while (true) {
      const rows = this.#behind(position, id, until, size)
      if (rows.length === 0) return
      yield rows.map((row) => readTick(row, symbol, this.#names.sources.name(row[2])))
      if (rows.length < size) return
      const [time, seq, source] = rows.at(-1)!
      position = { time, seq: BigInt(seq), source }
    }
  }

  /**
   * The stretches that `columns` reads at a time, in order and without a hole between them: of whole minutes, and of
   * about SLICE ticks as the minutes' summaries count them.
   */
  *slices(symbol: string, span: Span): Generator<Slice> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    const until = span.until ?? Number.MAX_SAFE_INTEGER
    let since = span.since ?? Number.MIN_SAFE_INTEGER
    let count = 0
    for (const [start, ticks] of this.#minutes.all(id, since, until)) {
      if (count > 0 && count + ticks > SLICE) {
        yield { since, until: start }
        since = start
        count = 0
      }
      count += ticks
    }
    yield { since, until }
  }

  /** The ticks of one slice, in (time, seq) order. */
  columns(symbol: string, slice: Slice, choice: ColumnChoice): TickColumns {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return emptyColumns(0, choice.book === true)
    const statement = choice.book ? this.#book : choice.prices ? this.#prices : this.#columns
    return this.#db.transaction(() => this.#read(statement, id, slice))()
  }

  #behind(position: Position, symbol: number, until: number, size: number): TickRow[] {
    return JSON.parse(this.#rows.get({ ...position, symbol, until, size })!)
  }

  #read(statement: Statement<unknown[], [number, ...Uint8Array[]]>, id: number, slice: Slice): TickColumns {
    const [length, ...blobs] = statement.get(id, slice.since, slice.until)!
    const [times, prices, marks, ...amounts] = blobs.map((blob) => wholeNumbers(blob, length))
    const columns = decoded(times!, prices!, marks!, amounts)
    if (marks!.some((mark) => (mark & EXACT) !== 0)) this.#correct(columns, marks!, amounts.length > 0, id, slice)
    return columns
  }

  /** Amounts finer than a thousandth are read again as they are. */
  #correct(columns: TickColumns, marks: Float64Array, amounts: boolean, id: number, { since, until }: Slice): void {
    const rows = this.#behind(before(since), id, until, marks.length)
    for (let i = 0; i < marks.length; i++) {
      if ((marks[i]! & EXACT) === 0) continue
      const row = rows[i]!
      columns.last_price[i] = row[3]
      if (amounts) columns.turnover[i] = row[5] ?? Number.NaN
      if (columns.bid_price) columns.bid_price[i] = row[6] ?? Number.NaN
      if (columns.ask_price) columns.ask_price[i] = row[7] ?? Number.NaN
    }
  }
}

type Numbers = Float64Array<ArrayBuffer>

/** Columns of what the disk holds: amounts in thousandths, bid and ask as distances from the price. */
function decoded(times: Numbers, prices: Numbers, marks: Numbers, amounts: readonly Numbers[]): TickColumns {
  const { length } = times
  const [volume, turnover, bid, ask] = amounts
  const columns = { ...emptyColumns(length, bid !== undefined), timestamp: times }
  for (let i = 0; i < length; i++) {
    columns.phase[i] = marks[i]! & 7
    columns.flags[i] = marks[i]! >> FLAG_SHIFT
    columns.last_price[i] = prices[i]! / 1000
    const told = turnover ? turnover[i]! / 1000 : Number.NaN
    columns.volume[i] = volume ? volume[i]! : Number.NaN
    columns.turnover[i] = volume && Number.isNaN(told) ? clean(columns.last_price[i]! * volume[i]!) : told
    if (!bid || !ask) continue
    columns.bid_price![i] = (prices[i]! - bid[i]!) / 1000
    columns.ask_price![i] = (prices[i]! + ask[i]!) / 1000
  }
  return columns
}

/** The primary key is the table's only order, so that the aggregates see its rows sorted, without a sort. */
function asArrays(names: readonly string[]): string {
  const arrays = names.map((name) => `jsonb_group_array(${whole(name)})`)
  return `SELECT count(*), ${arrays.join(', ')} FROM tick WHERE symbol = ? AND time >= ? AND time < ?`
}

/** Amounts are whole thousandths in columns of REAL, but for those that #correct reads again. */
function whole(name: string): string {
  return INTEGERS.includes(name) ? name : `CAST(${name} AS INTEGER)`
}
const INTEGERS = ['time', 'marks', 'volume']

/** The position before every row at or after `since`. */
function before(since = Number.MIN_SAFE_INTEGER): Position {
  return { time: since, seq: -(2n ** 63n), source: -1 }
}
