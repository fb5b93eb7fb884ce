import type { Summary } from '../bars/summary.ts'
import type { Completeness } from '../market/completeness.ts'
import type { Batches, Gap, Rejected, Tick } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Metric } from '../monitor/metrics.ts'
import type { Checkpoint, Query, Sink, Written } from '../pipeline/source.ts'
import type { TickColumns } from './columns.ts'

/** A stretch of time of one symbol: `since` inclusive, `until` exclusive, epoch ms; absent means all. */
export type Span = Omit<Query, 'symbols'>

/** A stretch of time with both its ends. */
export type Slice = Required<Pick<Span, 'since' | 'until'>>

/** Which columns are read. */
export interface ColumnChoice {
  /** The quote's prices too. */
  book?: boolean
  /** Times, prices and flags are enough: a store may leave volume and turnover NaN. */
  prices?: boolean
}

/** Stretches of time that ticks are condensed into. */
export interface Condensing {
  /** Length of the bars to be made, ms; it divides a minute. */
  readonly every: number
  /** Flags whose ticks are left out, as bits (flagMask). */
  readonly leftOut: number
}

/**
 * A store of market events. `write` stores ticks, quotes, gaps, rejected records, the checkpoint, the coverage and the one-minute
 * summaries of the ticks that were really new, in one transaction, and resolves when they are committed. That a gap was
 * backfilled is not taken from such an event, since `fill` alone brings the minutes. Writing the
 * same events again changes nothing: identity is (symbol, timestamp, seq, source) over the whole history, and the same
 * identity with another price or volume is another trade, stored under the next free seq.
 */
export interface Store extends Sink {
  /** `stored` and `duplicates` count ticks. Status events are not stored. */
  write(batch: Parameters<Sink['write']>[0]): Promise<Written>
  /** Ticks, quotes and gaps in order of time, then seq, across symbols; a gap follows the ticks of its `from`. */
  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches
  /** Ticks of one symbol in (timestamp, seq) order, in chunks of bounded size. */
  ticks(symbol: string, span: Span): AsyncIterable<readonly Tick[]>
  /** The same ticks as typed arrays, the fast path of analytics; signals, timers and sockets have their turn between chunks. */
  columns(symbol: string, span: Span & ColumnChoice): AsyncIterable<TickColumns>
  /**
   * The same ticks for bars, where the store has an engine that adds up faster than ticks are handed over: as summaries of
   * stretches that each lie in one bucket of such bars, where these give the same bars to the last bit, else as columns.
   */
  condensed?: (symbol: string, span: Span, how: Condensing) => AsyncIterable<TickColumns | readonly Summary[]>
  /** One-minute summaries (clock minutes) of one symbol in order; `since` and `until` apply to their starts. */
  minutes(symbol: string, span: Span): AsyncIterable<readonly Summary[]>
  /** Gaps that meet [since, until) of the symbols asked for, those of all symbols included, by `from`. */
  gaps(query: Query): Promise<readonly Gap[]>
  /** What was quarantined, in no particular order, in chunks of bounded size. */
  rejected(): AsyncIterable<readonly Rejected[]>
  checkpoints(): Promise<readonly Checkpoint[]>
  /** Symbols with ticks or minutes, in order of name. */
  symbols(): Promise<readonly string[]>
  /** The newest row of every symbol. */
  instruments(): Promise<readonly Instrument[]>
  putInstruments(rows: readonly Instrument[]): Promise<void>
  /**
   * Puts a vendor's whole minutes in the place of those stored, whatever these were made of, and marks the gaps as filled
   * by backfill, new ones too; in one transaction. No tick is made, and none that comes late changes such a minute.
   */
  fill(minutes: readonly Summary[], gaps: readonly Gap[]): Promise<void>
  /** The newest comparison of each day of a symbol with each vendor, in this order. */
  completeness(symbol: string): Promise<readonly Completeness[]>
  putCompleteness(rows: readonly Completeness[]): Promise<void>
  /**
   * Keeps numbers of the recorder's health, and forgets those before `since` (epoch ms); false where it cannot take them now.
   * A store that has no place for them has no such verb.
   */
  putMetrics?: ((metrics: readonly Metric[], since: number) => Promise<boolean>) | undefined
  /** Those numbers in order of time and name, in chunks of bounded size. */
  metrics?: ((span: Span) => AsyncIterable<readonly Metric[]>) | undefined
  /** What the store's own check finds wrong with its file, a line each; empty when it is sound. */
  integrity(): Promise<readonly string[]>
}
