import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { type Batches, isAstray, type MarketEvent, type Status } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import { Distinct, distinct } from '../pipeline/distinct.ts'
import type { Checkpoint, Query } from '../pipeline/source.ts'
import { follow } from '../storage/follow.ts'
import type { Store } from '../storage/store.ts'

/** Wait between two tries to reach a store that is away, ms. */
const RETRY = 5_000

/** How a store is followed. */
export interface Following {
  /** What people call the store. */
  readonly name: string
  /** Which errors tell that it is away for now. */
  readonly isAway: (error: unknown) => boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onCaughtUp: (checkpoints: readonly Checkpoint[]) => void
}

/** As `follow`, each event once, also where the store is away meanwhile: that is told as states of a feed of its name. */
export async function* followed(store: Store, query: Query, following: Following): Batches & AsyncGenerator {
  const { name, isAway, clock, signal, onCaughtUp } = following
  const tell = (state: Status['state'], detail: string): readonly Status[] => [
    { type: 'status', source: name, symbol: null, state, timestamp: clock.now(), detail },
  ]
  const seen = new Distinct()
  let since = query.since
  while (!signal.aborted) {
    try {
      const asked = { ...query, ...(since !== undefined && { since }) }
      for await (const batch of distinct(follow(store, asked, clock, signal, onCaughtUp), seen)) {
        yield batch
        since = Math.max(since ?? 0, newestOf(batch) - MINUTE)
      }
    } catch (error) {
      if (signal.aborted || !isAway(error)) throw error
      yield tell('lost', messageOf(error))
      if (await isBack(store, following)) yield tell('up', 'the store is back')
    }
  }
}

/** Waits until the store answers. @returns false where the signal aborts before */
async function isBack(store: Store, { isAway, clock, signal }: Following): Promise<boolean> {
  for (;;) {
    await clock.sleep(RETRY, signal)
    if (signal.aborted) return false
    try {
      await store.checkpoints()
      return true
    } catch (error) {
      if (!isAway(error)) throw error
    }
  }
}

function newestOf(batch: readonly MarketEvent[]): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const event of batch) if (event.type === 'tick' && !isAstray(event)) newest = Math.max(newest, event.timestamp)
  return newest
}
