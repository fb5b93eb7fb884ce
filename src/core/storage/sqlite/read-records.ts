import type { Summary } from '../../bars/summary.ts'
import { COMPARED, type Completeness } from '../../market/completeness.ts'
import type { Gap, Quote, Rejected } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Metric } from '../../monitor/metrics.ts'
import type { Checkpoint, Query } from '../../pipeline/source.ts'
import { PHASES } from '../columns.ts'
import { levelsIn } from '../levels.ts'
import type { Span } from '../store.ts'
import type { Names } from './dictionary.ts'
import type { Db } from './driver.ts'
import { MINUTE_SELECT, type MinuteRow, readMinute } from './minute-row.ts'

const MINUTES = 2_000
const METRICS = 5_000
const REJECTED = 1_000

interface QuoteRow {
  time: bigint
  seq: bigint
  source: bigint
  phase: bigint
  bids: string
  asks: string
  received: bigint | null
}

interface GapRow extends Omit<Gap, 'type'> {
  id: number
}

interface RejectedRow extends Omit<Rejected, 'type'> {
  id: number
}

interface CheckpointRow extends Omit<Checkpoint, 'seq'> {
  seq: string | null
}

/** Reads everything but ticks. */
export class RecordReader {
  readonly #names: Names
  readonly #quotes
  readonly #minutes
  readonly #gaps
  readonly #rejected
  readonly #checkpoints
  readonly #symbols
  readonly #quoted
  readonly #instruments
  readonly #completeness
  readonly #metrics

  constructor(db: Db, names: Names) {
    this.#names = names
    this.#quotes = db
      .prepare<unknown[], QuoteRow>(
        `SELECT time, seq, source, phase, bids, asks, received FROM quote
        WHERE symbol = ? AND (time, seq, source) > (?, ?, ?) AND time < ? ORDER BY time, seq, source LIMIT ?`,
      )
      .safeIntegers()
    this.#minutes = db
      .prepare<unknown[], MinuteRow>(
        `SELECT ${MINUTE_SELECT} FROM minute WHERE symbol = ? AND start >= ? AND start < ? ORDER BY start LIMIT ${MINUTES}`,
      )
      .raw()
    this.#gaps = db.prepare<unknown[], GapRow>(
      `SELECT source.name AS source, symbol.name AS symbol, gap.symbol AS id, start AS "from", finish AS "to", cause, volume, filled_by
      FROM gap JOIN source ON source.id = gap.source LEFT JOIN symbol ON symbol.id = gap.symbol
      WHERE finish >= ? AND start < ? ORDER BY start, finish, gap.source, gap.symbol`,
    )
    this.#rejected = db.prepare<[number], RejectedRow>(
      `SELECT rejected.rowid AS id, source.name AS source, symbol, time AS timestamp, reason, raw, received AS received_at
      FROM rejected JOIN source ON source.id = rejected.source WHERE rejected.rowid > ? ORDER BY rejected.rowid LIMIT ${REJECTED}`,
    )
    this.#checkpoints = db.prepare<[], CheckpointRow>(
      `SELECT source.name AS source, symbol.name AS symbol, time AS timestamp, CAST(seq AS TEXT) AS seq,
        max(ifnull(a.committed, 0), ifnull(b.committed, 0)) AS committed_at, until AS covered_until
      FROM checkpoint a FULL JOIN coverage b ON a.source = b.source AND a.symbol = b.symbol
      JOIN source ON source.id = ifnull(a.source, b.source) JOIN symbol ON symbol.id = ifnull(a.symbol, b.symbol)
      ORDER BY source.name, symbol.name`,
    )
    this.#symbols = db
      .prepare<[], string>(
        `SELECT name FROM symbol WHERE EXISTS (SELECT 1 FROM tick WHERE symbol = id)
        OR EXISTS (SELECT 1 FROM minute WHERE symbol = id) ORDER BY name`,
      )
      .pluck()
    this.#quoted = db
      .prepare<[], string>('SELECT name FROM symbol WHERE EXISTS (SELECT 1 FROM quote WHERE symbol = id) ORDER BY name')
      .pluck()
    // the row with max(date) lends its other columns (SQLite's bare columns)
    this.#instruments = db.prepare<[], Instrument>(
      `SELECT symbol, max(date) AS date, name_en, name_zh, currency, lot_size, kind, prev_close, vendor, vendor_code
      FROM instruments GROUP BY symbol ORDER BY symbol`,
    )
    this.#completeness = db.prepare<[string], Omit<Completeness, 'type'>>(
      `SELECT symbol.name AS symbol, date, source.name AS vendor, time AS timestamp, ${COMPARED.join(', ')}
      FROM compared JOIN symbol ON symbol.id = compared.symbol JOIN source ON source.id = compared.vendor
      WHERE symbol.name = ? ORDER BY date, source.name`,
    )
    this.#metrics = db.prepare<[number, string, number], Metric>(
      `SELECT time, name, value FROM metric WHERE (time, name) > (?, ?) AND time < ? ORDER BY time, name LIMIT ${METRICS}`,
    )
  }

  *quotes(symbol: string, span: Span, size: number): Generator<Quote[]> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    const { since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER } = span
    let position: readonly (number | bigint)[] = [since, -(2n ** 63n), -1]
    while (true) {
      const rows = this.#quotes.all(id, ...position, until, size)
      if (rows.length === 0) return
      yield rows.map((row) => readQuote(row, symbol, this.#names.sources.name(Number(row.source))))
      if (rows.length < size) return
      const { time, seq, source } = rows.at(-1)!
      position = [time, seq, source]
    }
  }

  *minutes(symbol: string, span: Span): Generator<Summary[]> {
    const id = this.#names.symbols.find(symbol)
    if (id === undefined) return
    let { since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER } = span
    while (true) {
      const rows = this.#minutes.all(id, since, until)
      if (rows.length === 0) return
      yield rows.map((row) => readMinute(row, symbol))
      if (rows.length < MINUTES) return
      since = rows.at(-1)![0] + 1
    }
  }

  gaps(query: Query): Gap[] {
    const { since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER, symbols } = query
    const wanted = symbols && new Set<string | null>([...symbols, null])
    return this.#gaps
      .all(since, until)
      .filter(({ symbol }) => !wanted || wanted.has(symbol))
      .map(({ id: _, ...gap }) => ({ type: 'gap', ...gap }))
  }

  *rejected(): Generator<Rejected[]> {
    let last = 0
    while (true) {
      const rows = this.#rejected.all(last)
      if (rows.length > 0) yield rows.map(({ id: _, ...record }) => ({ type: 'rejected', ...record }))
      if (rows.length < REJECTED) return
      last = rows.at(-1)!.id
    }
  }

  checkpoints(): Checkpoint[] {
    return this.#checkpoints.all().map((row) => ({ ...row, seq: row.seq === null ? null : smallest(BigInt(row.seq)) }))
  }

  symbols(): string[] {
    return this.#symbols.all()
  }

  /** Symbols with quotes. */
  quotedSymbols(): string[] {
    return this.#quoted.all()
  }

  completeness(symbol: string): Completeness[] {
    return this.#completeness.all(symbol).map((row) => ({ type: 'completeness', ...row }))
  }

  *metrics({ since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER }: Span): Generator<Metric[]> {
    // no name comes before the empty one
    let [time, name] = [since, '']
    while (true) {
      const rows = this.#metrics.all(time, name, until)
      if (rows.length > 0) yield rows
      if (rows.length < METRICS) return
      ;({ time, name } = rows.at(-1)!)
    }
  }

  instruments(): Instrument[] {
    return this.#instruments.all()
  }
}

/** Every row of the facts of instruments, for a copy of a store. */
export function allInstruments(db: Db): Instrument[] {
  return db.prepare<[], Instrument>('SELECT * FROM instruments ORDER BY symbol, date, vendor').all()
}

function readQuote(row: QuoteRow, symbol: string, source: string): Quote {
  const timestamp = Number(row.time)
  return {
    type: 'quote',
    symbol,
    timestamp,
    bids: levelsIn(row.bids),
    asks: levelsIn(row.asks),
    phase: PHASES[Number(row.phase)]!,
    seq: smallest(row.seq),
    source,
    received_at: row.received === null ? null : timestamp + Number(row.received),
  }
}

/** A number where it is exact, else the bigint itself. */
function smallest(seq: bigint): number | bigint {
  const number = Number(seq)
  return Number.isSafeInteger(number) ? number : seq
}
