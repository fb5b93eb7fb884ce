import type { Tick } from '../market/event.ts'
import type { InstrumentKind } from '../market/instrument.ts'
import { isIndex, isStructured } from '../market/symbol.ts'
import { tickSize } from '../market/tick-size.ts'
import { formatDate, MINUTE } from '../market/time.ts'

/** Spreads a price must move before it can be a jump: 20 % of a penny stock is a few spreads. */
const LEAST_SPREADS = 24
/** How long after a jump a second trade may confirm the new level. */
const CONFIRM_WITHIN = MINUTE

/**
 * `suspect_price` of one symbol: a price further than `maxJump` (0.2 = 20 %) and 24 spreads from the last accepted trade
 * of the same phase. A second trade at the new level within 60 s makes it the accepted one; the first keeps its flag,
 * since it was stored at once. The first trade of a phase, warrants and CBBCs are never suspect.
 */
export class PriceJump {
  readonly #maxJump: number
  readonly #exempt: boolean
  readonly #index: boolean
  #phase = ''
  #newest = 0
  #accepted = 0
  #suspect = 0
  #suspectTime = 0

  constructor(symbol: string, maxJump: number) {
    this.#maxJump = maxJump
    this.#exempt = isStructured(symbol)
    this.#index = isIndex(symbol)
  }

  isSuspect(tick: Tick, kind?: InstrumentKind): boolean {
    if (this.#exempt || (tick.phase !== 'morning' && tick.phase !== 'afternoon')) return false
    const { timestamp, last_price: price } = tick
    if (tick.phase !== this.#phase || Math.abs(timestamp - this.#newest) > 12 * 60 * MINUTE) {
      if (timestamp < this.#newest) return false
      this.#phase = tick.phase
      this.#newest = timestamp
      return this.#accept(price)
    }
    if (timestamp > this.#newest) this.#newest = timestamp
    if (!this.#isJump(this.#accepted, price, tick, kind)) return this.#accept(price)
    const confirmed =
      this.#suspect !== 0 &&
      timestamp - this.#suspectTime <= CONFIRM_WITHIN &&
      !this.#isJump(this.#suspect, price, tick, kind)
    if (confirmed) return this.#accept(price)
    this.#suspect = price
    this.#suspectTime = timestamp
    return true
  }

  #accept(price: number): false {
    this.#accepted = price
    this.#suspect = 0
    return false
  }

  #isJump(from: number, to: number, tick: Tick, kind?: InstrumentKind): boolean {
    const move = Math.abs(to - from)
    if (move <= this.#maxJump * from) return false
    return this.#index || move >= LEAST_SPREADS * tickSize(from, formatDate(tick.timestamp), kind) - 1e-9
  }
}
