import type { Tick } from '../market/event.ts'
import { FIRST_TICKS, type TapeTick } from './protocol.ts'

/** Time and sales of one symbol: its newest ticks, numbered from 1 on as they came. */
export class Tape {
  readonly #ticks: TapeTick[] = []
  #count = 0

  /** Number of the newest tick, 0 before one. */
  get count(): number {
    return this.#count
  }

  add(tick: Tick): void {
    this.#count++
    this.#ticks[this.#count % FIRST_TICKS] = lineOf(tick, this.#count)
  }

  /** The newest ticks with a number above `nth`, in the order in which they came. */
  after(nth: number): TapeTick[] {
    const first = Math.max(nth, this.#count - FIRST_TICKS) + 1
    const ticks: TapeTick[] = []
    for (let n = first; n <= this.#count; n++) ticks.push(this.#ticks[n % FIRST_TICKS]!)
    return ticks
  }
}

/** One line of it. */
export function lineOf({ timestamp, last_price, volume, side, flags }: Tick, nth: number): TapeTick {
  return { timestamp, last_price, volume, side, flags, nth }
}
