import { byTimeAndSeq, type Quote, type Seq, type Tick } from '../../market/event.ts'
import { place } from '../../market/place.ts'
import type { Ask } from './connection.ts'
import type { Names } from './dictionary.ts'
import { numbers } from './values.ts'

/** A record that a transaction inserts, and the key it gets. */
export interface Placed<R> {
  readonly record: R
  readonly seq: Seq
  readonly symbol: number
  readonly source: number
}

/** A table of records that have a key of their own: (symbol, time, seq, source). */
export interface Shelf<R> {
  readonly table: 'tick' | 'quote'
  /** Columns that tell one record from another under the same key, and what a record has in them. */
  readonly telling: string
  readonly told: (record: R) => readonly unknown[]
}

interface Key {
  readonly time: number
  readonly seq: Seq
  readonly source: number
}

/** The newest keys of symbols, by the symbol's integer. */
type Tips = ReadonlyMap<number, Key>
const NO_TIPS: Tips = new Map()

/** The newest key of each symbol on a shelf. */
async function tipsOf(ask: Ask, { table }: Pick<Shelf<never>, 'table'>, symbols: Iterable<number>): Promise<Tips> {
  const rows = await ask<[number, number, Seq, number]>(
    `SELECT id, time, seq, source FROM unnest($1::int[]) id CROSS JOIN LATERAL (
      SELECT time, seq, source FROM ${table} WHERE symbol = id ORDER BY time DESC, seq DESC, source DESC LIMIT 1) newest`,
    [numbers([...symbols])],
  )
  return new Map(rows.map(([id, time, seq, source]) => [id, { time, seq, source }]))
}

/**
 * The records that are not on the shelf yet, in the order of the keys they get: its own, or the next free number where another
 * record has that. Nobody is kept out meanwhile: a key that another writer takes first refuses the insertion, and the
 * transaction begins again. Since no record ever leaves the shelf, what was found taken on the way to a key stays so, and
 * a record that was let in at the first free number cannot stand at another one.
 */
export async function placeAll<R extends Tick | Quote>(
  ask: Ask,
  shelf: Shelf<R>,
  records: readonly R[],
  { symbols, sources }: Names,
): Promise<Placed<R>[]> {
  if (records.length === 0) return []
  const wanted = records.map((record) => ({
    ...{ record, seq: record.seq, symbol: symbols.id(record.symbol), source: sources.id(record.source) },
  }))
  wanted.sort(byKey)
  const tips = await tipsOf(ask, shelf, new Set(wanted.map(({ symbol }) => symbol)))
  if (areAllBeyond(wanted, tips)) return wanted
  const taken = await takenBy(ask, shelf, wanted, tips)
  if (taken.size === 0 && areAllBeyond(wanted, NO_TIPS)) return wanted
  const fresh: Placed<R>[] = []
  for (const each of wanted) {
    const { symbol, source, record } = each
    const keyOf = (seq: Seq): string => `${symbol} ${record.timestamp} ${source} ${seq}`
    const told = shelf.told(record).join(' ')
    const insert = (seq: Seq): boolean => {
      if (taken.has(keyOf(seq))) return false
      taken.set(keyOf(seq), told)
      return true
    }
    const seq = place(record.seq, insert, (seq) => taken.get(keyOf(seq)) === told)
    if (seq !== null) fresh.push({ ...each, seq })
  }
  return fresh.sort(byKey)
}

/** Two writers who put keys in in this order never wait for each other in a circle. */
function byKey(a: Placed<Tick | Quote>, b: Placed<Tick | Quote>): number {
  return a.symbol - b.symbol || byTimeAndSeq(positionOf(a), positionOf(b)) || a.source - b.source
}

/** The time and the number of a key. */
export function positionOf({ record: { timestamp }, seq }: Placed<Tick | Quote>): { timestamp: number; seq: Seq } {
  return { timestamp, seq }
}

/** Whether every record comes after the one before it and after all that is there: then none can be there already. */
function areAllBeyond(wanted: readonly Placed<Tick | Quote>[], tips: Tips): boolean {
  let [symbol, tip]: [number, Key | undefined] = [0, undefined]
  for (const each of wanted) {
    if (each.symbol !== symbol) tip = tips.get(each.symbol)
    if (!isBeyond(each, tip)) return false
    symbol = each.symbol
    tip = { time: each.record.timestamp, seq: each.seq, source: each.source }
  }
  return true
}

function isBeyond({ record, seq, source }: Placed<Tick | Quote>, tip: Key | undefined): boolean {
  if (tip === undefined || record.timestamp !== tip.time) return tip === undefined || record.timestamp > tip.time
  return seq > tip.seq || (seq === tip.seq && source > tip.source)
}

/** What is there at the times of these records: what tells it apart, by key. */
async function takenBy<R extends Tick | Quote>(
  ask: Ask,
  { table, telling }: Shelf<R>,
  wanted: readonly Placed<R>[],
  tips: Tips,
): Promise<Map<string, string>> {
  const times: Placed<R>[] = []
  for (const each of wanted) {
    const [tip, last] = [tips.get(each.symbol), times.at(-1)]
    if (tip === undefined || each.record.timestamp > tip.time) continue
    if (last?.symbol !== each.symbol || last.record.timestamp !== each.record.timestamp) times.push(each)
  }
  if (times.length === 0) return new Map()
  // OFFSET 0: each time is looked for by the key, whatever the server thinks of the sizes
  const rows = await ask<[number, number, number, Seq, ...unknown[]]>(
    `SELECT wanted.symbol, wanted.time, source, seq, ${telling} FROM unnest($1::int[], $2::bigint[]) wanted (symbol, time)
      CROSS JOIN LATERAL (SELECT * FROM ${table} t WHERE t.symbol = wanted.symbol AND t.time = wanted.time OFFSET 0) t`,
    [numbers(times.map(({ symbol }) => symbol)), numbers(times.map(({ record }) => record.timestamp))],
  )
  return new Map(
    rows.map(([symbol, time, source, seq, ...told]) => [`${symbol} ${time} ${source} ${seq}`, told.join(' ')]),
  )
}
