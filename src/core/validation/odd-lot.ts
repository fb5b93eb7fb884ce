import type { Tick } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import { dayNumber, parseTime } from '../market/time.ts'

/** `odd_lot` of one symbol: a size that is no multiple of the board lot. Lots change, so only facts of the same day count. */
export class OddLot {
  #instrument: Instrument | undefined
  #day = Number.NaN
  #lot = 0

  isOdd(tick: Tick, instrument: Instrument | undefined): boolean {
    if (instrument === undefined || tick.volume === null) return false
    if (instrument !== this.#instrument) {
      this.#instrument = instrument
      this.#day = dayNumber(parseTime(instrument.date))
      this.#lot = instrument.lot_size ?? 0
    }
    return this.#lot > 0 && tick.volume % this.#lot !== 0 && dayNumber(tick.timestamp) === this.#day
  }
}
