import type { Summary } from '../bars/summary.ts'
import type { Bar } from '../market/bar.ts'
import type { Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber, dayStart, MINUTE } from '../market/time.ts'
import type { Slice, Store } from '../storage/store.ts'
import { storedBars } from '../storage/stored-bars.ts'
import { cleanCut } from './clean-cut.ts'
import { isBelowMinute, LENGTHS } from './intervals.ts'
import { type ChartBar, type ChartGap, FIRST_TICKS, type Interval, type TapeTick } from './protocol.ts'
import { lineOf } from './tape.ts'

/** Continuous trading of a full day, and the most that one look goes back over, ms. */
const TRADING_DAY = 330 * MINUTE
const LONGEST_LOOK = 250 * TRADING_DAY
/** Days in which the last ticks of a symbol are looked for. */
const DAYS_OF_TICKS = 5

/** Bars of a store, in order, and whether there are more before them. */
export interface StoredPast {
  bars: ChartBar[]
  gaps: ChartGap[]
  more: boolean
}

/** What a store holds of before the desk's own memory. */
export class StoredHistory {
  readonly #store: Store
  readonly #sessions: Sessions
  readonly #first = new Map<string, Promise<number>>()

  constructor(store: Store, sessions: Sessions) {
    this.#store = store
    this.#sessions = sessions
  }

  /**
   * The newest bars that start before `until`, made of the trades before it: as `storedBars` makes them.
   * @param until a time that cuts no bar of this length, epoch ms
   * @param most bars wanted; more come where they lie close
   */
  async bars(symbol: string, every: Interval, until: number, most: number): Promise<StoredPast> {
    const first = await this.#firstOf(symbol)
    let found: ChartBar[] = []
    let begin = until
    for (let wanted = most; begin > first && found.length < most; wanted *= 4) {
      const since = this.#lookBack(every, begin, wanted)
      found = [...(await this.#read(symbol, every, since, begin)).filter(({ start }) => start < until), ...found]
      begin = since
    }
    const kept = found.slice(-most)
    const from = kept[0]?.start ?? begin
    return {
      bars: kept,
      gaps: await this.#gaps(symbol, from, until),
      more: found.length > most || begin > first,
    }
  }

  /** The last ticks before `until` (epoch ms), numbered up to 0. @param newest time of the newest one that is stored */
  async ticks(symbol: string, until: number, newest: number): Promise<TapeTick[]> {
    const before = this.#sessions.daysBefore(newest, DAYS_OF_TICKS - 1).map(({ number }) => number)
    let ticks: Tick[] = []
    for (const day of [...before, dayNumber(newest)].reverse()) {
      const span = { since: dayStart(day), until: Math.min(until, dayStart(day + 1)) }
      if (ticks.length < FIRST_TICKS)
        ticks = [...(await this.#lastOf(symbol, span, FIRST_TICKS - ticks.length)), ...ticks]
    }
    return ticks.map((tick, i) => lineOf(tick, i + 1 - ticks.length))
  }

  /** The last ticks of a day. */
  async #lastOf(symbol: string, { since, until }: Slice, most: number): Promise<Tick[]> {
    const start = await this.#sinceTicks(symbol, since, until)
    if (start === null) return []
    const ticks: Tick[] = []
    for await (const chunk of this.#store.ticks(symbol, { since: start, until })) {
      ticks.push(...chunk)
      ticks.splice(0, ticks.length - most)
    }
    return ticks
  }

  /** Start of the newest minutes of a day that hold enough ticks; null without any. */
  async #sinceTicks(symbol: string, since: number, until: number): Promise<number | null> {
    const minutes: Summary[] = []
    for await (const chunk of this.#store.minutes(symbol, { since, until })) minutes.push(...chunk)
    let [count, start] = [0, null as number | null]
    for (const minute of minutes.reverse()) {
      if (count >= FIRST_TICKS) break
      count += (minute.origin === 'ticks' ? (minute.trades ?? 0) : 0) + minute.left_out
      start = minute.start
    }
    return start
  }

  async #read(symbol: string, every: Interval, since: number, until: number): Promise<ChartBar[]> {
    const options = { every: LENGTHS[every], sessions: this.#sessions }
    const bars: ChartBar[] = []
    for await (const batch of storedBars(this.#store, symbol, { since, until }, options))
      bars.push(...batch.map(chartBar))
    return bars
  }

  async #gaps(symbol: string, since: number, until: number): Promise<ChartGap[]> {
    const gaps = await this.#store.gaps({ symbols: [symbol], since, until })
    return gaps.map(({ from, to, cause, filled_by }) => ({ from, to, cause, filled_by }))
  }

  /** From when on so many bars lie before `time` where something trades in each, epoch ms; a cut between bars. */
  #lookBack(every: Interval, time: number, bars: number): number {
    const length = Math.min(LENGTHS[every], TRADING_DAY)
    const since = tradingTimeBefore(time, Math.min(bars * length, LONGEST_LOOK), this.#sessions)
    return isBelowMinute(every) ? cleanCut(since, this.#sessions) : dayStart(dayNumber(since))
  }

  /** Start of the oldest minute that is stored, epoch ms; Infinity without any. Kept: a store grows at its end. */
  #firstOf(symbol: string): Promise<number> {
    const known = this.#first.get(symbol) ?? this.#findFirst(symbol)
    this.#first.set(symbol, known)
    known.catch(() => this.#first.delete(symbol))
    return known
  }

  async #findFirst(symbol: string): Promise<number> {
    for await (const [minute] of this.#store.minutes(symbol, {})) if (minute !== undefined) return minute.start
    this.#first.delete(symbol)
    return Number.POSITIVE_INFINITY
  }
}

/** The time before which lie `ms` of continuous trading up to `time`. */
function tradingTimeBefore(time: number, ms: number, sessions: Sessions): number {
  let left = ms
  for (let day = sessions.day(time); ; day = sessions.daysBefore(day === null ? time : day.end, 1)[0]!) {
    for (const { open, close } of day === null ? [] : [...day.continuous].reverse()) {
      const end = Math.min(time, close)
      if (end - open >= left) return end - left
      left -= Math.max(0, end - open)
    }
  }
}

function chartBar(bar: Bar): ChartBar {
  const { start, end, open, high, low, close, volume, turnover, vwap, trades, final, has_gap } = bar
  return { start, end, open, high, low, close, volume, turnover, vwap, trades, final, has_gap }
}
