import { minuteOf, type Summary, withTick } from '../../bars/summary.ts'
import type { Tick } from '../../market/event.ts'
import type { Dictionary } from './dictionary.ts'
import type { Db } from './driver.ts'
import { MINUTE_COLUMNS, MINUTE_SELECT, type MinuteRow, readMinute } from './minute-row.ts'

/** Keeps the one-minute summaries of the ticks that were inserted. */
export class MinuteKeeper {
  readonly #symbols: Dictionary
  readonly #read
  readonly #write
  /** The summary last written of each symbol: usually the one the next tick belongs to. */
  readonly #current = new Map<string, Summary>()

  constructor(db: Db, symbols: Dictionary) {
    this.#symbols = symbols
    this.#read = db
      .prepare<[number, number], MinuteRow>(`SELECT ${MINUTE_SELECT} FROM minute WHERE symbol = ? AND start = ?`)
      .raw()
    const marks = Array(MINUTE_COLUMNS.length + 2).fill('?')
    this.#write = db.prepare(
      `INSERT OR REPLACE INTO minute (symbol, start, ${MINUTE_COLUMNS.join(', ')}) VALUES (${marks.join(', ')})`,
    )
  }

  /** Merges ticks of one symbol, in order and all of them new; only inside a transaction. */
  add(symbol: string, ticks: readonly Tick[]): void {
    let summary: Summary | undefined
    for (const tick of ticks) {
      const start = minuteOf(tick.timestamp)
      if (summary?.start !== start) {
        if (summary) this.#put(summary)
        summary = this.#find(symbol, start)
      }
      summary = withTick(summary, tick, start)
    }
    if (summary) this.#put(summary)
  }

  /** Puts a vendor's whole minute in the place of what is stored; only inside a transaction. */
  replace(minute: Summary): void {
    const before = this.#find(minute.symbol, minute.start)
    this.#put({ ...minute, left_out: before?.left_out ?? 0 })
  }

  /** Puts a minute as a copy of the store has it; only inside a transaction. */
  restore(minute: Summary): void {
    this.#put(minute)
  }

  /** Forgets what is in memory: after a rollback, or when another program has written. */
  forget(): void {
    this.#current.clear()
  }

  #find(symbol: string, start: number): Summary | undefined {
    const current = this.#current.get(symbol)
    if (current?.start === start) return current
    const row = this.#read.get(this.#symbols.assign(symbol), start)
    return row && readMinute(row, symbol)
  }

  #put(summary: Summary): void {
    const values = MINUTE_COLUMNS.map((name) => summary[name])
    this.#write.run(this.#symbols.assign(summary.symbol), summary.start, ...values)
    this.#current.set(summary.symbol, summary)
  }
}
