import { dayNumber } from '../core/market/time.ts'
import type { VolatilityRecord } from '../core/statistics/volatility/record.ts'
import { alertLine, leaveLine, standingLine } from '../core/terminal/lines.ts'
import type { Delivered } from './_delivered.ts'
import { openAlarm } from './_exec.ts'
import { type Io, say } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { paletteOf, zoneOf } from './_print.ts'

interface AlertOptions extends CommonOptions {
  follow?: boolean
  exec?: string
}

/**
 * Alerts as they are told: news as lines on stderr while following, and `--exec` at each one. Those of the history that is
 * followed are no news; of them the ones that still stand when it ends are told once, since nobody may have seen them, and
 * `--exec` runs for one of today that it has not run for.
 */
export class Alerts {
  readonly #alarm
  readonly #zone
  readonly #palette
  readonly #io: Io
  readonly #isTold: boolean
  readonly #delivered: Delivered | null
  /** The alerts that stand while history is read: the record each was entered by, and its newest. */
  readonly #standing = new Map<string, { entered: VolatilityRecord; record: VolatilityRecord }>()
  #isNews: boolean

  /**
   * @param isNews whether the first record is news already
   * @param delivered what `--exec` has been run for by earlier runs; null where nothing tells
   */
  constructor(options: AlertOptions, io: Io, isNews: boolean, delivered: Delivered | null) {
    this.#delivered = delivered
    this.#alarm = openAlarm(options.exec, io)
    this.#zone = zoneOf(options)
    this.#palette = paletteOf(io.stderr, options, io)
    this.#io = io
    this.#isTold = options.follow === true && !options.quiet
    this.#isNews = isNews
  }

  take(records: readonly VolatilityRecord[]): void {
    for (const record of records) {
      if (this.#isNews) this.#news(record)
      else this.#remember(record)
    }
  }

  /** History has been read: from here on alerts are news. */
  live(): void {
    this.#isNews = true
    const now = this.#io.clock.now()
    for (const { entered, record } of this.#standing.values()) {
      const since = entered.timestamp
      if (this.#isTold) say(this.#io, standingLine(record, since, now, this.#zone, this.#palette))
      const isDue = this.#delivered !== null && !this.#delivered.has(record.symbol, since)
      if (isDue && dayNumber(since) === dayNumber(now)) this.#raise(entered)
    }
    this.#standing.clear()
  }

  /** Resolves when every command of `--exec` has ended. */
  settled(): Promise<void> {
    return this.#alarm.settled(this.#io.interrupted)
  }

  #news(record: VolatilityRecord): void {
    if (record.event === null) return
    if (record.event === 'enter') this.#raise(record)
    if (!this.#isTold) return
    const line = record.event === 'enter' ? alertLine : leaveLine
    say(this.#io, line(record, this.#zone, this.#palette))
  }

  #raise(record: VolatilityRecord): void {
    this.#alarm.raise(record)
    this.#delivered?.add(record.symbol, record.timestamp)
  }

  #remember(record: VolatilityRecord): void {
    if (record.state !== 'alert') this.#standing.delete(record.symbol)
    else {
      const entered = this.#standing.get(record.symbol)?.entered ?? record
      this.#standing.set(record.symbol, { entered, record })
    }
  }
}
