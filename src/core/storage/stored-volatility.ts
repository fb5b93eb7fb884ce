import type { Gap } from '../market/event.ts'
import { VolatilityMonitor } from '../statistics/volatility/monitor.ts'
import { settingsOf, type VolatilityOptions } from '../statistics/volatility/options.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import type { VolatilityRun } from '../statistics/volatility/volatility.ts'
import type { TickColumns } from './columns.ts'
import type { Span, Store } from './store.ts'

/**
 * Volatility of one stored symbol by an estimator of ticks or of the grid, from its ticks as columns: the records that
 * `volatility` gives of the same ticks and gaps as events.
 * @param signal ends the reading early; what was read counts
 */
export async function* storedVolatility(
  store: Store,
  symbol: string,
  span: Span,
  options: VolatilityOptions & Omit<VolatilityRun, 'clock'>,
  signal?: AbortSignal,
): AsyncGenerator<readonly VolatilityRecord[]> {
  const monitor = new VolatilityMonitor(options, options)
  const { price, estimator, confirmVolume } = settingsOf(options)
  const choice = { book: price === 'mid', prices: estimator.name === 'tick-std' && confirmVolume === null }
  const gaps = [...store.gaps({ ...span, symbols: [symbol] })]
  for await (const columns of store.columns(symbol, { ...span, ...choice })) {
    yield* some(taken(monitor, symbol, columns, gaps))
    if (signal?.aborted) break
  }
  yield* some([...monitor.push(gaps), ...monitor.end(options.complete)])
}

/** Takes the ticks in, and every gap behind the ticks of its `from`; the gaps taken leave the list. */
function taken(monitor: VolatilityMonitor, symbol: string, columns: TickColumns, gaps: Gap[]): VolatilityRecord[] {
  const { length, timestamp } = columns
  const newest = timestamp[length - 1]!
  if (gaps.length === 0 || gaps[0]!.from >= newest) return monitor.pushColumns(symbol, columns)
  const records: VolatilityRecord[] = []
  let first = 0
  while (gaps.length > 0 && gaps[0]!.from < newest) {
    let end = first
    while (timestamp[end]! <= gaps[0]!.from) end++
    for (const record of monitor.pushColumns(symbol, columns, first, end)) records.push(record)
    monitor.push([gaps.shift()!])
    first = end
  }
  for (const record of monitor.pushColumns(symbol, columns, first)) records.push(record)
  return records
}

function* some(records: readonly VolatilityRecord[]): Generator<readonly VolatilityRecord[]> {
  if (records.length > 0) yield records
}
