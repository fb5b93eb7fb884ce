import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { DAY } from '../market/time.ts'
import { type Metric, metricsOf } from './metrics.ts'
import type { HealthRecord } from './record.ts'

/** How long records stay in a store. */
export const KEPT = 90 * DAY
/** Records that wait at most for a store that cannot take them: those of a trading day, one a minute. */
const MOST_WAITING = 480
/** Records that a store is given at once, so that the ticks' writes do not wait for long. */
const TOGETHER = 30

export interface KeeperOptions {
  /** Keeps numbers, and forgets those before `since` (epoch ms); false where it cannot take them now. */
  readonly put: (metrics: readonly Metric[], since: number) => Promise<boolean>
  readonly clock: Pick<Clock, 'now'>
  /** Told one line when records cannot be kept, until they can. */
  readonly tell: (line: string) => void
}

/**
 * Keeps records of health in a store, for 90 days. What a store cannot take waits in memory, so that the time in which nothing
 * could be stored is told once it is over.
 */
export class Keeper {
  readonly #options: KeeperOptions
  #waiting: (readonly Metric[])[] = []
  #last = 0
  #isFailing = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async keep(records: readonly HealthRecord[]): Promise<void> {
    const { put, clock, tell } = this.#options
    const samples = records.map((record) => metricsOf({ ...record, timestamp: this.#timeOf(record) }))
    this.#waiting = [...this.#waiting, ...samples].slice(-MOST_WAITING)
    try {
      while (this.#waiting.length > 0) {
        const some = this.#waiting.slice(0, TOGETHER)
        if (!(await put(some.flat(), clock.now() - KEPT))) return
        this.#waiting = this.#waiting.slice(some.length)
      }
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) tell(`health is not stored for now: ${messageOf(error)}`)
      this.#isFailing = true
    }
  }

  /** A millisecond of its own for each: the numbers of one are found together by it. */
  #timeOf({ timestamp }: HealthRecord): number {
    this.#last = Math.max(Math.round(timestamp), this.#last + 1)
    return this.#last
  }
}
