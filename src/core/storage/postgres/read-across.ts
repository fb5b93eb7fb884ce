import type { Gap, Quote } from '../../market/event.ts'
import { DAY } from '../../market/time.ts'
import type { Query } from '../../pipeline/source.ts'
import { inReadingOrder, type Stored } from '../reading-order.ts'
import type { Ask } from './connection.ts'
import type { Names } from './dictionary.ts'
import { QUOTE_COLUMNS, type QuoteRow, readQuote } from './read-records.ts'
import { namedTicks } from './read-ticks.ts'
import { TICK_COLUMNS, type TickRow } from './tick-row.ts'
import { endsOf, numbers } from './values.ts'

/** Rows that a stretch of time is meant to hold: the next one is made longer or shorter by what the last one held. */
const TARGET = 8_192
const SHORTEST = 10

/** What a read across symbols is made of. */
export interface Shelves {
  readonly ask: Ask
  readonly names: Names
  gaps(query: Query): Promise<readonly Gap[]>
}

/**
 * Events of many symbols in order of time, then seq, then symbol; a gap behind the ticks of its `from`, since it lies
 * between that tick and the next. Read by stretches of time, in each of which every symbol is found by its key.
 */
export async function* readAcross(
  { ask, names, gaps }: Shelves,
  query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] },
): AsyncGenerator<Stored[]> {
  const types = query.types ?? ['tick', 'quote', 'gap']
  const known = await ask<[number, string]>('SELECT id, name FROM symbol ORDER BY name')
  const ids = known.flatMap(([id, name]) => (!query.symbols || query.symbols.includes(name) ? [id] : []))
  const holes = types.includes('gap') ? [...(await gaps(query))] : []
  for await (const { rows, until } of stretches(ask, ids, types, query)) {
    const events: Stored[] = [
      ...(await namedTicks(rows.ticks, names)),
      ...(await namedQuotes(rows.quotes, names)),
      ...takenBefore(until, holes),
    ]
    // what stands in order already, as ticks alone do, costs one look each
    yield events.sort(inReadingOrder)
  }
  if (holes.length > 0) yield holes
}

interface Stretch {
  readonly rows: { readonly ticks: TickRow[]; readonly quotes: QuoteRow[] }
  /** Exclusive, epoch ms. */
  readonly until: number
}

async function* stretches(
  ask: Ask,
  ids: readonly number[],
  types: readonly string[],
  query: Query,
): AsyncGenerator<Stretch> {
  const { since, until } = endsOf(query)
  const tables = (['tick', 'quote'] as const).filter((table) => types.includes(table))
  const symbols = numbers(ids)
  const rowsOf = async <R extends readonly unknown[]>(
    table: 'tick' | 'quote',
    columns: string,
    from: number,
    to: number,
  ) =>
    tables.includes(table)
      ? ask<R>(
          `SELECT ${columns} FROM ${table} WHERE symbol = ANY($1::int[]) AND time >= $2 AND time < $3
            ORDER BY time, seq, (SELECT name FROM symbol WHERE id = symbol), source`,
          [symbols, from, to],
        )
      : []
  let length = 1_000
  for (let from = await nextTime(ask, tables, symbols, since, until); from !== null; ) {
    const to = Math.min(until, from + length)
    const [ticks, quotes] = await Promise.all([
      rowsOf<TickRow>('tick', TICK_COLUMNS, from, to),
      rowsOf<QuoteRow>('quote', QUOTE_COLUMNS, from, to),
    ])
    const count = ticks.length + quotes.length
    if (count > 0) yield { rows: { ticks, quotes }, until: to }
    length = Math.round(Math.min(DAY, Math.max(SHORTEST, length * Math.min(4, TARGET / Math.max(1, count)))))
    from = count === 0 ? await nextTime(ask, tables, symbols, to, until) : to < until ? to : null
  }
}

/** The time of the first row from `since` on; null where there is none. */
async function nextTime(
  ask: Ask,
  tables: readonly string[],
  symbols: string,
  since: number,
  until: number,
): Promise<number | null> {
  if (tables.length === 0) return null
  const each = tables.map(
    (table) => `(SELECT time FROM ${table} WHERE symbol = id AND time >= $2 AND time < $3 ORDER BY time LIMIT 1)`,
  )
  const [row] = await ask<[number | null]>(`SELECT min(least(${each.join(', ')})) FROM unnest($1::int[]) id`, [
    symbols,
    since,
    until,
  ])
  return row![0]
}

async function namedQuotes(rows: readonly QuoteRow[], { symbols, sources }: Names): Promise<Quote[]> {
  await symbols.learn(rows.map(({ 0: symbol }) => symbol))
  await sources.learn(rows.map(({ 3: source }) => source))
  return rows.map((row) => readQuote(row, symbols.name(row[0]), sources.name(row[3])))
}

/** Takes the holes that begin before `until` out of those that are left, which are in order of `from`. */
function takenBefore(until: number, holes: Gap[]): Gap[] {
  const later = holes.findIndex(({ from }) => from >= until)
  return holes.splice(0, later === -1 ? holes.length : later)
}
