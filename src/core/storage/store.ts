import type { Summary } from '../bars/summary.ts'
import type { Batches, Gap, Tick } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Checkpoint, Query, Sink, Written } from '../pipeline/source.ts'

/**
 * A store of market events. `write` stores ticks, quotes, gaps, rejected records, the checkpoint and the one-minute
 * summaries of the ticks that were really new, in one transaction, and resolves when they are committed. Writing the
 * same events again changes nothing: identity is (symbol, timestamp, seq, source) over the whole history.
 */
export interface Store extends Sink {
  write(batch: Parameters<Sink['write']>[0]): Promise<Written>
  /** Ticks, quotes and gaps in order of time, then seq. */
  read(query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] }): Batches
  /** Ticks of one symbol in (timestamp, seq) order, the fast path of analytics. */
  ticks(symbol: string, query: Omit<Query, 'symbols'>): Iterable<readonly Tick[]>
  /** One-minute summaries of one symbol in order. */
  minutes(symbol: string, query: Omit<Query, 'symbols'>): Iterable<readonly Summary[]>
  gaps(query: Query): readonly Gap[]
  checkpoints(): readonly Checkpoint[]
  symbols(): readonly string[]
  instruments(): readonly Instrument[]
  putInstruments(rows: readonly Instrument[]): void
}
