import { isLeftOut, leftOutOf, merge, minuteOf, type Summary, summaryOf } from '../bars/summary.ts'
import type { Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber, dayStart, HOUR, MINUTE } from '../market/time.ts'

/** K-line types that can be had: AllTick's number and its length in minutes, a day as 1440. */
export const KLINE_MINUTES: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 5],
  [3, 15],
  [4, 30],
  [5, 60],
  [8, 1_440],
])

/** Bars of one request, and days kept; minutes are kept for two trading days. */
export const MAX_BARS = 500
const MAX_MINUTES = 720

/** Summaries of one symbol, newest last. */
interface Kept {
  readonly minutes: Summary[]
  /** Of the minutes that are no longer kept. */
  readonly days: Summary[]
}

/** One-minute and one-day summaries of what a server published, the newest of each symbol. */
export class MinuteBars {
  readonly #sessions: Sessions
  readonly #symbols = new Map<string, Kept>()

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  add(tick: Tick): void {
    let kept = this.#symbols.get(tick.symbol)
    if (kept === undefined) {
      kept = { minutes: [], days: [] }
      this.#symbols.set(tick.symbol, kept)
    }
    const summarise = isLeftOut(tick) ? leftOutOf : summaryOf
    insert(kept.minutes, summarise(tick, minuteOf(tick.timestamp)))
    if (kept.minutes.length <= MAX_MINUTES) return
    insert(kept.days, dayOf(kept.minutes.shift()!))
    if (kept.days.length > MAX_BARS) kept.days.shift()
  }

  /**
   * The newest bars of a K-line type, oldest first, as summaries that start where the bar does. Bars begin at the
   * opening of a session; the auctions belong to the bars beside them.
   */
  newest(symbol: string, type: number, count: number): Summary[] {
    const kept = this.#symbols.get(symbol)
    const minutes = KLINE_MINUTES.get(type)
    if (kept === undefined || minutes === undefined) return []
    const bars: Summary[] = []
    if (type === 8) for (const summary of [...kept.days, ...kept.minutes]) insert(bars, dayOf(summary))
    else {
      for (const summary of kept.minutes) {
        insert(bars, { ...summary, start: this.#barStart(summary.start, minutes * MINUTE) })
      }
    }
    return bars.filter(({ trades }) => trades !== 0).slice(-count)
  }

  #barStart(minute: number, length: number): number {
    const stretches = this.#sessions.day(minute)?.continuous ?? []
    const stretch = stretches.findLast(({ open }) => open <= minute) ?? stretches[0]
    if (stretch === undefined || minute < stretch.open - HOUR) return Math.floor(minute / length) * length
    const within = Math.min(Math.max(minute, stretch.open), stretch.close - MINUTE)
    return stretch.open + Math.floor((within - stretch.open) / length) * length
  }
}

function dayOf(summary: Summary): Summary {
  return { ...summary, start: dayStart(dayNumber(summary.start)) }
}

/** Merges into a list in order of time, late ones included. */
function insert(list: Summary[], summary: Summary): void {
  let at = list.length
  while (at > 0 && list[at - 1]!.start > summary.start) at -= 1
  if (at > 0 && list[at - 1]!.start === summary.start) list[at - 1] = merge(list[at - 1]!, summary)
  else list.splice(at, 0, summary)
}
