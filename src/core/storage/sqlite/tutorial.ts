import { setImmediate } from 'node:timers/promises'
import { summarise } from '../../bars/minutes.ts'
import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import { type Batches, type Gap, NO_FLAGS, type Tick } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Sessions } from '../../market/session.ts'
import { canonicalSymbol } from '../../market/symbol.ts'
import { MINUTE, parseTime } from '../../market/time.ts'
import { makeTick } from '../../market/trade.ts'
import type { Checkpoint, Query, Written } from '../../pipeline/source.ts'
import { columnsOf, type TickColumns } from '../columns.ts'
import { readAll } from '../read-all.ts'
import type { ColumnChoice, Span, Store } from '../store.ts'
import { isFitName } from '../symbol-name.ts'
import { type Db, integrityOf } from './driver.ts'

const CHUNK = 20_000

interface Row {
  id: number
  timestamp: string | number
  last_price: number
  volume: number | null
  bid_price: number | null
  ask_price: number | null
}

/**
 * A database as the tutorial's code makes it, read as it is: a table `ticks` (symbol, timestamp, last_price, volume,
 * bid_price, ask_price) with local times as text. Sequence numbers are ordinals within a millisecond. Rows whose time,
 * price or symbol cannot be read are passed over.
 */
export class TutorialStore implements Store {
  readonly #db: Db
  readonly #path: string
  readonly #sessions: Sessions
  readonly #rows
  /** Spellings found in the table by canonical symbol. */
  readonly #spellings: ReadonlyMap<string, string>

  constructor(db: Db, path: string, sessions: Sessions) {
    this.#db = db
    this.#path = path
    this.#sessions = sessions
    this.#rows = db.prepare<unknown[], Row>(
      `SELECT rowid AS id, timestamp, last_price, volume, bid_price, ask_price FROM ticks
      WHERE symbol = ? AND (timestamp, rowid) > (?, ?) ORDER BY timestamp, rowid LIMIT ${CHUNK}`,
    )
    const spellings = db.prepare<[], string>('SELECT DISTINCT symbol FROM ticks WHERE symbol IS NOT NULL').pluck().all()
    const named = spellings.map((text) => [canonicalSymbol(String(text)) ?? String(text), text] as const)
    this.#spellings = new Map(named.filter(([name]) => isFitName(name)))
  }

  async *ticks(symbol: string, span: Span): AsyncGenerator<Tick[]> {
    yield* this.#chunks(symbol, span)
  }

  *#chunks(symbol: string, span: Span): Generator<Tick[]> {
    const spelling = this.#spellings.get(symbol)
    if (spelling === undefined) return
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = span
    let position: readonly [string | number, number] = [Number.NEGATIVE_INFINITY, 0]
    let last = { timestamp: Number.NaN, seq: 0 }
    while (true) {
      const rows = this.#rows.all(spelling, ...position)
      const ticks: Tick[] = []
      for (const row of rows) {
        const timestamp = timeOf(row.timestamp)
        if (!(timestamp >= since && timestamp < until && row.last_price > 0)) continue
        last = { timestamp, seq: timestamp === last.timestamp ? last.seq + 1 : 0 }
        ticks.push(this.#tick(symbol, row, timestamp, last.seq))
      }
      if (ticks.length > 0) yield ticks
      if (rows.length < CHUNK) return
      position = [rows.at(-1)!.timestamp, rows.at(-1)!.id]
    }
  }

  async *columns(symbol: string, span: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    for (const ticks of this.#chunks(symbol, span)) {
      yield columnsOf(ticks, span.book)
      await setImmediate()
    }
  }

  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches {
    const none: string[] = []
    return readAll(
      {
        ticks: (symbol, span) => this.#chunks(symbol, span),
        quotes: () => [][Symbol.iterator](),
        gaps: () => [],
        symbols: () => this.#symbols,
        quotedSymbols: () => none,
      },
      query,
    )
  }

  async symbols(): Promise<readonly string[]> {
    return this.#symbols
  }

  get #symbols(): string[] {
    return [...this.#spellings.keys()].sort()
  }

  /** Made of the ticks; a minute that two chunks share comes as two summaries. */
  async *minutes(symbol: string, { since, until }: Span): AsyncGenerator<Summary[]> {
    const span = {
      ...(since !== undefined && { since: Math.ceil(since / MINUTE) * MINUTE }),
      ...(until !== undefined && { until: Math.ceil(until / MINUTE) * MINUTE }),
    }
    for (const ticks of this.#chunks(symbol, span)) yield summarise(ticks)
  }

  async gaps(): Promise<readonly Gap[]> {
    return []
  }

  async *rejected(): AsyncGenerator<never> {}

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return []
  }

  async instruments(): Promise<readonly Instrument[]> {
    return []
  }

  async write(): Promise<Written> {
    throw this.#readOnly()
  }

  async putInstruments(): Promise<void> {
    throw this.#readOnly()
  }

  async fill(): Promise<void> {
    throw this.#readOnly()
  }

  async completeness(): Promise<readonly Completeness[]> {
    return []
  }

  async putCompleteness(): Promise<void> {
    throw this.#readOnly()
  }

  async integrity(): Promise<readonly string[]> {
    return integrityOf(this.#db, this.#path)
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #tick(symbol: string, row: Row, timestamp: number, seq: number): Tick {
    const { last_price, volume, bid_price, ask_price } = row
    const quote = { bid_price, ask_price, bid_size: null, ask_size: null, quote_time: null }
    const rest = { turnover: null, side: null, trade_type: null, flags: NO_FLAGS, received_at: null }
    return makeTick({ symbol, timestamp, last_price, volume, quote, seq, source: 'tutorial', ...rest }, this.#sessions)
  }

  #readOnly(): HkqError {
    return new HkqError(
      'E_STORAGE',
      `"${this.#path}" was made by the tutorial's code and is only read: hkq export copies it`,
    )
  }
}

/** Epoch ms of a local time, or of a number of seconds or milliseconds, which a text column keeps as text. */
function timeOf(stored: string | number): number {
  const number = Number(stored)
  if (Number.isNaN(number)) return parseTime(String(stored).trim())
  return Math.floor(number > 1e11 ? number : number * 1000)
}
