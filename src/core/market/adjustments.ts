import type { Bar } from './bar.ts'
import type { Tick } from './event.ts'
import { dayNumber, dayStart } from './time.ts'

/** One corporate action: prices before the Hong Kong day `date` times `factor` compare with those from that day on. */
export interface Adjustment {
  /** First day at the new price (ex-date), epoch ms of its midnight or any later time of the day. */
  date: number
  symbol: string
  /** Above 0: 0.2 for one share split into five, 1 - dividend / close for a dividend. */
  factor: number
}

/**
 * Corporate actions that prices are adjusted for, backwards: the newest prices stay as they were traded, older ones are
 * multiplied by the factors of every action after them. Volume and turnover stay as they were traded.
 */
export class Adjustments {
  readonly #steps = new Map<string, { start: number; factor: number }[]>()

  constructor(actions: Iterable<Adjustment>) {
    for (const { date, symbol, factor } of actions) {
      const steps = this.#steps.get(symbol) ?? []
      steps.push({ start: dayStart(dayNumber(date)), factor })
      this.#steps.set(symbol, steps)
    }
  }

  /** What a price of `symbol` at `time` (epoch ms) is multiplied by; 1 where nothing happened since. */
  factor(symbol: string, time: number): number {
    let product = 1
    for (const { start, factor } of this.#steps.get(symbol) ?? []) if (time < start) product *= factor
    return product
  }

  /** Whether `factor` is ever other than 1 for this symbol. */
  touches(symbol: string): boolean {
    return this.#steps.has(symbol)
  }

  /** The tick at adjusted prices; its value and spread follow them. */
  tick(tick: Tick): Tick {
    const factor = this.factor(tick.symbol, tick.timestamp)
    if (factor === 1) return tick
    const scaled = (amount: number | null): number | null => (amount === null ? null : amount * factor)
    const { last_price, bid_price, ask_price, value, spread } = tick
    return {
      ...tick,
      last_price: last_price * factor,
      bid_price: scaled(bid_price),
      ask_price: scaled(ask_price),
      value: scaled(value),
      spread: scaled(spread),
    }
  }

  /** The bar at adjusted prices; a volume-weighted price that only its turnover tells is made of it first. */
  bar(bar: Bar): Bar {
    const factor = this.factor(bar.symbol, bar.start)
    if (factor === 1) return bar
    const { open, high, low, close, mean, volume, turnover } = bar
    const vwap = bar.vwap ?? (volume && turnover !== null ? turnover / volume : null)
    return {
      ...bar,
      open: open * factor,
      high: high * factor,
      low: low * factor,
      close: close * factor,
      vwap: vwap === null ? null : vwap * factor,
      mean: mean === null ? null : mean * factor,
    }
  }
}
