import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { HkqError } from '../../errors.ts'
import { dayNumber, dayStart } from '../../market/time.ts'
import type { Lake } from '../parquet/lake.ts'
import type { Span } from '../store.ts'
import type { Names } from './dictionary.ts'
import type { Db } from './driver.ts'

/** A stretch of a symbol's history: days in a lake, or what lies in the store's own tables. */
export interface Piece extends Span {
  readonly lake: Lake | null
  readonly days: readonly number[]
}

/** A day in a lake: the name of it, and how many ticks and quotes went there. */
export interface ArchivedDay {
  readonly day: number
  readonly lake: string
  readonly ticks: number
  readonly quotes: number
}

/** Which days of which symbols lie in a lake, as the store remembers it, and the lakes. */
export class Archived {
  readonly #path: string
  readonly #names: Names
  readonly #lakes = new Map<string, Promise<Lake>>()
  readonly #mark
  readonly #last
  readonly #rows
  readonly #symbols
  readonly #has
  readonly #add
  readonly #remove
  readonly #stale
  #end: number | null = null

  /** @param path of the store's file, from which the lakes' folders are told */
  constructor(db: Db, names: Names, path: string) {
    this.#path = resolve(path)
    this.#names = names
    this.#mark = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'archived'").pluck()
    this.#last = db.prepare<[], number | null>('SELECT max(day) FROM archived').pluck()
    this.#rows = db.prepare<[number, number, number], ArchivedDay>(
      'SELECT day, lake, ticks, quotes FROM archived WHERE symbol = ? AND day >= ? AND day <= ? ORDER BY day',
    )
    this.#symbols = db
      .prepare<[], string>(
        'SELECT name FROM symbol WHERE EXISTS (SELECT 1 FROM archived WHERE symbol = symbol.id AND quotes > 0)',
      )
      .pluck()
    this.#has = db.prepare<[number, number], ArchivedDay>(
      'SELECT day, lake, ticks, quotes FROM archived WHERE symbol = ? AND day = ?',
    )
    this.#add = db.prepare('INSERT INTO archived (symbol, day, lake, ticks, quotes) VALUES (?, ?, ?, ?, ?)')
    this.#remove = db.prepare('DELETE FROM archived WHERE symbol = ? AND day = ?')
    this.#stale = db.prepare('UPDATE archived SET stale = ? WHERE symbol = ? AND day = ?')
  }

  /** Differs from an earlier one when days have gone to a lake since. */
  mark(): number {
    return this.#mark.get() ?? 0
  }

  /** Epoch ms at which the newest archived day of any symbol ends. For the one that writes: nobody else changes it. */
  end(): number {
    if (this.#end === null) {
      const last = this.#last.get()
      this.#end = typeof last === 'number' ? dayStart(last + 1) : Number.NEGATIVE_INFINITY
    }
    return this.#end
  }

  /** The history of a symbol in its parts, in order. */
  async pieces(part: 'ticks' | 'quotes', symbol: string, { since, until }: Span): Promise<Piece[]> {
    const rows = this.#rowsOf(symbol, since, until).filter((row) => row[part] > 0)
    const pieces: Piece[] = []
    let from = since
    for (const [i, { day, lake }] of rows.entries()) {
      if (from === undefined || from < dayStart(day)) {
        pieces.push(own(from, until === undefined ? dayStart(day) : Math.min(until, dayStart(day))))
      }
      const before = rows[i - 1]
      if (before?.day === day - 1 && before.lake === lake) (pieces.at(-1)!.days as number[]).push(day)
      else pieces.push({ ...ends(since, until), lake: await this.lake(lake), days: [day] })
      from = Math.max(dayStart(day + 1), since ?? Number.NEGATIVE_INFINITY)
    }
    if (from === undefined || until === undefined || from < until) pieces.push(own(from, until))
    return pieces
  }

  /** Symbols with quotes in a lake. */
  quotedSymbols(): string[] {
    return this.#symbols.all()
  }

  /** Where a day of a symbol lies; undefined while it lies in the store. */
  find(symbol: string, day: number): ArchivedDay | undefined {
    const id = this.#names.symbols.find(symbol)
    return id === undefined ? undefined : this.#has.get(id, day)
  }

  add(symbol: string, day: number, lake: string, counts: { ticks: number; quotes: number }): void {
    this.#end = null
    this.#add.run(this.#names.symbols.assign(symbol), day, lake, counts.ticks, counts.quotes)
  }

  remove(symbol: string, day: number): void {
    this.#end = null
    this.#remove.run(this.#names.symbols.assign(symbol), day)
  }

  /** Tells whether the lake's minutes of a day are older than the store's. */
  setStale(symbol: string, day: number, stale: boolean): void {
    this.#stale.run(stale ? 1 : 0, this.#names.symbols.assign(symbol), day)
  }

  /** What the store writes of a lake's folder: from its own folder, so that both may move together. */
  named(directory: string): string {
    const path = relative(dirname(this.#path), resolve(directory)) || '.'
    return isAbsolute(path) ? path : path.split(sep).join('/')
  }

  /** The lake of a name. @throws HkqError E_STORAGE where its folder is not there */
  lake(name: string): Promise<Lake> {
    const known = this.#lakes.get(name)
    if (known) return known
    const opening = this.#open(isAbsolute(name) ? name : join(dirname(this.#path), name))
    this.#lakes.set(name, opening)
    return opening
  }

  /** @throws HkqError E_STORAGE when days have gone to a lake since `mark`: what was read may lack them */
  refuseMoved(mark: number): void {
    if (this.mark() === mark) return
    throw new HkqError('E_STORAGE', `"${this.#path}" was archived while it was read: run this again`)
  }

  async close(): Promise<void> {
    for (const lake of this.#lakes.values()) await (await lake).close()
  }

  #rowsOf(symbol: string, since = Number.MIN_SAFE_INTEGER, until = Number.MAX_SAFE_INTEGER): ArchivedDay[] {
    const id = this.#names.symbols.find(symbol)
    return id === undefined || !(since < until) ? [] : this.#rows.all(id, dayNumber(since), dayNumber(until - 1))
  }

  async #open(directory: string): Promise<Lake> {
    const { Lake } = await import('../parquet/lake.ts')
    return new Lake(directory)
  }
}

function own(since: number | undefined, until: number | undefined): Piece {
  return { ...ends(since, until), lake: null, days: [] }
}

function ends(since: number | undefined, until: number | undefined): Span {
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) }
}
