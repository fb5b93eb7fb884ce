import type { Clock } from '../clock.ts'

/**
 * The clock of a simulated market. At a number, its time runs that many times as fast as the base clock; at `max`, it
 * stands at the last event taken, and who sleeps wakes when the market gets there.
 */
export class SimulatedClock implements Clock {
  readonly #base: Clock
  readonly #speed: number | 'max'
  #anchor: { simulated: number; base: number } | null = null
  #reached: number
  #ended = false
  #sleepers: { until: number; wake: () => void }[] = []

  constructor(base: Clock, speed: number | 'max', start: number) {
    this.#base = base
    this.#speed = speed
    this.#reached = start
  }

  now(): number {
    if (this.#speed === 'max' || this.#anchor === null) return this.#reached
    return this.#anchor.simulated + (this.#base.monotonic() - this.#anchor.base) * this.#speed
  }

  /** Simulated milliseconds; a night that is passed over counts. */
  monotonic(): number {
    return this.now()
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.#speed !== 'max') return this.#base.sleep(ms / this.#speed, signal)
    if (this.#ended) return this.#base.sleep(ms, signal)
    if (signal?.aborted) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#sleepers.push({ until: this.#reached + ms, wake })
      signal?.addEventListener('abort', wake)
    })
  }

  /** Starts the clock, or moves it on over a time in which nothing happens. */
  jumpTo(time: number): void {
    this.#anchor = { simulated: time, base: this.#base.monotonic() }
    this.reach(time)
  }

  /** The market has been played up to `time`. */
  reach(time: number): void {
    this.#reached = Math.max(this.#reached, time)
    if (this.#sleepers.length === 0) return
    const due = this.#sleepers.filter(({ until }) => until <= this.#reached)
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#reached)
    for (const { wake } of due) wake()
  }

  /** Nothing more will happen: whoever sleeps wakes, and later sleep is the base clock's. */
  end(): void {
    this.#ended = true
    for (const { wake } of this.#sleepers.splice(0)) wake()
  }
}
