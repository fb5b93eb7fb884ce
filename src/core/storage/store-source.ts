import type { Batches } from '../market/event.ts'
import type { Query, Source } from '../pipeline/source.ts'
import { RecordedClock } from './recorded-clock.ts'
import type { Store } from './store.ts'

/** What a store holds as a source: its events in order, as fast as they are taken. The store is closed at the end. */
export function storeSource(store: Store, name: string, query: Query, signal?: AbortSignal): Source {
  const clock = new RecordedClock()
  const events = async function* (): Batches {
    try {
      for await (const batch of store.read(query)) {
        if (signal?.aborted) return
        yield batch
      }
    } finally {
      await store.close()
    }
  }
  return {
    name,
    kind: 'recorded',
    clock,
    instruments: async () => store.instruments(),
    [Symbol.asyncIterator]: () => clock.follow(events())[Symbol.asyncIterator](),
  }
}
