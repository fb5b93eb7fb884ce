import type { Summary } from '../bars/summary.ts'
import type { Adjustments } from '../market/adjustments.ts'
import type { Batches, MarketEvent } from '../market/event.ts'
import type { Source } from '../pipeline/source.ts'
import { withEvents } from '../pipeline/with-events.ts'
import type { TickColumns } from './columns.ts'
import type { Store } from './store.ts'

/** The source with its ticks, and its bars where it has them, at adjusted prices. */
export function adjustedSource(source: Source, adjustments: Adjustments): Source {
  return {
    ...withEvents(source, (events) => adjusted(events, adjustments)),
    ...(source.bars && {
      bars: (query) => each(source.bars!(query), (bars) => bars.map((bar) => adjustments.bar(bar))),
    }),
  }
}

/** The store as its readers see it at adjusted prices; what it holds stays as it was traded. */
export function adjustedStore(store: Store, adjustments: Adjustments): Store {
  return {
    write: (batch) => store.write(batch),
    read: (query) => adjusted(store.read(query), adjustments),
    async *ticks(symbol, span) {
      for await (const ticks of store.ticks(symbol, span)) yield ticks.map((tick) => adjustments.tick(tick))
    },
    async *columns(symbol, span) {
      const touched = adjustments.touches(symbol)
      for await (const columns of store.columns(symbol, span)) {
        if (touched) adjustColumns(columns, symbol, adjustments)
        yield columns
      }
    },
    async *minutes(symbol, span) {
      for await (const minutes of store.minutes(symbol, span)) {
        yield minutes.map((minute) => adjustedMinute(minute, adjustments.factor(symbol, minute.start)))
      }
    },
    gaps: (query) => store.gaps(query),
    rejected: () => store.rejected(),
    checkpoints: () => store.checkpoints(),
    symbols: () => store.symbols(),
    instruments: () => store.instruments(),
    putInstruments: (rows) => store.putInstruments(rows),
    fill: (minutes, gaps) => store.fill(minutes, gaps),
    completeness: (symbol) => store.completeness(symbol),
    putCompleteness: (rows) => store.putCompleteness(rows),
    integrity: () => store.integrity(),
    close: () => store.close(),
  }
}

function adjusted(events: Batches, adjustments: Adjustments): Batches {
  const one = (event: MarketEvent): MarketEvent => (event.type === 'tick' ? adjustments.tick(event) : event)
  return each(events, (batch) => batch.map(one))
}

async function* each<T>(
  batches: Batches<T>,
  step: (batch: readonly T[]) => readonly T[],
): AsyncGenerator<readonly T[]> {
  for await (const batch of batches) yield step(batch)
}

/** In place: a chunk is the reader's own. */
function adjustColumns(columns: TickColumns, symbol: string, adjustments: Adjustments): void {
  const { length, timestamp, last_price, bid_price, ask_price } = columns
  for (let i = 0; i < length; i++) {
    const factor = adjustments.factor(symbol, timestamp[i]!)
    last_price[i]! *= factor
    if (bid_price) bid_price[i]! *= factor
    if (ask_price) ask_price[i]! *= factor
  }
}

/** Sums of prices follow the prices; volume and turnover are as they were traded. */
function adjustedMinute(minute: Summary, factor: number): Summary {
  if (factor === 1) return minute
  const { open, high, low, close, price_mills, value_mills } = minute
  return {
    ...minute,
    open: open * factor,
    high: high * factor,
    low: low * factor,
    close: close * factor,
    price_mills: price_mills === null ? null : price_mills * factor,
    value_mills: value_mills === null ? null : value_mills * factor,
  }
}
