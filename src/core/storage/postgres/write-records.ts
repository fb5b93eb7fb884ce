import { COMPARED, type Completeness } from '../../market/completeness.ts'
import {
  byTimeAndSeq,
  type Coverage,
  type Gap,
  isAstray,
  type Quote,
  type Rejected,
  type Tick,
} from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Metric } from '../../monitor/metrics.ts'
import { PHASES } from '../columns.ts'
import type { Ask } from './connection.ts'
import type { Names } from './dictionary.ts'
import { type Placed, positionOf, type Shelf } from './place-all.ts'
import { numbers, texts } from './values.ts'

// Every statement takes its rows in the order of their key, so that two writers never wait for each other in a circle.

export const QUOTES: Shelf<Quote> = {
  table: 'quote',
  telling: 'bids, asks',
  told: ({ bids, asks }) => [JSON.stringify(bids), JSON.stringify(asks)],
}

export async function insertQuotes(ask: Ask, quotes: readonly Placed<Quote>[]): Promise<void> {
  if (quotes.length === 0) return
  const of = <T>(read: (quote: Quote) => T): T[] => quotes.map(({ record }) => read(record))
  await ask(
    `INSERT INTO quote (time, seq, symbol, source, phase, received, bids, asks) SELECT * FROM
      unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::bigint[], $7::text[], $8::text[])`,
    [
      numbers(of(({ timestamp }) => timestamp)),
      numbers(quotes.map(({ seq }) => seq)),
      numbers(quotes.map(({ symbol }) => symbol)),
      numbers(quotes.map(({ source }) => source)),
      numbers(of(({ phase }) => PHASES.indexOf(phase))),
      numbers(of(({ timestamp, received_at }) => (received_at === null ? null : Math.round(received_at - timestamp)))),
      texts(of(({ bids }) => JSON.stringify(bids))),
      texts(of(({ asks }) => JSON.stringify(asks))),
    ],
  )
}

/** What a later row knows of a gap's volume or filling counts. */
export async function putGaps(ask: Ask, gaps: readonly Gap[], { symbols, sources }: Names): Promise<void> {
  if (gaps.length === 0) return
  const rows = new Map<string, Gap>()
  for (const gap of gaps) {
    const key = `${gap.source} ${gap.symbol} ${gap.from} ${gap.to} ${gap.cause}`
    const { volume = null, filled_by = null } = rows.get(key) ?? {}
    rows.set(key, { ...gap, volume: gap.volume ?? volume, filled_by: gap.filled_by ?? filled_by })
  }
  const once = [...rows.values()]
  await ask(
    `INSERT INTO gap (source, symbol, start, finish, cause, volume, filled_by)
      SELECT * FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::float8[], $7::text[]) ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (source, symbol, start, finish, cause) DO UPDATE SET
      volume = coalesce(excluded.volume, gap.volume), filled_by = coalesce(excluded.filled_by, gap.filled_by)`,
    [
      numbers(once.map(({ source }) => sources.id(source))),
      numbers(once.map(({ symbol }) => (symbol === null ? 0 : symbols.id(symbol)))),
      numbers(once.map(({ from }) => from)),
      numbers(once.map(({ to }) => to)),
      texts(once.map(({ cause }) => cause)),
      numbers(once.map(({ volume }) => volume)),
      texts(once.map(({ filled_by }) => filled_by)),
    ],
  )
}

export async function insertRejected(ask: Ask, records: readonly Rejected[], { sources }: Names): Promise<void> {
  if (records.length === 0) return
  await ask(
    `INSERT INTO rejected (source, symbol, time, reason, raw, received) SELECT * FROM
      unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[]) ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT DO NOTHING`,
    [
      numbers(records.map(({ source }) => sources.id(source))),
      texts(records.map(({ symbol }) => symbol)),
      numbers(records.map(({ timestamp }) => (Number.isSafeInteger(timestamp) ? timestamp : null))),
      texts(records.map(({ reason }) => reason)),
      texts(records.map(({ raw }) => raw)),
      numbers(records.map(({ received_at }) => (received_at === null ? null : Math.round(received_at)))),
    ],
  )
}

/** Moves the checkpoints of the sources and symbols of `ticks` forward. */
export async function putCheckpoints(ask: Ask, ticks: readonly Placed<Tick>[], committedAt: number): Promise<void> {
  const newest = new Map<string, Placed<Tick>>()
  for (const tick of ticks) {
    if (isAstray(tick.record)) continue
    const key = `${tick.source} ${tick.symbol}`
    const known = newest.get(key)
    if (known === undefined || byTimeAndSeq(positionOf(tick), positionOf(known)) > 0) newest.set(key, tick)
  }
  if (newest.size === 0) return
  const rows = [...newest.values()]
  await ask(
    `INSERT INTO checkpoint (source, symbol, time, seq, committed)
      SELECT *, $5::bigint FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[]) ORDER BY 1, 2
      ON CONFLICT (source, symbol) DO UPDATE SET time = excluded.time, seq = excluded.seq, committed = excluded.committed
      WHERE (excluded.time, excluded.seq) > (checkpoint.time, checkpoint.seq)`,
    [
      numbers(rows.map(({ source }) => source)),
      numbers(rows.map(({ symbol }) => symbol)),
      numbers(rows.map(({ record }) => record.timestamp)),
      numbers(rows.map(({ seq }) => seq)),
      Math.round(committedAt),
    ],
  )
}

export async function putCoverage(
  ask: Ask,
  told: readonly Coverage[],
  { symbols, sources }: Names,
  committedAt: number,
): Promise<void> {
  const rows = new Map<string, readonly [number, number, number]>()
  for (const { source, symbols: names, timestamp } of told) {
    for (const name of names) {
      const [id, symbol, until] = [sources.id(source), symbols.id(name), Math.floor(timestamp)]
      const known = rows.get(`${id} ${symbol}`)
      if (known === undefined || until > known[2]) rows.set(`${id} ${symbol}`, [id, symbol, until])
    }
  }
  if (rows.size === 0) return
  const once = [...rows.values()]
  await ask(
    `INSERT INTO coverage (source, symbol, until, committed)
      SELECT *, $4::bigint FROM unnest($1::int[], $2::int[], $3::bigint[]) ORDER BY 1, 2
      ON CONFLICT (source, symbol) DO UPDATE SET until = excluded.until, committed = excluded.committed
      WHERE excluded.until > coverage.until`,
    [
      numbers(once.map(([source]) => source)),
      numbers(once.map(([, symbol]) => symbol)),
      numbers(once.map(([, , until]) => until)),
      Math.round(committedAt),
    ],
  )
}

export async function putInstruments(ask: Ask, rows: readonly Instrument[]): Promise<void> {
  const once = [...new Map(rows.map((row) => [`${row.symbol} ${row.date} ${row.vendor}`, row])).values()]
  if (once.length === 0) return
  const facts = ['name_en', 'name_zh', 'currency', 'lot_size', 'kind', 'prev_close', 'vendor_code'] as const
  const words = (read: (row: Instrument) => string | null): string => texts(once.map(read))
  await ask(
    `INSERT INTO instruments (symbol, date, vendor, ${facts.join(', ')}) SELECT * FROM unnest($1::text[], $2::text[],
      $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::float8[], $10::text[]) ORDER BY 1, 2, 3
      ON CONFLICT (symbol, date, vendor) DO UPDATE SET ${facts.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    [
      words(({ symbol }) => symbol),
      words(({ date }) => date),
      words(({ vendor }) => vendor),
      words(({ name_en }) => name_en),
      words(({ name_zh }) => name_zh),
      words(({ currency }) => currency),
      numbers(once.map(({ lot_size }) => lot_size)),
      words(({ kind }) => kind),
      numbers(once.map(({ prev_close }) => prev_close)),
      words(({ vendor_code }) => vendor_code),
    ],
  )
}

export async function putCompared(ask: Ask, rows: readonly Completeness[], { symbols, sources }: Names): Promise<void> {
  const once = [...new Map(rows.map((row) => [`${row.symbol} ${row.date} ${row.vendor}`, row])).values()]
  if (once.length === 0) return
  await ask(
    `INSERT INTO compared (symbol, date, vendor, time, ${COMPARED.join(', ')})
      SELECT * FROM unnest($1::int[], $2::text[], $3::int[], $4::bigint[], ${COMPARED.map((_, i) => `$${i + 5}::float8[]`).join(', ')}) ORDER BY 1, 2, 3
      ON CONFLICT (symbol, date, vendor) DO UPDATE SET ${['time', ...COMPARED].map((name) => `${name} = excluded.${name}`).join(', ')}`,
    [
      numbers(once.map(({ symbol }) => symbols.id(symbol))),
      texts(once.map(({ date }) => date)),
      numbers(once.map(({ vendor }) => sources.id(vendor))),
      numbers(once.map(({ timestamp }) => Math.round(timestamp))),
      ...COMPARED.map((name) => numbers(once.map((row) => row[name]))),
    ],
  )
}

export async function putMetrics(ask: Ask, metrics: readonly Metric[], since: number): Promise<void> {
  await ask('DELETE FROM metric WHERE time < $1', [Math.round(since)])
  const once = [...new Map(metrics.map((metric) => [`${Math.round(metric.time)} ${metric.name}`, metric])).values()]
  await ask(
    `INSERT INTO metric SELECT * FROM unnest($1::bigint[], $2::text[], $3::float8[]) ORDER BY 1, 2
      ON CONFLICT (time, name) DO UPDATE SET value = excluded.value`,
    [
      numbers(once.map(({ time }) => Math.round(time))),
      texts(once.map(({ name }) => name)),
      numbers(once.map(({ value }) => value)),
    ],
  )
}
