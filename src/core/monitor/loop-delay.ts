import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/** Time between two looks, ms: 20 a second cost less than a thousandth of a CPU. */
const RESOLUTION = 50

/** How late the event loop of this process is: what a tick waits for whatever else the process does. */
export class LoopDelay {
  readonly #intervals: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION })

  constructor() {
    this.#intervals.enable()
  }

  /** The 99th percentile since the last call, ms; null where there was no look. */
  take(): number | null {
    if (this.#intervals.count === 0) return null
    const interval = this.#intervals.percentile(99) / 1e6
    this.#intervals.reset()
    return Number(Math.max(0, interval - RESOLUTION).toFixed(2))
  }

  close(): void {
    this.#intervals.disable()
  }
}
