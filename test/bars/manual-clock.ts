import type { Clock } from '../../src/core/clock.ts'

/** A clock that stands until it is moved; sleepers wake when it reaches them. */
export class ManualClock implements Clock {
  #now: number
  #sleepers: { until: number; wake: () => void }[] = []

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ until: this.#now + ms, wake })
      signal?.addEventListener('abort', () => wake())
    })
  }

  /** Moves to `time` and lets everything run that this has made possible. */
  async moveTo(time: number): Promise<void> {
    this.#now = time
    const due = this.#sleepers.filter(({ until }) => until <= time)
    this.#sleepers = this.#sleepers.filter(({ until }) => until > time)
    for (const { wake } of due) wake()
    await new Promise((resolve) => setImmediate(resolve))
  }
}
