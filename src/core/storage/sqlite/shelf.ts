import type { Completeness } from '../../market/completeness.ts'
import type { Gap, Quote, Rejected } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import { dayNumber, dayStart } from '../../market/time.ts'
import type { Checkpoint } from '../../pipeline/source.ts'
import { Archived } from './archived.ts'
import { Dictionary, type Names } from './dictionary.ts'
import { attempted, type Db, guarded } from './driver.ts'
import { allInstruments, RecordReader } from './read-records.ts'

/** Rows that are deleted in one transaction. */
const ROWS = 20_000
/** Quotes that are read at a time. */
const CHUNK = 2_000
/** Part of the file that must be free before it is made smaller, which copies it. */
const WORTH = 0.1

/** `moved`: it is in a lake, though rows of it may be here still; `stale`: so it is, with older minutes. */
export interface ShelfDay {
  readonly symbol: string
  readonly day: number
  readonly state: 'here' | 'moved' | 'stale'
}

/** Everything of a store beside ticks, quotes and minutes. */
export interface Lists {
  gaps: Gap[]
  rejected: Rejected[]
  checkpoints: Checkpoint[]
  instruments: Instrument[]
  completeness: Completeness[]
}

/** What archiving does in a store's own tables. Only for the holder of its lock. */
export class Shelf {
  readonly archived: Archived
  readonly #db: Db
  readonly #path: string
  readonly #names: Names
  readonly #reader: RecordReader

  constructor(db: Db, path: string) {
    this.#db = db
    this.#path = path
    this.#names = { symbols: new Dictionary(db, 'symbol'), sources: new Dictionary(db, 'source') }
    this.#reader = new RecordReader(db, this.#names)
    this.archived = new Archived(db, this.#names, path)
  }

  /** The days before day `until`, symbol by symbol in order, that a lake lacks, or that are here still. */
  days(until: number): ShelfDay[] {
    return this.#attempted(() => {
      const moved = this.#db
        .prepare<[number], [number, number]>('SELECT day, stale FROM archived WHERE symbol = ?')
        .raw()
      return this.#symbols().flatMap(({ id, name }) => {
        const known = new Map(moved.all(id))
        const rows = new Set([...this.#daysOf('tick', 'time', id, until), ...this.#daysOf('quote', 'time', id, until)])
        const all = new Set([...rows, ...this.#daysOf('minute', 'start', id, until)])
        const wanted = [...all].filter((day) => !known.has(day) || known.get(day) === 1 || rows.has(day))
        const state = (day: number) => (!known.has(day) ? 'here' : known.get(day) === 1 ? 'stale' : 'moved')
        return wanted.sort((a, b) => a - b).map((day) => ({ symbol: name, day, state: state(day) }) as const)
      })
    })
  }

  quotes(symbol: string, day: number): Generator<Quote[]> {
    return guarded(this.#path, this.#reader.quotes(symbol, { since: dayStart(day), until: dayStart(day + 1) }, CHUNK))
  }

  /** Deletes the ticks and quotes of a day, some thousand rows at a time. */
  clear(symbol: string, day: number): void {
    this.#attempted(() => {
      const id = this.#names.symbols.find(symbol)!
      for (const table of ['tick', 'quote']) {
        const at = this.#db
          .prepare<unknown[], number>(
            `SELECT time FROM ${table} WHERE symbol = ? AND time >= ? AND time < ? ORDER BY time LIMIT 1 OFFSET ${ROWS}`,
          )
          .pluck()
        const remove = this.#db.prepare(`DELETE FROM ${table} WHERE symbol = ? AND time >= ? AND time < ?`)
        const end = dayStart(day + 1)
        for (let since = dayStart(day); since < end; ) {
          const until = Math.max(at.get(id, since, end) ?? end, since + 1)
          remove.run(id, since, until)
          since = until
        }
      }
    })
  }

  /** Whether no tick and no quote is here. */
  isEmpty(): boolean {
    const rows = ['tick', 'quote'].map((table) => this.#db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get())
    return rows.every((row) => row === undefined)
  }

  lists(): Lists {
    return this.#attempted(() => ({
      gaps: this.#reader.gaps({}),
      checkpoints: this.#reader.checkpoints(),
      completeness: this.#symbols().flatMap(({ name }) => this.#reader.completeness(name)),
      rejected: [...this.#reader.rejected()].flat(),
      instruments: allInstruments(this.#db),
    }))
  }

  /** Gives the space of deleted rows back, where it is worth copying the file; the bytes. */
  shrink(): number {
    return this.#attempted(() => {
      const pages = this.#pragma('page_count')
      if (this.#pragma('freelist_count') < WORTH * pages) return 0
      this.#db.exec('VACUUM')
      this.#db.pragma('wal_checkpoint(TRUNCATE)')
      return (pages - this.#pragma('page_count')) * this.#pragma('page_size')
    })
  }

  #symbols(): { id: number; name: string }[] {
    return this.#db.prepare<[], { id: number; name: string }>('SELECT id, name FROM symbol ORDER BY name').all()
  }

  #pragma(name: string): number {
    return this.#db.pragma(name, { simple: true }) as number
  }

  /** One look-up a day, however many rows it has. */
  *#daysOf(table: string, time: string, symbol: number, until: number): Generator<number> {
    const next = this.#db
      .prepare<unknown[], number>(
        `SELECT ${time} FROM ${table} WHERE symbol = ? AND ${time} >= ? AND ${time} < ? ORDER BY ${time} LIMIT 1`,
      )
      .pluck()
    let from = FIRST
    while (true) {
      const found = next.get(symbol, from, dayStart(until))
      if (found === undefined) return
      const day = dayNumber(found)
      yield day
      from = dayStart(day + 1)
    }
  }

  #attempted<T>(work: () => T): T {
    return attempted(this.#path, work)
  }
}
/** The year 1: a day before it has no name of the usual form. */
const FIRST = -62_135_596_800_000
