import { DAY, dayNumber } from '../../market/time.ts'
import { AlertState } from './alert-state.ts'
import type { Settings } from './options.ts'
import type { Past } from './past.ts'
import type { Point, VolatilityState } from './record.ts'

/** What an alert asks for. */
export type Rule = Pick<Settings, 'threshold' | 'quantile' | 'release' | 'confirmVolume' | 'sessionBreaks' | 'period'>

/** Judges the points of one symbol by one rule, in order: threshold, state, event. Knows the past only. */
export class Judge {
  /** Threshold of the newest point, NaN while there is none. */
  threshold = Number.NaN
  /** Whether that follows the time of day. */
  seasonal = false
  /** What the newest point changed. */
  event: 'enter' | 'leave' | null = null
  readonly #past: Past
  readonly #rule: Rule
  readonly #state: AlertState
  #day = Number.NaN

  /** @param past shared by all judges of the symbol, and begun with each point before it is judged */
  constructor(past: Past, rule: Rule) {
    this.#past = past
    this.#rule = rule
    this.#state = new AlertState(rule.release, rule.confirmVolume)
  }

  get state(): VolatilityState {
    return this.#state.state
  }

  /** Takes the next point in. @returns what it changed */
  judge({ timestamp, volatility, slot }: Point): 'enter' | 'leave' | null {
    const { seasonal, flat, volumeRatio } = this.#past
    const { threshold, quantile } = this.#rule
    this.seasonal = threshold !== 'flat' && (seasonal?.ready ?? false)
    if (this.seasonal) this.threshold = seasonal!.threshold(slot, quantile)
    else this.threshold = threshold === 'seasonal' ? Number.NaN : (flat?.threshold(quantile) ?? Number.NaN)
    const begun = this.#beginDay(timestamp)
    this.event = this.#state.step(volatility, this.threshold, volumeRatio) ?? begun
    return this.event
  }

  /** Windows that hold one day alone begin every day anew, and so does the state. */
  #beginDay(timestamp: number): 'leave' | null {
    const { sessionBreaks, period } = this.#rule
    if (sessionBreaks === 'include' || period >= DAY) return null
    const day = dayNumber(timestamp)
    if (day === this.#day) return null
    this.#day = day
    return this.#state.begin()
  }
}
