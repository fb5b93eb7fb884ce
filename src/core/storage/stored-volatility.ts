import type { Gap } from '../market/event.ts'
import type { Evaluator } from '../statistics/volatility/evaluator.ts'
import { settingsOf, type VolatilityOptions } from '../statistics/volatility/options.ts'
import type { TickColumns } from './columns.ts'
import type { Span, Store } from './store.ts'

/**
 * Feeds the ticks and gaps of one stored symbol to the evaluator of a run, ticks as columns: what it gives of the same
 * events. Not for estimators of bars.
 * @param options settings of the run; `complete` as for `evaluate`
 * @param signal ends the reading early; what was read counts
 */
export async function* evaluateStored<R>(
  store: Store,
  symbol: string,
  span: Span,
  evaluator: Evaluator<R>,
  options: VolatilityOptions & { complete?: number },
  signal?: AbortSignal,
): AsyncGenerator<readonly R[]> {
  const { price, estimator, confirmVolume } = settingsOf(options)
  const choice = { book: price === 'mid', prices: estimator.name === 'tick-std' && confirmVolume === null }
  const gaps = [...store.gaps({ ...span, symbols: [symbol] })]
  for await (const columns of store.columns(symbol, { ...span, ...choice })) {
    yield* some(taken(evaluator, symbol, columns, gaps))
    if (signal?.aborted) break
  }
  yield* some([...evaluator.push(gaps), ...evaluator.end(options.complete)])
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

function* some<R>(given: readonly R[]): Generator<readonly R[]> {
  if (given.length > 0) yield given
}
