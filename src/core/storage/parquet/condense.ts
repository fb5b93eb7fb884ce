import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { Summary } from '../../bars/summary.ts'
import { CLOSE_TOLERANCE } from '../../market/session.ts'
import { dayNumber, MINUTE } from '../../market/time.ts'
import type { Condensing } from '../store.ts'
import { FLAG_BITS } from './columns.ts'
import type { Engine } from './engine.ts'
import { doubles, selection } from './read-table.ts'
import { isExact, piecesOf, type Row, type Stretches } from './stretches.ts'

/** A day with ticks; its summaries in order, some at a time, null where their sums would depend on the order of adding. */
export interface CondensedDay {
  readonly day: number
  readonly pieces: Iterable<readonly Summary[]> | null
}

/**
 * The ticks of Parquet files, a day in order of time each, as summaries of stretches that lie in one bucket each. A minute
 * is cut at every multiple of `every`, and where a trade no longer counts for the session that ended with it; sessions
 * and auctions begin and end with a minute. Sums of thousandths are exact in doubles as long as every amount lies on that
 * grid and a day comes to less than 2^53 of them.
 * @param where SQL, which of the ticks
 */
export async function* condense(
  engine: Engine,
  files: readonly string[],
  where: string,
  { symbol, every, leftOut }: Condensing & { symbol: string },
): AsyncGenerator<CondensedDay> {
  const taken = `(${FLAG_BITS}) & ${leftOut} = 0`
  const ticks = selection(TERMS, files, `${where === '' ? 'WHERE' : `${where} AND`} ${taken}`)
  const sql = `SELECT ${SUMS.join(', ')} FROM (${ticks}) GROUP BY ${stretch(every)} ORDER BY min(ms)`
  let [day, parts]: [number, Stretches[]] = [Number.NaN, []]
  for await (const chunk of engine.stream(sql)) {
    for (const part of byDay(chunk)) {
      if (part.day !== day && parts.length > 0) yield condensed(day, parts, symbol)
      if (part.day !== day) [day, parts] = [part.day, []]
      parts.push(part)
    }
  }
  if (parts.length > 0) yield condensed(day, parts, symbol)
}

function condensed(day: number, parts: readonly Stretches[], symbol: string): CondensedDay {
  return { day, pieces: isExact(parts) ? piecesOf(parts, symbol) : null }
}

function* byDay(chunk: DuckDBDataChunk): Generator<Stretches & { day: number }> {
  const columns = SUMS.map((_, i) => doubles(chunk, i)) as unknown as Row
  const [first] = columns
  for (let from = 0, to = 0; from < chunk.rowCount; from = to) {
    const day = dayNumber(first[from]!)
    while (to < chunk.rowCount && dayNumber(first[to]!) === day) to++
    yield { day, chunk, columns, from, to }
  }
}

/** What is summed of a tick. */
const TERMS = [
  'epoch_ms("timestamp") AS ms',
  'file_row_number AS place',
  'last_price AS price',
  'round(last_price * 1000) AS price_mills',
  'volume::DOUBLE AS volume',
  'round(turnover * 1000) AS turnover_mills',
  'turnover',
]

/** What makes a tick unfit: an amount off the grid of thousandths, or below zero. */
const UNFIT = 'price_mills / 1000 <> price OR volume < 0 OR abs(turnover_mills) / 1000 <> turnover'

/** In the order of a `Row`. */
const SUMS = [
  ...['min(ms)', 'max(ms)', 'arg_min(price, place)', 'max(price)', 'min(price)', 'arg_max(price, place)'],
  ...['sum(volume)', 'sum(turnover_mills)', 'sum(price_mills * volume)', 'sum(price_mills)', 'count(*)'],
  ...['count(volume)', 'count(turnover)', `coalesce(max(${UNFIT}), false)`],
].map((sum) => `(${sum})::DOUBLE`)

/** What is one for the ticks of a stretch and no others, as SQL. */
function stretch(every: number): string {
  const start = `ms - ms % ${every}`
  const late = CLOSE_TOLERANCE % every
  const next = CLOSE_TOLERANCE - late + every
  const afterClose = `(ms + ${MINUTE - CLOSE_TOLERANCE}) % ${MINUTE} < ${next - CLOSE_TOLERANCE}`
  return late === 0 ? start : `${start} + (${afterClose})::BIGINT`
}
