import { dayNumber } from '../market/time.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import type { AlertMark } from './protocol.ts'

/** Alerts that are kept of a day. */
const MOST = 1_000

/** The alerts of all symbols on the newest day, in the order in which they became known. */
export class AlertMarks {
  readonly #marks: { mark: AlertMark; version: number }[] = []
  #day = Number.NEGATIVE_INFINITY

  add(record: VolatilityRecord, version: number): void {
    const { symbol, timestamp, event, volatility, threshold, volume_ratio } = record
    const day = dayNumber(timestamp)
    if (event === null || day < this.#day) return
    if (day > this.#day) this.#marks.length = 0
    this.#day = day
    this.#marks.push({ mark: { symbol, timestamp, event, volatility, threshold, volume_ratio }, version })
    if (this.#marks.length > MOST) this.#marks.shift()
  }

  /** Those that became known after `version`. */
  since(version: number): AlertMark[] {
    let first = this.#marks.length
    while (first > 0 && this.#marks[first - 1]!.version > version) first--
    return this.#marks.slice(first).map(({ mark }) => mark)
  }
}
