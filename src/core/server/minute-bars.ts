import type { Bucket, Buckets } from '../bars/bucket.ts'
import { bucketsOf } from '../bars/buckets-of.ts'
import { isLeftOut, merge, type Summary, summaryOf } from '../bars/summary.ts'
import type { Gap, Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber, dayStart, MINUTE } from '../market/time.ts'

/** K-line types of less than a day that can be had: AllTick's number and its length in minutes. */
const MINUTES: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 5],
  [3, 15],
  [4, 30],
  [5, 60],
])
/** The type of daily bars. */
export const DAY_TYPE = 8

/** Most bars of one request, and days kept; of minutes somewhat more than two trading days are. */
export const MAX_BARS = 500
const MAX_MINUTES = 720

/** Whether bars of a K-line type can be had. */
export function isKlineType(type: number): boolean {
  return type === DAY_TYPE || MINUTES.has(type)
}

/** Summaries of one symbol, newest last. */
interface Kept {
  readonly minutes: Summary[]
  /** Of the minutes that are no longer kept. */
  readonly days: Summary[]
  bucket: Bucket | null
  /** Bars of less than a day begin after this, epoch ms: trades are missing up to there. */
  blindTo: number
}

/**
 * One-minute summaries of what a server published, the newest of each symbol. Bars begin at the opening of a session; the
 * auctions belong to the bars beside them; what is flagged or out of session makes no bar.
 */
export class MinuteBars {
  readonly #buckets = new Map<number, Buckets>()
  readonly #symbols = new Map<string, Kept>()

  constructor(sessions: Sessions) {
    for (const [type, minutes] of MINUTES) {
      this.#buckets.set(type, bucketsOf(minutes * MINUTE, 'session', 'join', sessions))
    }
  }

  add(tick: Tick): void {
    if (isLeftOut(tick)) return
    const kept = this.#of(tick.symbol)
    const { timestamp } = tick
    if (kept.bucket === null || timestamp < kept.bucket.start || timestamp >= kept.bucket.solid) {
      kept.bucket = this.#buckets.get(1)!.of(timestamp)
      if (kept.bucket === null) return
    }
    const { start } = kept.bucket
    if (start <= kept.blindTo) insert(kept.days, dayOf(summaryOf(tick, start)))
    else insert(kept.minutes, summaryOf(tick, start))
    if (kept.minutes.length <= MAX_MINUTES) return
    insert(kept.days, dayOf(kept.minutes.shift()!))
    if (kept.days.length > MAX_BARS) kept.days.shift()
  }

  /** A hole: bars of less than a day begin after it, since a bar with trades missing must not pass for one without trades. */
  forget({ symbol, to }: Gap): void {
    for (const name of symbol === null ? this.#symbols.keys() : [symbol]) {
      const kept = this.#of(name)
      kept.blindTo = Math.max(kept.blindTo, to)
      while (kept.minutes.length > 0 && kept.minutes[0]!.start <= to) insert(kept.days, dayOf(kept.minutes.shift()!))
    }
  }

  #of(symbol: string): Kept {
    const kept = this.#symbols.get(symbol) ?? { minutes: [], days: [], bucket: null, blindTo: Number.NEGATIVE_INFINITY }
    this.#symbols.set(symbol, kept)
    return kept
  }

  /** The newest bars of a K-line type, oldest first, as summaries that start where the bar does, days at midnight. */
  newest(symbol: string, type: number, count: number): Summary[] {
    const kept = this.#symbols.get(symbol)
    if (kept === undefined) return []
    const bars: Summary[] = []
    if (type === DAY_TYPE) for (const summary of [...kept.days, ...kept.minutes]) insert(bars, dayOf(summary))
    const buckets = this.#buckets.get(type)
    if (buckets) {
      for (const summary of kept.minutes) insert(bars, { ...summary, start: buckets.of(summary.start)!.start })
    }
    return bars.slice(-count)
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
