import type { Seq, Tick } from '../../market/event.ts'
import { clean } from '../../market/trade.ts'
import { emptyColumns, type TickColumns } from '../columns.ts'
import { FLAG_SHIFT } from '../marks.ts'
import type { ColumnChoice, Slice, Span } from '../store.ts'
import type { Ask } from './connection.ts'
import type { Names } from './dictionary.ts'
import { readTick, TICK_COLUMNS, type TickRow } from './tick-row.ts'
import { doubles, endsOf } from './values.ts'

/** Ticks read by one statement: nothing is held open between two. */
const CHUNK = 20_000

/** The number before every other one. */
const FIRST: Seq = -(2n ** 63n)

/** Reads the ticks of one symbol in key order, chunk by chunk. */
export class TickReader {
  readonly #ask: Ask
  readonly #names: Names

  constructor(ask: Ask, names: Names) {
    this.#ask = ask
    this.#names = names
  }

  async *ticks(symbol: string, span: Span): AsyncGenerator<Tick[]> {
    const [id] = await this.#names.symbols.find([symbol])
    if (id === undefined) return
    const { since, until } = endsOf(span)
    let position: readonly [number, Seq, number] = [since, FIRST, -1]
    while (true) {
      const rows = await this.#ask<TickRow>(
        `SELECT ${TICK_COLUMNS} FROM tick WHERE symbol = $1 AND (time, seq, source) > ($2, $3, $4) AND time < $5
          ORDER BY time, seq, source LIMIT ${CHUNK}`,
        [id, ...position, until],
      )
      if (rows.length > 0) yield await namedTicks(rows, this.#names)
      if (rows.length < CHUNK) return
      const [time, seq, source] = rows.at(-1)!
      position = [time, seq, source]
    }
  }

  /** Columns slice by slice; while one is worked on, the server reads the next. */
  async *columns(symbol: string, { book, prices, ...span }: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    const [id] = await this.#names.symbols.find([symbol])
    if (id === undefined) return
    const read = (slice: Slice | undefined): Promise<TickColumns> | undefined => {
      const columns = slice && this.#columns(id, slice, book === true, prices === true)
      columns?.catch(() => {})
      return columns
    }
    const slices = await this.#slices(id, span)
    for (let next = read(slices.shift()); next !== undefined; ) {
      const columns = await next
      next = read(slices.shift())
      if (columns.length > 0) yield columns
    }
  }

  /**
   * The stretches that `columns` reads at a time, in order and without a hole between them: of whole minutes, and of
   * about CHUNK ticks as the minutes' summaries count them.
   */
  async #slices(symbol: number, span: Span): Promise<Slice[]> {
    const { since, until } = endsOf(span)
    const rows = await this.#ask<[number]>(
      `SELECT min(start) FROM (
        SELECT start, sum(coalesce(trades, 0) + left_out) OVER (ORDER BY start) / ${CHUNK} AS nth FROM minute
        WHERE symbol = $1 AND start > $2 AND start < $3) counted GROUP BY nth ORDER BY 1`,
      [symbol, since, until],
    )
    const starts = [since, ...rows.map(([start]) => start)]
    return starts.map((start, i) => ({ since: start, until: starts[i + 1] ?? until }))
  }

  async #columns(symbol: number, slice: Slice, book: boolean, prices: boolean): Promise<TickColumns> {
    const names = [
      'time',
      'price',
      'marks',
      ...(prices && !book ? [] : ['volume', 'turnover']),
      ...(book ? ['bid', 'ask'] : []),
    ]
    const [row] = await this.#ask<Buffer[]>(
      `SELECT ${names.map((name) => `string_agg(float8send(coalesce(${name}::float8, ${MISSING[name] ?? "'NaN'"})), '')`).join(', ')}
        FROM (SELECT * FROM tick WHERE symbol = $1 AND time >= $2 AND time < $3 ORDER BY time, seq, source) slice`,
      [symbol, slice.since, slice.until],
    )
    if (row![0] === null) return emptyColumns(0, book)
    return decoded(row!.map(doubles), book)
  }
}

/** What stands for a turnover of price * volume, which is not stored: no sum of money is that. */
const USUAL = Number.NEGATIVE_INFINITY
const MISSING: Readonly<Record<string, string>> = { turnover: "'-Infinity'" }

/** Columns of what the disk holds. */
function decoded(
  [timestamp, last_price, marks, volume, turnover, bid, ask]: readonly Float64Array[],
  book: boolean,
): TickColumns {
  const { length } = timestamp!
  const columns = {
    ...emptyColumns(length, false),
    ...{ timestamp: timestamp!, last_price: last_price! },
    ...(volume && { volume, turnover: turnover! }),
    ...(book && { bid_price: bid!, ask_price: ask! }),
  }
  for (let i = 0; i < length; i++) {
    columns.phase[i] = marks![i]! & 7
    columns.flags[i] = marks![i]! >> FLAG_SHIFT
    if (volume === undefined) columns.volume[i] = columns.turnover[i] = Number.NaN
    else if (turnover![i] === USUAL) turnover![i] = clean(last_price![i]! * volume[i]!)
  }
  return columns
}

/** Rows as ticks, whichever symbols and sources they name. */
export async function namedTicks(rows: readonly TickRow[], { symbols, sources }: Names): Promise<Tick[]> {
  await symbols.learn(rows.map((row) => row[14]))
  await sources.learn(rows.map((row) => row[2]))
  return rows.map((row) => readTick(row, symbols.name(row[14]), sources.name(row[2])))
}
