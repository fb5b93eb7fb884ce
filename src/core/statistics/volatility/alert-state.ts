import type { VolatilityState } from './record.ts'

/**
 * The state of one symbol. Entered when volatility exceeds the threshold, confirmed or not by turnover; left when it
 * falls below `release` of the threshold. One `enter` an alert, however long it lasts.
 */
export class AlertState {
  state: VolatilityState = 'normal'
  readonly #release: number
  readonly #confirm: number | null

  /** @param confirm least volume ratio, null for none */
  constructor(release: number, confirm: number | null) {
    this.#release = release
    this.#confirm = confirm
  }

  /** What lies before counts no more, as on a new day. @returns whether that ended an alert */
  begin(): 'leave' | null {
    const was = this.state
    this.state = 'normal'
    return was === 'alert' ? 'leave' : null
  }

  /**
   * @param volatility NaN where it is undefined: then nothing changes
   * @param volumeRatio NaN where it is unknown: then it is not asked
   */
  step(volatility: number, threshold: number, volumeRatio: number): 'enter' | 'leave' | null {
    if (Number.isNaN(volatility)) return null
    const before = this.state
    if (!(volatility >= this.#release * threshold)) this.state = 'normal'
    else if (volatility > threshold && before !== 'alert') {
      const confirmed = this.#confirm === null || !(volumeRatio < this.#confirm)
      this.state = confirmed ? 'alert' : 'unconfirmed'
    }
    if (this.state === before) return null
    return this.state === 'alert' ? 'enter' : before === 'alert' ? 'leave' : null
  }
}
