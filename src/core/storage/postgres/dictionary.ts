import type { Ask } from './connection.ts'
import { numbers, texts } from './values.ts'

/** Small integers for the names of symbols or sources, kept in a table (id, name), which never forgets, and in memory. */
export class Dictionary {
  readonly #ids = new Map<string, number>()
  readonly #names = new Map<number, string>()
  readonly #ask: Ask
  readonly #table: 'symbol' | 'source'

  constructor(ask: Ask, table: 'symbol' | 'source') {
    this.#ask = ask
    this.#table = table
  }

  /** Makes the names of a write known: `id` then gives their integers. By itself, before a transaction begins. */
  async assign(names: ReadonlySet<string>): Promise<void> {
    if ([...names].every((name) => this.#ids.has(name))) return
    if ((await this.find([...names])).length === names.size) return
    const missing = [...names].filter((name) => !this.#ids.has(name)).sort()
    await this.#ask(`INSERT INTO ${this.#table} (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [
      texts(missing),
    ])
    await this.find(missing)
  }

  /** The integers of those of the names that are known. */
  async find(names: readonly string[]): Promise<number[]> {
    const unknown = names.filter((name) => !this.#ids.has(name))
    if (unknown.length > 0) {
      this.#keep(await this.#ask(`SELECT id, name FROM ${this.#table} WHERE name = ANY($1::text[])`, [texts(unknown)]))
    }
    return names.flatMap((name) => this.#ids.get(name) ?? [])
  }

  /** The integer of a name that was assigned or found. */
  id(name: string): number {
    return this.#ids.get(name)!
  }

  /** Makes the names of integers known, for `name`. */
  async learn(ids: Iterable<number>): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#names.has(id))
    if (unknown.length === 0) return
    this.#keep(await this.#ask(`SELECT id, name FROM ${this.#table} WHERE id = ANY($1::int[])`, [numbers(unknown)]))
  }

  /** The name of an integer that was assigned, found or learned. */
  name(id: number): string {
    return this.#names.get(id)!
  }

  #keep(rows: readonly (readonly [number, string])[]): void {
    for (const [id, name] of rows) {
      this.#ids.set(name, id)
      this.#names.set(id, name)
    }
  }
}

/** The two dictionaries of a database. */
export interface Names {
  readonly symbols: Dictionary
  readonly sources: Dictionary
}
