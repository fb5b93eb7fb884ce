import type { Clock } from '../clock.ts'
import { type Batches, isAstray, type MarketEvent } from '../market/event.ts'
import { DAY, MINUTE } from '../market/time.ts'

/**
 * The present of a stream that begins with history or may be a replay. While history is read, and while ticks are
 * simulated or replayed (their days are over by the wall clock), it is the newest event's time; once they come live, the
 * wall clock. So bars and volatility of the past come out as in batch, and those of today on time.
 */
export class Present implements Clock {
  readonly #wall: Clock
  #isHistory: boolean
  #isReplay = false
  #newest = Number.NEGATIVE_INFINITY
  readonly #sleepers = new Set<AbortController>()

  /** @param isHistory whether the stream begins with history; `caughtUp` ends it */
  constructor(wall: Clock, isHistory: boolean) {
    this.#wall = wall
    this.#isHistory = isHistory
  }

  now(): number {
    return this.#followsEvents ? this.#newest : this.#wall.now()
  }

  monotonic(): number {
    return this.#wall.monotonic()
  }

  /** Ends early when time is told otherwise than before; while events tell it, with the next ones. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return
    const sleeper = new AbortController()
    const wake = (): void => sleeper.abort()
    this.#sleepers.add(sleeper)
    signal?.addEventListener('abort', wake)
    await this.#wall.sleep(this.#followsEvents ? Number.MAX_SAFE_INTEGER : ms, sleeper.signal)
    signal?.removeEventListener('abort', wake)
    this.#sleepers.delete(sleeper)
  }

  /** History has been read: what comes now comes as it happens. */
  caughtUp(): void {
    this.#isHistory = false
    this.#wakeAll()
  }

  /** The same events; this clock learns from them. */
  async *of(events: Batches): AsyncGenerator<readonly MarketEvent[]> {
    for await (const batch of events) {
      for (const event of batch) this.#observe(event)
      if (this.#followsEvents) this.#wakeAll()
      yield batch
    }
  }

  get #followsEvents(): boolean {
    return this.#isHistory || this.#isReplay
  }

  #observe(event: MarketEvent): void {
    if (event.type !== 'tick' || isAstray(event)) return
    // A trade that comes late tells nothing of the present.
    if (event.timestamp < this.#newest && event.timestamp > this.#newest - DAY) return
    this.#newest = Math.max(this.#newest, event.timestamp)
    const isFresh = event.received_at !== null && Math.abs(event.received_at - event.timestamp) < MINUTE
    this.#isReplay = !isFresh
  }

  #wakeAll(): void {
    for (const sleeper of this.#sleepers) sleeper.abort()
  }
}
