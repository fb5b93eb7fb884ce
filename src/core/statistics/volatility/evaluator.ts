import type { VolatilityEvent } from './intake.ts'
import type { TickColumns } from './prices.ts'

/** What a run of the strategy is fed to, in batches: it gives what became complete, records or figures. */
export interface Evaluator<R> {
  /** Ticks of the batch are taken in (time, seq) order. */
  push(batch: readonly VolatilityEvent[]): R[]
  /**
   * Ticks of one symbol in (time, seq) order, none older than what was pushed before: the fast path of stored ticks, with
   * what `push` would give.
   * @param from first tick to take in
   * @param to end of them, exclusive
   */
  pushColumns(symbol: string, columns: TickColumns, from?: number, to?: number): R[]
  /** Completes the grid points before `now` (epoch ms) without waiting for a next tick, as far as the feed was heard. */
  scan(now: number): R[]
  /** The input was left at `now` (epoch ms) while more may come: as `scan`, and what was kept for the end. */
  stop(now: number): R[]
  /**
   * The input has ended: every symbol is taken to the newest time of any.
   * @param complete what is known to be complete up to this time (epoch ms), so that the step in which the data ends counts
   */
  end(complete?: number): R[]
}
