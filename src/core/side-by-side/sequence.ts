import type { Tick } from '../market/event.ts'
import { MINUTE } from '../market/time.ts'
import type { LaneId } from './lane.ts'
import { Recent } from './recent.ts'

/** Common trades that prove a sequence, or fewer of them over a minute; and how many trades are remembered. */
const PROOF = 200
const SLOW_PROOF = 20
const MOST = 50_000

/** What a number stands for: the trade itself, whoever tells it. */
export function contentOf({ timestamp, last_price, volume }: Tick): string {
  return `${timestamp} ${last_price} ${volume}`
}

/** The name of a trade by its vendor's sequence. */
export function numberOf({ symbol, seq }: Tick): string {
  return `${symbol} ${seq}`
}

/**
 * Whether two lines of one vendor number their trades alike. `same` once enough numbers stood for the same time, price and
 * volume on both; `different` for good as soon as one did not, on the other line or on its own (ordinals are no sequence).
 */
export class SequenceProof {
  readonly #told = new Recent<{ content: string; lane: LaneId | null }>(MOST)
  #common = 0
  #since = 0
  #verdict: 'same' | 'different' | null = null

  /** @param at monotonic time, ms */
  observe(lane: LaneId, tick: Tick, at: number): void {
    if (this.#verdict === 'different') return
    const number = numberOf(tick)
    const content = contentOf(tick)
    const told = this.#told.get(number)
    if (told === undefined) this.#told.set(number, { content, lane })
    else if (told.content !== content) this.#verdict = 'different'
    else if (told.lane !== null && told.lane !== lane) {
      told.lane = null
      if (this.#common++ === 0) this.#since = at
      const isProven = this.#common >= PROOF || (this.#common >= SLOW_PROOF && at - this.#since >= MINUTE)
      if (isProven) this.#verdict = 'same'
    }
  }

  /** Null while it is not known. */
  get verdict(): 'same' | 'different' | null {
    return this.#verdict
  }
}
