import type { Db } from './driver.ts'

export type Bind = number | bigint | string | null

/** Rows of one statement. Many at once, given one by one as arguments, cost half of single rows given as arrays. */
const ROWS = 64

/**
 * Inserts rows into some columns of a table, in bulk; what waits goes in with `flush`. A row that cannot be inserted ends the
 * transaction: nothing is kept to undo a statement alone, which would cost a copy of every page it touches.
 */
export class Bulk {
  /** Rows that wait, one behind the other. */
  readonly rows: Bind[]
  readonly #width: number
  readonly #many
  readonly #one
  #waiting = 0

  constructor(db: Db, table: string, columns: readonly string[]) {
    this.#width = columns.length
    this.rows = new Array(ROWS * this.#width)
    const row = `(${columns.map(() => '?').join(', ')})`
    const into = `INSERT OR ROLLBACK INTO ${table} (${columns.join(', ')}) VALUES`
    this.#many = db.prepare(`${into} ${Array(ROWS).fill(row).join(', ')}`)
    this.#one = db.prepare(`${into} ${row}`)
  }

  /** Where in `rows` the next one begins; `added` follows once it is there. */
  get offset(): number {
    return this.#waiting * this.#width
  }

  added(): void {
    if (++this.#waiting < ROWS) return
    this.#many.run(...this.rows)
    this.#waiting = 0
  }

  flush(): void {
    for (let i = 0; i < this.#waiting; i++) {
      this.#one.run(...this.rows.slice(i * this.#width, (i + 1) * this.#width))
    }
    this.#waiting = 0
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = 0
  }
}
