import type { Clock } from '../clock.ts'
import { type Batches, isAstray, type MarketEvent } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import type { Query } from '../pipeline/source.ts'
import type { Store } from './store.ts'

const POLL = 250
/** A tick that is committed later than this after newer ones is not seen by a follower. */
const OVERLAP = MINUTE

/**
 * What a store holds, then what a recorder adds to it, each event once, until `signal` aborts. `onCaughtUp` is called
 * whenever everything stored so far has been given. Within the last minute
 * events may come in another order than that of their times, as they were committed.
 */
export async function* follow(
  store: Store,
  query: Query,
  clock: Clock,
  signal: AbortSignal,
  onCaughtUp: () => void = () => {},
): AsyncGenerator<readonly MarketEvent[]> {
  let newest = Math.max(query.since ?? 0, ...store.checkpoints().map(({ timestamp }) => timestamp ?? 0))
  yield* store.read({ ...query, until: newest - OVERLAP })
  let seen = new Map<string, number>()
  while (!signal.aborted) {
    const since = Math.max(query.since ?? 0, newest - OVERLAP)
    for await (const batch of unseen(store.read({ ...query, since }), seen)) {
      for (const event of batch) if (event.type !== 'tick' || !isAstray(event)) newest = Math.max(newest, timeOf(event))
      yield batch
    }
    seen = new Map([...seen].filter(([, time]) => time >= newest - OVERLAP))
    onCaughtUp()
    await clock.sleep(POLL, signal)
  }
}

async function* unseen(events: Batches, seen: Map<string, number>): AsyncGenerator<readonly MarketEvent[]> {
  for await (const batch of events) {
    const fresh = batch.filter((event) => {
      const key = keyOf(event)
      if (seen.has(key)) return false
      seen.set(key, timeOf(event))
      return true
    })
    if (fresh.length > 0) yield fresh
  }
}

function timeOf(event: MarketEvent): number {
  return event.type === 'gap' ? event.to : (event.timestamp ?? 0)
}

function keyOf(event: MarketEvent): string {
  const { type, symbol, source } = event
  if (event.type === 'gap') return `gap ${symbol} ${event.from} ${event.to} ${source}`
  return `${type} ${symbol} ${event.timestamp} ${'seq' in event ? event.seq : ''} ${source}`
}
