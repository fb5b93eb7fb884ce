import { dayNumber, dayStart, MINUTE } from '../market/time.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import type { ChartVolatility } from './protocol.ts'

/** Points that are kept: more than the minutes of a day. */
const MOST = 1_000

interface Entry {
  point: ChartVolatility
  version: number
}

/**
 * Volatility of one symbol over the day of its newest value: a point a minute (of values that come faster the newest
 * one stands, those that enter or leave an alert beside it).
 */
export class VolatilityLine {
  #entries: Entry[] = []
  #day = Number.NEGATIVE_INFINITY
  #newest: VolatilityRecord | null = null

  get newest(): VolatilityRecord | null {
    return this.#newest
  }

  get size(): number {
    return this.#entries.length
  }

  /** Midnight of its day, epoch ms; -Infinity before the first value. */
  get day(): number {
    return dayStart(this.#day)
  }

  add(record: VolatilityRecord, version: number): void {
    const day = dayNumber(record.timestamp)
    if (day < this.#day) return
    if (day > this.#day) this.#entries = []
    this.#day = day
    this.#newest = record
    const entry = { point: pointOf(record), version }
    const before = this.#entries.at(-1)
    if (before !== undefined && before.point.event === null && minute(before) === minute(entry)) this.#entries.pop()
    this.#entries.push(entry)
    if (this.#entries.length > MOST) this.#entries.shift()
  }

  /** Points made after `version`, in order. */
  since(version: number): ChartVolatility[] {
    let first = this.#entries.length
    while (first > 0 && this.#entries[first - 1]!.version > version) first--
    return this.#entries.slice(first).map(({ point }) => point)
  }

  /** Points of [from, to), epoch ms, in order. */
  within(from: number, to: number): ChartVolatility[] {
    return this.#entries.map(({ point }) => point).filter(({ timestamp }) => timestamp >= from && timestamp < to)
  }
}

function minute({ point }: Entry): number {
  return Math.floor(point.timestamp / MINUTE)
}

function pointOf(record: VolatilityRecord): ChartVolatility {
  const { timestamp, volatility, usual, threshold, volume_ratio, state, event } = record
  return { timestamp, volatility, usual, threshold, volume_ratio, state, event }
}
