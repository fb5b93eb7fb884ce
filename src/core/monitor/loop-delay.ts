import { Histogram } from '../statistics/histogram.ts'

/** Time between two looks, ms: 20 a second cost less than a thousandth of a CPU. */
const EVERY = 50

/**
 * How late the event loop of this process is: what a tick waits for whatever else the process does. As
 * `perf_hooks.monitorEventLoopDelay`, whose histogram cannot be asked for the last minute.
 */
export class LoopDelay {
  /** Delays since the beginning, ms; it grows on. */
  readonly delays = new Histogram()
  readonly #timer: NodeJS.Timeout
  #due = performance.now() + EVERY

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    this.delays.add(now - this.#due)
    this.#due = now + EVERY
  }
}
