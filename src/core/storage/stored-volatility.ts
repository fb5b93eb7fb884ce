import type { Gap } from '../market/event.ts'
import type { Evaluator } from '../statistics/volatility/evaluator.ts'
import { barsWanted } from '../statistics/volatility/food.ts'
import { settingsOf, type VolatilityOptions } from '../statistics/volatility/options.ts'
import { some } from '../statistics/volatility/volatility.ts'
import type { TickColumns } from './columns.ts'
import type { Span, Store } from './store.ts'
import { storedBars } from './stored-bars.ts'

/** How a reading of stored history ends. */
export interface Ending {
  /** As for `evaluate`. */
  complete?: number
  /** Bars that can still change at this time (epoch ms) are none; absent: the range is whole. */
  asOf?: number
}

/**
 * What the evaluator of a run gives of one stored symbol, fed with all its events: ticks as columns, or the bars of its
 * minutes where the estimator works on bars.
 * @param options settings of the run
 * @param signal ends the reading early; what was read counts
 */
export async function* evaluateStored<R>(
  store: Store,
  symbol: string,
  span: Span,
  evaluator: Evaluator<R>,
  options: VolatilityOptions & Ending,
  signal?: AbortSignal,
): AsyncGenerator<readonly R[]> {
  yield* feedStored(store, symbol, span, evaluator, options, signal)
  yield* some(evaluator.end(options.complete))
}

/** As evaluateStored, for an evaluator that is fed with more after it. */
export async function* feedStored<R>(
  store: Store,
  symbol: string,
  span: Span,
  evaluator: Evaluator<R>,
  options: VolatilityOptions & Pick<Ending, 'asOf'>,
  signal?: AbortSignal,
): AsyncGenerator<readonly R[]> {
  const bars = barsWanted(options)
  if (bars === null) {
    yield* feedColumns(store, symbol, span, evaluator, options, signal)
    return
  }
  const { asOf } = options
  for await (const batch of storedBars(store, symbol, span, { ...bars, ...(asOf !== undefined && { asOf }) })) {
    yield* some(evaluator.push(batch))
    if (signal?.aborted) break
  }
}

async function* feedColumns<R>(
  store: Store,
  symbol: string,
  span: Span,
  evaluator: Evaluator<R>,
  options: VolatilityOptions,
  signal?: AbortSignal,
): AsyncGenerator<readonly R[]> {
  const { price, estimator, confirmVolume } = settingsOf(options)
  const choice = { book: price === 'mid', prices: estimator.name === 'tick-std' && confirmVolume === null }
  const gaps = (await store.gaps({ ...span, symbols: [symbol] })).map((gap) => ({ ...gap, symbol }))
  for await (const columns of store.columns(symbol, { ...span, ...choice })) {
    yield* some(taken(evaluator, symbol, columns, gaps))
    if (signal?.aborted) break
  }
  yield* some(evaluator.push(gaps))
}

/** Takes the ticks in, and every gap behind the ticks of its `from`; the gaps taken leave the list. */
function taken<R>(evaluator: Evaluator<R>, symbol: string, columns: TickColumns, gaps: Gap[]): R[] {
  const { length, timestamp } = columns
  const newest = timestamp[length - 1]!
  if (gaps.length === 0 || gaps[0]!.from >= newest) return evaluator.pushColumns(symbol, columns)
  const given: R[] = []
  let first = 0
  while (gaps.length > 0 && gaps[0]!.from < newest) {
    let end = first
    while (timestamp[end]! <= gaps[0]!.from) end++
    for (const one of evaluator.pushColumns(symbol, columns, first, end)) given.push(one)
    evaluator.push([gaps.shift()!])
    first = end
  }
  for (const one of evaluator.pushColumns(symbol, columns, first)) given.push(one)
  return given
}
