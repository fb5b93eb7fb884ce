import type { Batches, MarketEvent } from '../market/event.ts'
import type { Source } from './source.ts'

/** The same source with its events passed through a step. */
export function withEvents(source: Source, step: (events: Batches) => AsyncIterable<readonly MarketEvent[]>): Source {
  const { name, kind, clock } = source
  return {
    ...{ name, kind, clock },
    ...(source.instruments && { instruments: () => source.instruments!() }),
    ...(source.subscribe && { subscribe: (symbols: readonly string[]) => source.subscribe!(symbols) }),
    ...(source.inquiry && { inquiry: source.inquiry }),
    ...(source.feeds && { feeds: () => source.feeds!() }),
    ...(source.connections && { connections: () => source.connections!() }),
    ...(source.lines && { lines: () => source.lines!() }),
    ...(source.bars && { bars: (query) => source.bars!(query) }),
    [Symbol.asyncIterator]: () => step(source)[Symbol.asyncIterator](),
  }
}
