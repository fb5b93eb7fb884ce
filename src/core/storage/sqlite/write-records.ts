import { COMPARED, type Completeness } from '../../market/completeness.ts'
import {
  type Coverage,
  type Gap,
  isAstray,
  type Quote,
  type Rejected,
  type Seq,
  type Tick,
} from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import { place } from '../../market/place.ts'
import type { Metric } from '../../monitor/metrics.ts'
import type { Checkpoint } from '../../pipeline/source.ts'
import { PHASES } from '../columns.ts'
import type { Names } from './dictionary.ts'
import type { Db } from './driver.ts'

/** Writes everything but ticks and minutes; only inside a transaction. Writing a record again changes nothing. */
export class RecordWriter {
  readonly #names: Names
  readonly #quote
  readonly #levels
  readonly #gap
  readonly #rejected
  readonly #checkpoint
  readonly #coverage
  readonly #instrument
  readonly #compared
  readonly #metric
  readonly #forgetMetrics

  constructor(db: Db, names: Names) {
    this.#names = names
    this.#quote = db.prepare('INSERT OR IGNORE INTO quote VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#levels = db
      .prepare<unknown[], [string, string]>(
        'SELECT bids, asks FROM quote WHERE symbol = ? AND time = ? AND seq = ? AND source = ?',
      )
      .raw()
    // what a later row knows of the gap's volume or filling counts
    this.#gap = db.prepare(`INSERT INTO gap VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      volume = ifnull(excluded.volume, volume), filled_by = ifnull(excluded.filled_by, filled_by)`)
    this.#rejected = db.prepare('INSERT OR IGNORE INTO rejected VALUES (?, ?, ?, ?, ?, ?)')
    this.#checkpoint = db.prepare(`INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      time = excluded.time, seq = excluded.seq, committed = excluded.committed
      WHERE (excluded.time, excluded.seq) > (time, seq)`)
    this.#coverage = db.prepare(`INSERT INTO coverage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      until = excluded.until, committed = excluded.committed WHERE excluded.until > until`)
    this.#instrument =
      db.prepare(`INSERT OR REPLACE INTO instruments VALUES (@symbol, @date, @name_en, @name_zh, @currency,
      @lot_size, @kind, @prev_close, @vendor, @vendor_code)`)
    this.#compared = db.prepare(`INSERT OR REPLACE INTO compared (symbol, date, vendor, time, ${COMPARED.join(', ')})
      VALUES (?, ?, ?, ?, ${COMPARED.map(() => '?').join(', ')})`)
    this.#metric = db.prepare('INSERT OR REPLACE INTO metric VALUES (?, ?, ?)')
    this.#forgetMetrics = db.prepare('DELETE FROM metric WHERE time < ?')
  }

  quote(quote: Quote): void {
    const symbol = this.#names.symbols.assign(quote.symbol)
    const source = this.#names.sources.assign(quote.source)
    const bids = JSON.stringify(quote.bids)
    const asks = JSON.stringify(quote.asks)
    const received = quote.received_at === null ? null : Math.round(quote.received_at - quote.timestamp)
    const phase = PHASES.indexOf(quote.phase)
    place(
      quote.seq,
      (seq) => this.#quote.run(symbol, quote.timestamp, seq, source, phase, bids, asks, received).changes === 1,
      (seq) => {
        const stored = this.#levels.get(symbol, quote.timestamp, seq, source)!
        return stored[0] === bids && stored[1] === asks
      },
    )
  }

  gap(gap: Gap): void {
    const source = this.#names.sources.assign(gap.source)
    const symbol = gap.symbol === null ? 0 : this.#names.symbols.assign(gap.symbol)
    this.#gap.run(source, symbol, gap.from, gap.to, gap.cause, gap.volume, gap.filled_by)
  }

  rejected(record: Rejected): void {
    const source = this.#names.sources.assign(record.source)
    const received = record.received_at === null ? null : Math.round(record.received_at)
    this.#rejected.run(source, record.symbol, whole(record.timestamp), record.reason, record.raw, received)
  }

  /** Moves the checkpoints of the sources of `ticks` (of one symbol, in order, all stored) forward. */
  checkpoints(symbol: string, ticks: readonly Tick[], committedAt: number): void {
    const newest = new Map<string, { timestamp: number; seq: Seq }>()
    for (const tick of ticks) if (!isAstray(tick)) newest.set(tick.source, tick)
    for (const [source, { timestamp, seq }] of newest) {
      const ids = [this.#names.sources.assign(source), this.#names.symbols.assign(symbol)]
      this.#checkpoint.run(...ids, timestamp, seq, Math.round(committedAt))
    }
  }

  coverage({ source, symbols, timestamp }: Coverage, committedAt: number): void {
    const id = this.#names.sources.assign(source)
    for (const symbol of symbols)
      this.#coverage.run(id, this.#names.symbols.assign(symbol), Math.floor(timestamp), Math.round(committedAt))
  }

  /** Puts back what a copy of a store has of a checkpoint. */
  checkpoint({ source, symbol, timestamp, seq, committed_at, covered_until }: Checkpoint): void {
    const ids = [this.#names.sources.assign(source), this.#names.symbols.assign(symbol)]
    if (timestamp !== null) this.#checkpoint.run(...ids, timestamp, seq, committed_at)
    if (covered_until !== null) this.#coverage.run(...ids, covered_until, committed_at)
  }

  compared(row: Completeness): void {
    const [symbol, vendor] = [this.#names.symbols.assign(row.symbol), this.#names.sources.assign(row.vendor)]
    this.#compared.run(symbol, row.date, vendor, Math.round(row.timestamp), ...COMPARED.map((name) => row[name]))
  }

  metrics(metrics: readonly Metric[], since: number): void {
    this.#forgetMetrics.run(Math.round(since))
    for (const { time, name, value } of metrics) this.#metric.run(Math.round(time), name, value)
  }

  instrument(row: Instrument): void {
    this.#instrument.run(row)
  }
}

function whole(time: number | null): number | null {
  return time !== null && Number.isInteger(time) ? time : null
}
