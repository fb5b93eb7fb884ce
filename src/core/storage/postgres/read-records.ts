import type { Summary } from '../../bars/summary.ts'
import { COMPARED, type Completeness } from '../../market/completeness.ts'
import type { Gap, Level, Quote, Rejected, Seq } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Metric } from '../../monitor/metrics.ts'
import type { Checkpoint, Query } from '../../pipeline/source.ts'
import { PHASES } from '../columns.ts'
import type { Span } from '../store.ts'
import type { Ask } from './connection.ts'
import type { Dictionary } from './dictionary.ts'
import { MINUTE_COLUMNS, readMinute } from './minutes.ts'
import { endsOf } from './values.ts'

/** Minutes read by one statement. */
const MINUTES = 5_000
/** Numbers of the recorder's health. */
const METRICS = 5_000
/** Rejected records; their raw texts are long. */
const REJECTED = 1_000

/** What `readQuote` reads, in its order. */
export const QUOTE_COLUMNS = 'symbol, time, seq, source, phase, bids, asks, received'

export type QuoteRow = readonly [
  symbol: number,
  time: number,
  seq: Seq,
  source: number,
  phase: number,
  bids: string,
  asks: string,
  received: number | null,
]

export function readQuote(row: QuoteRow, symbol: string, source: string): Quote {
  const [, timestamp, seq, , phase, bids, asks, received] = row
  return {
    type: 'quote',
    symbol,
    timestamp,
    bids: JSON.parse(bids) as Level[],
    asks: JSON.parse(asks) as Level[],
    phase: PHASES[phase]!,
    seq,
    source,
    received_at: received === null ? null : timestamp + received,
  }
}

/** Reads a symbol's minutes in order, chunk by chunk. */
export async function* readMinutes(
  ask: Ask,
  symbols: Dictionary,
  symbol: string,
  span: Span,
): AsyncGenerator<Summary[]> {
  const [id] = await symbols.find([symbol])
  if (id === undefined) return
  let { since, until } = endsOf(span)
  while (true) {
    const rows = await ask<[number, ...unknown[]]>(
      `SELECT ${MINUTE_COLUMNS} FROM minute WHERE symbol = $1 AND start >= $2 AND start < $3 ORDER BY start LIMIT ${MINUTES}`,
      [id, since, until],
    )
    if (rows.length > 0) yield rows.map((row) => readMinute(row, symbol))
    if (rows.length < MINUTES) return
    since = rows.at(-1)![0] + 1
  }
}

export async function readGaps(ask: Ask, query: Query): Promise<Gap[]> {
  const { symbols } = query
  const { since, until } = endsOf(query)
  const rows = await ask<[string, string | null, number, number, Gap['cause'], number | null, Gap['filled_by']]>(
    `SELECT source.name, symbol.name, start, finish, cause, volume, filled_by
      FROM gap JOIN source ON source.id = gap.source LEFT JOIN symbol ON symbol.id = gap.symbol
      WHERE finish >= $1 AND start < $2 ORDER BY start, finish, gap.source, gap.symbol`,
    [since, until],
  )
  return rows
    .filter(([, symbol]) => symbol === null || !symbols || symbols.includes(symbol))
    .map(([source, symbol, from, to, cause, volume, filled_by]) => ({
      ...{ type: 'gap', source, symbol, from, to, cause, volume, filled_by },
    }))
}

/** The key that keeps rejected records apart (schema.ts). */
type RejectedKey = readonly [source: number, symbol: string, time: number, reason: string, hash: string]
type RejectedRow = readonly [
  ...RejectedKey,
  source: string,
  symbol: string | null,
  time: number | null,
  reason: Rejected['reason'],
  raw: string,
  received: number | null,
]

/** In the order of their key. */
export async function* readRejected(ask: Ask): AsyncGenerator<Rejected[]> {
  const key = `rejected.source, coalesce(symbol, ''), coalesce(time, -1), reason, md5(raw)`
  // no source has this number
  let after: RejectedKey = [-1, '', 0, '', '']
  while (true) {
    const rows = await ask<RejectedRow>(
      `SELECT ${key}, source.name, symbol, time, reason, raw, received
        FROM rejected JOIN source ON source.id = rejected.source WHERE (${key}) > ($1, $2, $3, $4, $5)
        ORDER BY ${key} LIMIT ${REJECTED}`,
      [...after],
    )
    if (rows.length > 0)
      yield rows.map(([, , , , , source, symbol, timestamp, reason, raw, received_at]) => ({
        ...{ type: 'rejected', source, symbol, timestamp, reason, raw, received_at },
      }))
    if (rows.length < REJECTED) return
    const [source, symbol, time, reason, hash] = rows.at(-1)!
    after = [source, symbol, time, reason, hash]
  }
}

export async function readCheckpoints(ask: Ask): Promise<Checkpoint[]> {
  const rows = await ask<[string, string, number | null, Seq | null, number, number | null]>(
    `SELECT source.name, symbol.name, time, seq, greatest(a.committed, b.committed), until
      FROM checkpoint a FULL JOIN coverage b ON a.source = b.source AND a.symbol = b.symbol
      JOIN source ON source.id = coalesce(a.source, b.source) JOIN symbol ON symbol.id = coalesce(a.symbol, b.symbol)
      ORDER BY source.name, symbol.name`,
  )
  return rows.map(([source, symbol, timestamp, seq, committed_at, covered_until]) => ({
    ...{ source, symbol, timestamp, seq, committed_at, covered_until },
  }))
}

export async function readSymbols(ask: Ask): Promise<string[]> {
  const rows = await ask<[string]>(
    `SELECT name FROM symbol WHERE EXISTS (SELECT 1 FROM tick WHERE symbol = id)
      OR EXISTS (SELECT 1 FROM minute WHERE symbol = id) ORDER BY name`,
  )
  return rows.map(([name]) => name)
}

const FACTS = [
  ...(['symbol', 'date', 'name_en', 'name_zh', 'currency', 'lot_size', 'kind', 'prev_close', 'vendor'] as const),
  'vendor_code',
] as const satisfies readonly (keyof Instrument)[]

/** The newest row of every symbol. */
export async function readInstruments(ask: Ask): Promise<Instrument[]> {
  const rows = await ask(`SELECT DISTINCT ON (symbol) ${FACTS.join(', ')} FROM instruments ORDER BY symbol, date DESC`)
  return rows.map((row) => Object.fromEntries(FACTS.map((name, i) => [name, row[i]])) as unknown as Instrument)
}

export async function readCompleteness(ask: Ask, symbol: string): Promise<Completeness[]> {
  const rows = await ask<[string, string, string, number, ...(number | null)[]]>(
    `SELECT symbol.name, date, source.name, time, ${COMPARED.join(', ')}
      FROM compared JOIN symbol ON symbol.id = compared.symbol JOIN source ON source.id = compared.vendor
      WHERE symbol.name = $1 ORDER BY date, source.name`,
    [symbol],
  )
  return rows.map(([symbol, date, vendor, timestamp, ...values]) => ({
    ...{ type: 'completeness', symbol, date, vendor, timestamp },
    ...(Object.fromEntries(COMPARED.map((name, i) => [name, values[i]])) as Pick<
      Completeness,
      (typeof COMPARED)[number]
    >),
  }))
}

export async function* readMetrics(ask: Ask, span: Span): AsyncGenerator<Metric[]> {
  const { since, until } = endsOf(span)
  // no name comes before the empty one
  let after: readonly [number, string] = [since, '']
  while (true) {
    const rows = await ask<[time: number, name: string, value: number]>(
      `SELECT time, name, value FROM metric WHERE (time, name) > ($1, $2) AND time < $3 ORDER BY time, name LIMIT ${METRICS}`,
      [...after, until],
    )
    if (rows.length > 0) yield rows.map(([time, name, value]) => ({ time, name, value }))
    if (rows.length < METRICS) return
    const [time, name] = rows.at(-1)!
    after = [time, name]
  }
}
