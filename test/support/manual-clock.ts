import type { Clock } from '../../src/core/clock.ts'

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it. Sleepers wake in order of their time, each with time to act. */
export class ManualClock implements Clock {
  #now: number
  #monotonic = 0
  #sleepers: Sleeper[] = []

  /** @param now wall clock at the start, epoch ms */
  constructor(now = 0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { due: this.#monotonic + Math.max(0, ms), wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  /** Milliseconds until each sleeper wakes, soonest first. */
  get sleeping(): readonly number[] {
    return this.#sleepers.map(({ due }) => due - this.#monotonic).sort((a, b) => a - b)
  }

  /** Moves time on by `ms`. Whoever wakes acts, and may sleep again, before time moves further. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (;;) {
      await turn()
      const next = this.#sleepers.reduce<Sleeper | undefined>((a, b) => (a && a.due <= b.due ? a : b), undefined)
      if (next === undefined || next.due > end) break
      this.#moveTo(Math.max(next.due, this.#monotonic))
      next.wake()
    }
    this.#moveTo(end)
    await turn()
  }

  /** The wall clock jumps; the monotonic one does not notice. */
  jump(ms: number): void {
    this.#now += ms
  }

  /** Both clocks move on at once, as where a process stood still: who sleeps wakes late, and before anything is read. */
  async stall(ms: number): Promise<void> {
    this.#moveTo(this.#monotonic + ms)
    for (const { due, wake } of this.#sleepers) if (due <= this.#monotonic) wake()
    await this.advance(0)
  }

  #moveTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic
    this.#monotonic = monotonic
  }
}

/** One round of the event loop: promises settle, sockets on this machine are read. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves as soon as `condition` holds; the test's own time limit is the only other end. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}
