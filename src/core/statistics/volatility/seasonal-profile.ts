import type { Sessions, TradingDay } from '../../market/session.ts'
import { MINUTE } from '../../market/time.ts'
import { median, quantileOfSorted } from '../quantile.ts'
import type { Settings } from './options.ts'
import type { Point } from './record.ts'
import { slotCount } from './slot.ts'

/** Full days a seasonal threshold asks for. */
const FULL_DAYS = 5
/** Slots either side of a slot whose volatilities are pooled with its own. */
const NEIGHBOURS = 2
/** A full day has trades this close to both its ends, and no more than this in gaps. */
const TOLERANCE = 30 * MINUTE

interface ProfileDay {
  day: TradingDay
  volatility: Float64Array
  turnover: Float64Array
  first: number
  last: number
  missing: number
}

/**
 * What is usual at each time of day: volatility and turnover of the previous trading days, slot by slot, fixed before the
 * day begins. A quantile of the ratio to it makes a threshold that does not fire at every opening.
 */
export class SeasonalProfile {
  readonly #slots: number
  readonly #period: number
  readonly #lookback: number | null
  readonly #leastFullDays: number
  readonly #sessions: Sessions
  #days: ProfileDay[] = []
  #usual: Float64Array | null = null
  #usualTurnover: Float64Array | null = null
  #ratios = new Float64Array(0)

  /** @param settings `period` below a day; where the threshold `seasonal` is forced any full day is enough */
  constructor(settings: Pick<Settings, 'period' | 'lookback' | 'threshold' | 'sessions'>) {
    this.#slots = slotCount(settings.period)
    this.#period = settings.period
    this.#lookback = settings.lookback
    this.#leastFullDays = settings.threshold === 'seasonal' ? 1 : FULL_DAYS
    this.#sessions = settings.sessions
  }

  /** Whether there is a seasonal threshold today. */
  get ready(): boolean {
    return this.#usual !== null
  }

  usual(slot: number): number {
    return this.#usual?.[slot] ?? Number.NaN
  }

  /** What is usual times a quantile of the ratios to it; NaN where nothing usually moves: no multiple of that is unusual. */
  threshold(slot: number, quantile: number): number {
    return this.usual(slot) * quantileOfSorted(this.#ratios, quantile) || Number.NaN
  }

  /** Share of the look-back's ratios that are <= `ratio`, in percent. */
  percentile(ratio: number): number {
    let low = 0
    let high = this.#ratios.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ratios[middle]! <= ratio) low = middle + 1
      else high = middle
    }
    return (100 * low) / this.#ratios.length
  }

  /** Usual turnover of the window that ends at this slot; NaN without a full day or where nothing usually trades. */
  usualTurnover(slot: number): number {
    return this.#usualTurnover?.[slot] || Number.NaN
  }

  /** Must be called before the first point of a day is judged, and with every point. */
  begin(time: number): void {
    const today = this.#sessions.day(time)
    if (today === null || this.#days.at(-1)?.day.number === today.number) return
    if (this.#lookback !== null) {
      const oldest = this.#sessions.daysBefore(time, this.#lookback)[0]!.number
      this.#days = this.#days.filter(({ day }) => day.number >= oldest)
    }
    this.#learn()
    this.#days.push({
      day: today,
      volatility: new Float64Array(this.#slots).fill(Number.NaN),
      turnover: new Float64Array(this.#slots),
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      missing: 0,
    })
  }

  add(point: Point): void {
    const today = this.#days.at(-1)
    if (today === undefined || point.slot >= this.#slots) return
    today.volatility[point.slot] = point.volatility
    today.turnover[point.slot] = point.turnover
    if (point.traded) {
      today.first = Math.min(today.first, point.timestamp)
      today.last = point.timestamp
    }
    if (point.missing) today.missing += this.#period
  }

  #learn(): void {
    const full = this.#days.filter((day) => isFull(day, this.#period))
    this.#usualTurnover = full.length === 0 ? null : this.#medians(full, 0, (day) => day.turnover)
    this.#usual = null
    if (full.length < this.#leastFullDays) return
    const usual = this.#medians(this.#days, NEIGHBOURS, (day) => day.volatility)
    const ratios: number[] = []
    for (const { volatility } of this.#days) {
      for (let slot = 0; slot < this.#slots; slot++) {
        const ratio = volatility[slot]! / usual[slot]!
        if (Number.isFinite(ratio)) ratios.push(ratio)
      }
    }
    if (ratios.length === 0) return
    this.#usual = usual
    this.#ratios = Float64Array.from(ratios).sort()
  }

  /** Per slot the median over the days, pooled with `around` slots either side. */
  #medians(days: readonly ProfileDay[], around: number, of: (day: ProfileDay) => Float64Array): Float64Array {
    const pool = new Float64Array(days.length * (2 * around + 1))
    return Float64Array.from({ length: this.#slots }, (_, slot) => {
      const from = Math.max(0, slot - around)
      const to = Math.min(this.#slots, slot + around + 1)
      let n = 0
      for (const day of days) {
        const values = of(day)
        for (let i = from; i < to; i++) pool[n++] = values[i]!
      }
      return median(pool.subarray(0, n))
    })
  }
}

function isFull({ day, first, last, missing }: ProfileDay, period: number): boolean {
  if (day.kind !== 'full') return false
  const open = day.continuous[0]!.open
  const close = day.continuous.at(-1)!.close
  return first <= open + Math.max(TOLERANCE, period) && last >= close - TOLERANCE && missing <= TOLERANCE
}
