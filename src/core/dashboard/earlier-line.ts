import { dayNumber, dayStart } from '../market/time.ts'
import type { EarlierDays, Stretch } from './earlier-days.ts'
import type { ChartVolatility } from './protocol.ts'
import type { Sheet } from './sheet.ts'

/** Whose line it is, and who is told. */
export interface EarlierLineContext {
  readonly days: EarlierDays
  readonly sheet: Sheet
  readonly every: Stretch['every']
  readonly send: (points: readonly ChartVolatility[]) => void
  readonly fail: (error: unknown) => void
  /** Ends it. */
  readonly signal: AbortSignal
}

/**
 * Tells one page the volatility of the days that its bars go back to, behind the bars: one stretch after the other, whatever
 * is wished meanwhile, so that no page can heap up readings.
 */
export class EarlierLine {
  readonly #context: EarlierLineContext
  #wanted = Number.POSITIVE_INFINITY
  #told = Number.POSITIVE_INFINITY
  #isTelling = false

  constructor(context: EarlierLineContext) {
    this.#context = context
  }

  /** The page has bars from this time on, epoch ms. */
  reach(from: number): void {
    this.#wanted = Math.min(this.#wanted, from)
    if (!this.#isTelling) void this.#tell()
  }

  async #tell(): Promise<void> {
    const { days, sheet, every, send, fail, signal } = this.#context
    this.#isTelling = true
    try {
      while (this.#told > this.#wanted && !signal.aborted) {
        const stretch = { every, from: this.#wanted, to: this.#told }
        for await (const points of days.of(sheet, stretch, signal)) if (points.length > 0) send(points)
        this.#told = dayStart(dayNumber(stretch.from))
      }
    } catch (error) {
      if (!signal.aborted) fail(error)
    } finally {
      this.#isTelling = false
    }
  }
}
