import type { Sessions } from '../market/session.ts'
import { DAY } from '../market/time.ts'
import type { Desk } from './desk.ts'
import type { StoredHistory, StoredPast } from './history.ts'
import type { ChartBar, ChartGap, ChartSession, Depth, Interval, Past, TapeTick } from './protocol.ts'
import { FIRST_TICKS } from './protocol.ts'
import type { Sheet } from './sheet.ts'

/** Bars that a page gets at a time. */
const PAGE = 1_000
/** Of those that a store makes of single trades. */
const STORED_SECONDS = 500

type Stretch = Omit<Past, 'id'>

/** What a page opens with. */
export interface Opening extends Stretch {
  ticks: readonly TapeTick[]
  depth: Depth | null
}

/** Something as it was at one moment: what changes later has a higher version, and ticks that come later a higher number. */
export interface At<T> {
  past: T
  version: number
  nth: number
}

/**
 * The past of a symbol as one: the desk's own memory, and before it a store's, so that neither bar nor tick is missing
 * or there twice where they meet.
 */
export class PastReader {
  readonly #desk: Desk
  readonly #stored: StoredHistory | null
  readonly #page: number
  readonly #newestStored: (symbol: string) => number | undefined

  /**
   * @param newestStored time of the newest tick of a symbol that was stored before the desk began
   * @param page bars that are given at a time
   */
  constructor(
    desk: Desk,
    stored: StoredHistory | null = null,
    newestStored: (symbol: string) => number | undefined = () => undefined,
    page: number = PAGE,
  ) {
    this.#page = page
    this.#desk = desk
    this.#stored = stored
    this.#newestStored = newestStored
  }

  /** What a page opens with. @param now present of the source, epoch ms */
  async opening(sheet: Sheet, every: Interval, now: () => number): Promise<At<Opening>> {
    const before = await this.#ticksBefore(sheet)
    return this.#read(sheet, every, Number.POSITIVE_INFINITY, now, (stretch) => ({
      ...stretch,
      ticks: [...before, ...sheet.tape.after(0)].slice(-FIRST_TICKS),
      depth: sheet.book.depth,
    }))
  }

  /** What lies before `before`, the start of a bar (epoch ms). */
  older(sheet: Sheet, every: Interval, before: number, now: () => number): Promise<At<Stretch>> {
    return this.#read(sheet, every, before, now, (stretch) => stretch)
  }

  /** @param seal makes the answer of what was read, at one moment */
  async #read<T>(
    sheet: Sheet,
    every: Interval,
    before: number,
    now: () => number,
    seal: (stretch: Stretch) => T,
  ): Promise<At<T>> {
    let stored: StoredPast | null = null
    for (let readTo = Number.NEGATIVE_INFINITY; ; ) {
      const { bars, more } = sheet.candles.before(every, before, this.#page, now())
      const until = Math.min(before, sheet.candles.since(every))
      // What memory has forgotten meanwhile is read too, so that the two always meet.
      if (bars.length >= this.#page || this.#stored === null || until <= readTo) {
        const both = [...(stored?.bars ?? []), ...bars].slice(-this.#page)
        const isMore = more || (stored?.more ?? (this.#stored !== null && until > Number.NEGATIVE_INFINITY))
        const past = seal(this.#stretch(sheet, both, stored?.gaps ?? [], isMore, before))
        return { past, version: this.#desk.version, nth: sheet.tape.count }
      }
      readTo = until
      stored = await this.#stored.bars(sheet.symbol, every, until, wanted(every, this.#page - bars.length))
    }
  }

  #stretch(sheet: Sheet, bars: ChartBar[], stored: readonly ChartGap[], more: boolean, before: number): Stretch {
    const from = bars[0]?.start ?? before
    const gaps = new Map([...stored, ...sheet.gaps.within(from, before)].map((gap) => [`${gap.from} ${gap.to}`, gap]))
    return {
      bars,
      volatility: sheet.volatility.within(from, before),
      gaps: [...gaps.values()].sort((a, b) => a.from - b.from),
      sessions: sessionsOf(bars, this.#desk.sessions),
      more,
    }
  }

  async #ticksBefore(sheet: Sheet): Promise<readonly TapeTick[]> {
    const newest = this.#newestStored(sheet.symbol)
    if (this.#stored === null || newest === undefined || sheet.tape.count >= FIRST_TICKS) return []
    const since = sheet.candles.since('1s')
    return this.#stored.ticks(sheet.symbol, since, Math.min(newest, since - 1))
  }
}

function wanted(every: Interval, most: number): number {
  return every.endsWith('s') ? Math.min(most, STORED_SECONDS) : most
}

function sessionsOf(bars: readonly ChartBar[], sessions: Sessions): ChartSession[] {
  if (bars.length === 0) return []
  return sessions
    .days(bars[0]!.start, bars.at(-1)!.end + DAY / 24)
    .flatMap(({ continuous }) => continuous.map(({ phase, open, close }) => ({ phase, open, close })))
}
