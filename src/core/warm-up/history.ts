import { dayNumber, dayStart, MINUTE } from '../market/time.ts'
import type { Evaluator } from '../statistics/volatility/evaluator.ts'
import { barsWanted } from '../statistics/volatility/food.ts'
import type { VolatilityOptions } from '../statistics/volatility/options.ts'
import type { Span, Store } from '../storage/store.ts'
import { feedStored } from '../storage/stored-volatility.ts'

/** What a recorder may still commit out of order, and a feed give again, ms. */
export const OVERLAP = 10 * MINUTE

/** Exchange time of the newest stored tick of any of the symbols, epoch ms; -Infinity without one. */
export async function newestStored(store: Store, symbols: readonly string[]): Promise<number> {
  const stored = (await store.checkpoints()).filter(({ symbol }) => symbols.includes(symbol))
  return Math.max(...stored.map(({ timestamp }) => timestamp ?? Number.NEGATIVE_INFINITY))
}

/**
 * Up to when stored history is complete in itself, so that it can be read the fast way: before what may still change, or
 * before the last day where the estimator works on bars. Epoch ms; -Infinity without any.
 */
export async function seamOf(store: Store, symbols: readonly string[], settings: VolatilityOptions): Promise<number> {
  const newest = await newestStored(store, symbols)
  if (newest === Number.NEGATIVE_INFINITY || barsWanted(settings) === null) return newest - OVERLAP
  return dayStart(dayNumber(newest))
}

/** Feeds stored history symbol by symbol to an evaluator that goes on with events as they come. */
export async function* feedHistory<R>(
  store: Store,
  symbols: readonly string[],
  span: Span,
  evaluator: Evaluator<R>,
  settings: VolatilityOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly R[]> {
  for (const symbol of symbols) {
    if (signal.aborted) break
    yield* feedStored(store, symbol, span, evaluator, settings, signal)
  }
}
