import type { Summary } from '../../bars/summary.ts'
import { HkqError } from '../../errors.ts'
import type { Completeness } from '../../market/completeness.ts'
import type { Batches, Gap, MarketEvent, Quote, Rejected, Tick } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Checkpoint, Query, Written } from '../../pipeline/source.ts'
import type { TickColumns } from '../columns.ts'
import type { Stored } from '../reading-order.ts'
import type { ColumnChoice, Span, Store } from '../store.ts'
import { numberIn, textIn } from './answer.ts'
import { checkpointsOf } from './checkpoints.ts'
import { restored } from './line.ts'
import { mergedInOrder } from './merge.ts'
import { doubtedMinutes, minutesOfTicks, ofSymbol } from './minutes.ts'
import { pagesOf, rowsOf } from './pages.ts'
import {
  GAP_COLUMNS,
  GAPS,
  gapIn,
  QUOTE_COLUMNS,
  QUOTES,
  quoteIn,
  REJECTED,
  REJECTED_COLUMNS,
  rejectedIn,
} from './records.ts'
import { nameOf } from './refusal.ts'
import { columnNames, columnsIn, inOrder, TICK_COLUMNS, TICKS, tickIn } from './ticks.ts'
import {
  COMPARED,
  COMPARED_COLUMNS,
  comparedIn,
  comparedLine,
  INSTRUMENT_COLUMNS,
  INSTRUMENTS,
  instrumentIn,
  instrumentLine,
  MINUTE_COLUMNS,
  MINUTES,
  minuteIn,
} from './whole-record.ts'
import type { Wire } from './wire.ts'
import type { Writer } from './write.ts'

/**
 * A store in a database of InfluxDB. It has no transactions: what a write that failed has stored already, the same write
 * finds when it is sent again.
 */
export class InfluxStore implements Store {
  readonly #wire: Wire
  readonly #writer: Writer | null
  /** The work at hand: one at a time changes the database. */
  #turn: Promise<unknown> = Promise.resolve()

  /** @param writer null for reading only */
  constructor(wire: Wire, writer: Writer | null) {
    this.#wire = wire
    this.#writer = writer
  }

  write(batch: readonly MarketEvent[]): Promise<Written> {
    return this.#inTurn((writer) => writer.write(batch))
  }

  read({ types = ['tick', 'quote', 'gap'], ...query }: Query & { types?: readonly Stored['type'][] }): Batches {
    const streams: AsyncIterator<readonly Stored[]>[] = []
    if (types.includes('tick')) streams.push(this.#stream(TICKS, TICK_COLUMNS, query, tickIn))
    if (types.includes('quote')) streams.push(this.#stream(QUOTES, QUOTE_COLUMNS, query, quoteIn))
    if (types.includes('gap')) streams.push(this.#gapStream(query))
    return mergedInOrder(streams)
  }

  async *#stream<R extends Tick | Quote>(
    measurement: string,
    columns: readonly string[],
    { symbols, since, until }: Query,
    read: (row: Parameters<typeof tickIn>[0]) => R,
  ): AsyncGenerator<R[]> {
    if (symbols?.length === 0) return
    const where = symbols ? [`(${symbols.map(ofSymbol).join(' OR ')})`] : []
    for await (const rows of pagesOf(this.#wire, { measurement, columns, where, since, until }))
      yield inOrder(rows, 3, [1, 2]).map(read)
  }

  async *#gapStream(query: Query): AsyncGenerator<readonly Gap[]> {
    yield await this.gaps(query)
  }

  async *ticks(symbol: string, { since, until }: Span): AsyncGenerator<readonly Tick[]> {
    const where = [ofSymbol(symbol)]
    for await (const rows of pagesOf(this.#wire, { measurement: TICKS, columns: TICK_COLUMNS, where, since, until }))
      yield inOrder(rows, 3, [2]).map(tickIn)
  }

  async *columns(symbol: string, { since, until, book = false }: Span & ColumnChoice): AsyncGenerator<TickColumns> {
    const question = { measurement: TICKS, columns: columnNames(book), where: [ofSymbol(symbol)], since, until }
    for await (const rows of pagesOf(this.#wire, question)) yield columnsIn(inOrder(rows, 1, [2]), book)
  }

  async *minutes(symbol: string, { since, until }: Span): AsyncGenerator<readonly Summary[]> {
    const inSpan = (start: number): boolean => start >= (since ?? start) && start < (until ?? Infinity)
    const starts = (await doubtedMinutes(this.#wire, symbol)).filter(inSpan)
    const doubted = await minutesOfTicks(this.#wire, symbol, starts)
    const where = [ofSymbol(symbol)]
    for await (const rows of pagesOf(this.#wire, {
      measurement: MINUTES,
      columns: MINUTE_COLUMNS,
      where,
      since,
      until,
    })) {
      const minutes = rows.map((row) => minuteIn(row, symbol))
      const last = minutes.at(-1)!.start
      yield settled(minutes, doubted, last)
    }
    if (doubted.size > 0) yield settled([], doubted, Infinity)
  }

  async gaps({ symbols, since = -Infinity, until }: Query): Promise<readonly Gap[]> {
    const rows = await rowsOf(this.#wire, { measurement: GAPS, columns: GAP_COLUMNS, where: [], until })
    return rows
      .map(gapIn)
      .filter(({ symbol, to }) => to >= since && (symbol === null || !symbols || symbols.includes(symbol)))
  }

  async *rejected(): AsyncGenerator<readonly Rejected[]> {
    const question = { measurement: REJECTED, columns: REJECTED_COLUMNS, where: [] }
    for await (const rows of pagesOf(this.#wire, question)) yield rows.map(rejectedIn)
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return checkpointsOf(this.#wire)
  }

  async symbols(): Promise<readonly string[]> {
    const { rows } = await this.#wire.ask(`SHOW TAG VALUES FROM "${TICKS}", "${MINUTES}" WITH KEY = "symbol"`)
    return [...new Set(rows.map(([, name]) => restored(textIn(name) ?? '')))].sort()
  }

  async instruments(): Promise<readonly Instrument[]> {
    const question = { measurement: INSTRUMENTS, columns: INSTRUMENT_COLUMNS, where: [] }
    const newest = new Map<string, Instrument>()
    for (const row of await rowsOf(this.#wire, question)) {
      const instrument = instrumentIn(row)
      newest.set(instrument.symbol, instrument)
    }
    return [...newest.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  }

  async putInstruments(rows: readonly Instrument[]): Promise<void> {
    await this.#inTurn(() => this.#put(rows.map(instrumentLine)))
  }

  async fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void> {
    await this.#inTurn((writer) => writer.fill(minutes, gaps))
  }

  async completeness(symbol: string): Promise<readonly Completeness[]> {
    const question = { measurement: COMPARED, columns: COMPARED_COLUMNS, where: [ofSymbol(symbol)] }
    const rows = (await rowsOf(this.#wire, question)).map((row) => comparedIn(row, symbol))
    return rows.sort((a, b) => (a.date === b.date ? (a.vendor < b.vendor ? -1 : 1) : a.date < b.date ? -1 : 1))
  }

  async putCompleteness(rows: readonly Completeness[]): Promise<void> {
    await this.#inTurn(() => this.#put(rows.map(comparedLine)))
  }

  /** Ticks that lack what every tick has, as points of another writer do. The server checks its files by itself. */
  async integrity(): Promise<readonly string[]> {
    const findings: string[] = []
    for (const symbol of await this.symbols()) {
      const { rows } = await this.#wire.ask(
        `SELECT count("last_price"), count("seq"), count("phase") FROM "${TICKS}" WHERE ${ofSymbol(symbol)}`,
      )
      const [, ...counts] = (rows[0] ?? []).map((value) => numberIn(value) ?? 0)
      if (new Set(counts).size > 1) {
        findings.push(`${symbol}: prices, numbers and phases of its ticks are not the same many (${counts.join(', ')})`)
      }
    }
    return findings
  }

  async close(): Promise<void> {
    await this.#turn
    // what cannot be told now stays in doubt, which costs a reader time alone
    await this.#writer?.end().catch(() => {})
    this.#wire.close()
  }

  async #put(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#wire.write(lines)
  }

  async #inTurn<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const writer = this.#writer
    if (!writer) throw new HkqError('E_STORAGE', `"${nameOf(this.#wire.target)}" is open for reading only`)
    const before = this.#turn
    const done = (async () => {
      await before
      return work(writer)
    })()
    this.#turn = done.catch(() => {})
    return done
  }
}

/** Minutes with those that are made of their ticks in their place, up to `last`; these are taken out of `doubted`. */
function settled(minutes: readonly Summary[], doubted: Map<number, Summary>, last: number): readonly Summary[] {
  const inTime = [...doubted.keys()].filter((start) => start <= last)
  if (inTime.length === 0) return minutes
  const all = new Map(minutes.map((minute) => [minute.start, minute]))
  for (const start of inTime) {
    all.set(start, doubted.get(start)!)
    doubted.delete(start)
  }
  return [...all.values()].sort((a, b) => a.start - b.start)
}
