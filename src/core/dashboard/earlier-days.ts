import type { Buckets } from '../bars/bucket.ts'
import type { Clock } from '../clock.ts'
import { Sessions } from '../market/session.ts'
import { dayNumber, dayStart, HOUR } from '../market/time.ts'
import { historyStart } from '../statistics/volatility/history.ts'
import { VolatilityMonitor } from '../statistics/volatility/monitor.ts'
import { settingsOf, type VolatilityOptions } from '../statistics/volatility/options.ts'
import type { Store } from '../storage/store.ts'
import { evaluateStored } from '../storage/stored-volatility.ts'
import { bucketsBy } from './intervals.ts'
import type { ChartVolatility, Interval } from './protocol.ts'
import type { Sheet } from './sheet.ts'
import { VolatilityLine } from './volatility-line.ts'

/** Trading days that one reading gives: each begins with a look-back of its own, so that few are dear and many are late. */
const A_READING = { least: 10, most: 60 } as const
/** Trading days before the desk's own that a chart can have the volatility of. */
const REACH = 250
/** Days of all symbols that are kept, some 50 KB each, and for how long, ms: a vendor's minutes may fill a hole of one. */
const MOST_DAYS = 400
const KEPT = HOUR

interface KeptDay {
  readonly points: readonly ChartVolatility[]
  /** Monotonic time up to which they count. */
  readonly until: number
}

/** Of which days the volatility is wanted, and for steps of which length. */
export interface Stretch {
  readonly every: Interval
  /** Epoch ms, `to` exclusive. */
  readonly from: number
  readonly to: number
}

/**
 * Volatility of the days before those that the desk judges itself: of a store, with the values that its whole history
 * gives. A day is computed when it is asked for, one reading at a time whoever asks, and kept for a while.
 */
export class EarlierDays {
  readonly #store: Store
  readonly #settings: VolatilityOptions
  readonly #sessions: Sessions
  readonly #buckets: Readonly<Record<Interval, Buckets>>
  readonly #begin: number
  readonly #clock: Clock
  readonly #kept = new Map<string, KeptDay>()
  #turn: Promise<void> = Promise.resolve()

  /** @param begin midnight of the day from which on the desk judges itself, epoch ms; -Infinity where nothing is stored */
  constructor(store: Store, settings: VolatilityOptions, { begin, clock }: { begin: number; clock: Clock }) {
    this.#store = store
    this.#settings = settings
    this.#sessions = settings.sessions ?? new Sessions()
    this.#buckets = bucketsBy(this.#sessions)
    this.#begin = begin
    this.#clock = clock
  }

  /**
   * Points of whole days, the newest days first, each batch in order of time; of a step its last one, and those that enter
   * or leave an alert.
   * @param signal ends it early
   */
  async *of(
    { symbol, volatility }: Pick<Sheet, 'symbol' | 'volatility'>,
    { every, from, to }: Stretch,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChartVolatility[]> {
    const end = Math.max(this.#begin, volatility.day)
    if (end === Number.NEGATIVE_INFINITY) return
    const reach = dayStart(this.#sessions.daysBefore(end, REACH)[0]!.number)
    const days = this.#sessions.days(Math.max(from, reach), Math.min(to, end)).map(({ number }) => number)
    while (days.length > 0) {
      await this.#inTurn(() => this.#read(symbol, days, signal))
      if (signal.aborted) return
      const known: (readonly ChartVolatility[])[] = []
      for (let day = this.#day(symbol, days.at(-1)); day !== null; day = this.#day(symbol, days.at(-1))) {
        known.unshift(day)
        days.pop()
      }
      yield this.#onePerStep(known.flat(), every)
    }
  }

  async #inTurn(read: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(read)
    this.#turn = turn.catch(() => {})
    await turn
  }

  /** Computes the last of these days, and those before it, where it is not known. */
  async #read(symbol: string, days: readonly number[], signal: AbortSignal): Promise<void> {
    const last = days.at(-1)!
    if (signal.aborted || this.#day(symbol, last) !== null) return
    const isWhole = settingsOf(this.#settings).lookback === null
    const count = isWhole ? A_READING.most : Math.min(A_READING.most, Math.max(A_READING.least, days.length))
    const lines = new Map<number, VolatilityLine>()
    for (const { number } of this.#sessions.daysBefore(dayStart(last + 1), count))
      lines.set(number, new VolatilityLine())
    const [since, until] = [dayStart(Math.min(...lines.keys())), dayStart(last + 1)]
    const monitor = new VolatilityMonitor(this.#settings, { since })
    const span = { since: historyStart(this.#settings, since), until }
    const ending = { ...this.#settings, complete: until }
    for await (const records of evaluateStored(this.#store, symbol, span, monitor, ending, signal))
      for (const record of records) lines.get(dayNumber(record.timestamp))?.add(record, 0)
    if (signal.aborted) return
    for (const [day, line] of lines) this.#keep(symbol, day, line.within(Number.NEGATIVE_INFINITY, until))
  }

  #keep(symbol: string, day: number, points: readonly ChartVolatility[]): void {
    const key = `${symbol} ${day}`
    this.#kept.delete(key)
    this.#kept.set(key, { points, until: this.#clock.monotonic() + KEPT })
    if (this.#kept.size > MOST_DAYS) this.#kept.delete(this.#kept.keys().next().value!)
  }

  #day(symbol: string, day: number | undefined): readonly ChartVolatility[] | null {
    const kept = this.#kept.get(`${symbol} ${day}`)
    return kept !== undefined && kept.until > this.#clock.monotonic() ? kept.points : null
  }

  #onePerStep(points: readonly ChartVolatility[], every: Interval): ChartVolatility[] {
    const buckets = this.#buckets[every]
    const stepOf = ({ timestamp }: ChartVolatility): number => buckets.of(timestamp - 1)?.start ?? timestamp
    return points.filter(
      (point, i) => point.event !== null || i === points.length - 1 || stepOf(point) !== stepOf(points[i + 1]!),
    )
  }
}
