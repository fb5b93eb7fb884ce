import { type Gap, isAstray, type MarketEvent, type Status } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Sessions } from '../market/session.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import { AlertMarks } from './alert-marks.ts'
import type { CandlesContext } from './candles.ts'
import { Feeds } from './feeds.ts'
import { bucketsBy } from './intervals.ts'
import type { Machine } from './protocol.ts'
import { Sheet } from './sheet.ts'

/** Rows that are kept of all symbols together, some 50 MB each: seconds, two hours of fifty that trade in each, and minutes. */
const MOST_ROWS = 400_000
/** Seconds of one symbol: two hours at most, ten minutes at least. */
const SECONDS = [600, 7_200] as const
/** Minutes of one symbol: five trading days and a half at most, one (with its auctions) at least. */
const MINUTES = [400, 2_048] as const
/** Most symbols; those beyond are not shown. */
const MOST_SYMBOLS = 4_000
/** Holes of all symbols that are kept for symbols that come later. */
const MOST_GAPS = 100

/**
 * What the dashboard shows, kept up to date by `apply`, which costs the same for every event whoever looks. It knows
 * nothing of sockets: each change raises `version`, and viewers ask for what has changed after the version they have.
 */
export class Desk {
  readonly sessions: Sessions
  readonly sheets = new Map<string, Sheet>()
  readonly feeds: Feeds
  readonly alerts = new AlertMarks()
  readonly #context: CandlesContext
  readonly #gaps: Gap[] = []
  readonly #facts = new Map<string, Instrument>()
  #version = 0
  #beginning: { day: number; cut: number } | null = null
  #machine: { machine: Machine; version: number } | null = null
  readonly #waiting = new Set<() => void>()

  constructor(sessions: Sessions) {
    this.sessions = sessions
    this.feeds = new Feeds(sessions)
    const share = ([least, most]: readonly [number, number]): number =>
      Math.max(least, Math.min(most, Math.floor(MOST_ROWS / this.sheets.size)))
    const [mostSeconds, mostMinutes] = [() => share(SECONDS), () => share(MINUTES)]
    this.#context = { sessions, buckets: bucketsBy(sessions), mostSeconds, mostMinutes }
  }

  /** Number of the newest change. */
  get version(): number {
    return this.#version
  }

  /** Calls `listener` with the next change. @returns what takes it back */
  onChange(listener: () => void): () => void {
    this.#waiting.add(listener)
    return () => this.#waiting.delete(listener)
  }

  /** Says that what came before is in a store: whole days of minutes before `day`, seconds before `cut`, epoch ms. */
  beginAt(day: number, cut: number): void {
    this.#beginning = { day, cut }
    for (const { candles } of this.sheets.values()) candles.beginAt(day, cut)
  }

  /** Takes events in, in order. @param now present of the source, epoch ms */
  apply(batch: readonly MarketEvent[], now: number): void {
    const version = ++this.#version
    for (const event of batch) {
      this.feeds.apply(event, version, now)
      switch (event.type) {
        case 'tick':
          if (!isAstray(event)) this.sheet(event.symbol)?.tick(event, version)
          break
        case 'quote':
          this.sheet(event.symbol)?.quote(event, version)
          break
        case 'gap':
          this.#gap(event, version)
          break
        case 'status':
          this.#status(event, version)
      }
    }
    this.#tell()
  }

  /** Takes values of volatility in. */
  judge(records: readonly VolatilityRecord[]): void {
    const version = ++this.#version
    for (const record of records) {
      this.sheet(record.symbol)?.judge(record, version)
      this.alerts.add(record, version)
    }
    this.#tell()
  }

  /** Takes names, board lots and previous closes in, those of symbols that come later too. */
  learn(instruments: readonly Instrument[]): void {
    const version = ++this.#version
    for (const instrument of instruments) {
      if (this.#facts.size < MOST_SYMBOLS) this.#facts.set(instrument.symbol, instrument)
      this.sheets.get(instrument.symbol)?.learn(instrument, version)
    }
    this.#tell()
  }

  /** Takes holes in that were told before. */
  mark(gaps: readonly Gap[]): void {
    const version = ++this.#version
    for (const gap of gaps) this.#gap(gap, version)
    this.#tell()
  }

  /** Lets a change of a sheet happen, under a version of its own. */
  change(symbol: string, make: (sheet: Sheet, version: number) => void): void {
    const sheet = this.sheet(symbol)
    if (sheet === undefined) return
    make(sheet, ++this.#version)
    this.#tell()
  }

  /** The source of this name has ended, for this reason; none where it was over. */
  end(name: string, detail: string, now: number): void {
    this.feeds.end(name, detail, ++this.#version, now)
    this.#tell()
  }

  observe(machine: Machine): void {
    this.#machine = { machine, version: ++this.#version }
    this.#tell()
  }

  /** The machine, where it was observed after `version`. */
  machineSince(version: number): Machine | null {
    return this.#machine !== null && this.#machine.version > version ? this.#machine.machine : null
  }

  /** The sheet of a symbol, new where there is none; undefined beyond the most that are shown. */
  sheet(symbol: string): Sheet | undefined {
    let sheet = this.sheets.get(symbol)
    if (sheet === undefined && this.sheets.size < MOST_SYMBOLS) {
      sheet = new Sheet(symbol, this.#context)
      sheet.changed = this.#version
      if (this.#beginning) sheet.candles.beginAt(this.#beginning.day, this.#beginning.cut)
      for (const gap of this.#gaps) sheet.gap(gap, this.#version)
      const facts = this.#facts.get(symbol)
      if (facts !== undefined) sheet.learn(facts, this.#version)
      this.sheets.set(symbol, sheet)
    }
    return sheet
  }

  #gap(gap: Gap, version: number): void {
    if (gap.symbol !== null) {
      this.sheet(gap.symbol)?.gap(gap, version)
      return
    }
    this.#gaps.push(gap)
    if (this.#gaps.length > MOST_GAPS) this.#gaps.shift()
    for (const sheet of this.sheets.values()) sheet.gap(gap, version)
  }

  #status({ symbol, state }: Status, version: number): void {
    if (symbol !== null && (state === 'halted' || state === 'resumed'))
      this.sheet(symbol)?.halt(state === 'halted', version)
  }

  #tell(): void {
    for (const listener of this.#waiting) listener()
    this.#waiting.clear()
  }
}
