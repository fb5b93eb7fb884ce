import type { Db } from './driver.ts'

/** Small integers for the names of symbols or sources, kept in a table (id, name) and in memory. */
export class Dictionary {
  readonly #ids = new Map<string, number>()
  readonly #names = new Map<number, string>()
  readonly #db: Db
  readonly #table: 'symbol' | 'source'

  constructor(db: Db, table: 'symbol' | 'source') {
    this.#db = db
    this.#table = table
  }

  /** The id of a name, undefined when the database does not know it. */
  find(name: string): number | undefined {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const id = this.#db.prepare<[string], number>(`SELECT id FROM ${this.#table} WHERE name = ?`).pluck().get(name)
    if (id !== undefined) this.#keep(id, name)
    return id
  }

  /** The id of a name, given one when it is new. Only inside a write transaction. */
  assign(name: string): number {
    const known = this.find(name)
    if (known !== undefined) return known
    const id = Number(this.#db.prepare(`INSERT INTO ${this.#table} (name) VALUES (?)`).run(name).lastInsertRowid)
    this.#keep(id, name)
    return id
  }

  name(id: number): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const name = this.#db.prepare<[number], string>(`SELECT name FROM ${this.#table} WHERE id = ?`).pluck().get(id)!
    this.#keep(id, name)
    return name
  }

  /** Forgets what is in memory: after a rollback, or when another program has written. */
  forget(): void {
    this.#ids.clear()
    this.#names.clear()
  }

  #keep(id: number, name: string): void {
    this.#ids.set(name, id)
    this.#names.set(id, name)
  }
}

/** The two dictionaries of a database. */
export interface Names {
  readonly symbols: Dictionary
  readonly sources: Dictionary
}
