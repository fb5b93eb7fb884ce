import type { Clock } from '../clock.ts'
import type { Batches, MarketEvent } from '../market/event.ts'

/** The clock of recorded data: its present is the newest event that was read, and it moves when events are read. */
export class RecordedClock implements Clock {
  #now = 0
  #sleepers: { until: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = { until: this.#now + ms, wake: () => resolve() }
      const stop = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        resolve()
      }
      sleeper.wake = () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      signal?.addEventListener('abort', stop, { once: true })
      this.#sleepers.push(sleeper)
    })
  }

  /** Moves to `time` unless that lies in the past. */
  advance(time: number): void {
    if (!(time > this.#now)) return
    this.#now = time
    const due = this.#sleepers.filter(({ until }) => until <= time)
    if (due.length === 0) return
    this.#sleepers = this.#sleepers.filter(({ until }) => until > time)
    for (const { wake } of due) wake()
  }

  /** The same events; this clock moves with them. */
  async *follow(events: Batches): AsyncGenerator<readonly MarketEvent[]> {
    for await (const batch of events) {
      let newest = 0
      for (const event of batch) newest = Math.max(newest, event.type === 'gap' ? event.to : (event.timestamp ?? 0))
      this.advance(newest)
      yield batch
    }
  }
}
