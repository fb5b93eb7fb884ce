import type { Clock } from '../clock.ts'
import { type Coverage, isAstray, type MarketEvent } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { Distinct, distinct } from '../pipeline/distinct.ts'
import type { Checkpoint, Query } from '../pipeline/source.ts'
import type { Store } from './store.ts'

const POLL = 250
/** How far back every look goes, ms, and how far every twentieth: a tick that is committed out of order by more is not seen. */
const NEAR = 10_000
const OVERLAP = MINUTE
const WHOLE_EVERY = 20

/**
 * What a store holds, then what a recorder adds to it, each event once, until `signal` aborts; after the events, how far
 * the recorder has heard. `onCaughtUp` is called whenever everything stored so far has been given, with the store's
 * checkpoints as they were before. Within the last minute events may come in another order than that of their times, as they were committed.
 */
export async function* follow(
  store: Store,
  query: Query & { types?: readonly ('tick' | 'quote' | 'gap')[] },
  clock: Clock,
  signal: AbortSignal,
  onCaughtUp: (checkpoints: readonly Checkpoint[]) => void = () => {},
): AsyncGenerator<readonly MarketEvent[]> {
  let checkpoints = await store.checkpoints()
  let newest = Math.max(query.since ?? 0, ...checkpoints.map(({ timestamp }) => timestamp ?? 0))
  const seen = new Distinct({ horizon: OVERLAP, most: Number.POSITIVE_INFINITY })
  const heard = new Heard()
  // First, as a limit: what other symbols did later says nothing of one that was not heard since.
  yield* heard.news(checkpoints)
  yield* store.read({ ...query, until: newest - OVERLAP })
  for (let look = 0; !signal.aborted; look++) {
    const since = Math.max(query.since ?? 0, newest - (look % WHOLE_EVERY === 0 ? OVERLAP : NEAR))
    for await (const batch of distinct(store.read({ ...query, since }), seen)) {
      for (const event of batch) if (event.type !== 'tick' || !isAstray(event)) newest = Math.max(newest, timeOf(event))
      yield batch
    }
    yield* heard.news(checkpoints)
    onCaughtUp(checkpoints)
    await clock.sleep(POLL, signal)
    checkpoints = await store.checkpoints()
  }
}

/** How far the symbols of a store were heard, as events. */
class Heard {
  readonly #told = new Map<string, number>()

  /** What has moved on, a batch or none. @param checkpoints read before the events that it must not run ahead of */
  news(checkpoints: readonly Checkpoint[]): readonly (readonly Coverage[])[] {
    const news: Coverage[] = []
    for (const { source, symbol, covered_until } of checkpoints) {
      if (covered_until === null || covered_until <= (this.#told.get(symbol) ?? 0)) continue
      this.#told.set(symbol, covered_until)
      news.push({ type: 'coverage', source, symbol: null, symbols: [symbol], timestamp: covered_until })
    }
    return news.length > 0 ? [news] : []
  }
}

function timeOf(event: MarketEvent): number {
  return event.type === 'gap' ? event.to : (event.timestamp ?? 0)
}
