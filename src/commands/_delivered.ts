import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** When the newest alert of each symbol that was told began, epoch ms, by what tells it. */
type Told = Record<string, Record<string, number>>

/**
 * The alerts for which a command has been run, kept in a file beside the store: one that began while nobody watched is told
 * by the next run, and none twice. What cannot be read or written is as if nothing had been told.
 */
export class Delivered {
  readonly #path: string
  readonly #teller: string

  /** @param by what tells an alert: command and settings; another one has to tell it for itself */
  constructor(path: string, by: unknown) {
    this.#path = path
    this.#teller = createHash('sha256').update(JSON.stringify(by)).digest('hex').slice(0, 16)
  }

  has(symbol: string, since: number): boolean {
    return (this.#read()[this.#teller]?.[symbol] ?? Number.NEGATIVE_INFINITY) >= since
  }

  add(symbol: string, since: number): void {
    const told = this.#read()
    told[this.#teller] = { ...told[this.#teller], [symbol]: since }
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(told))
      renameSync(`${this.#path}.new`, this.#path)
    } catch {
      // the alert has been told all the same
    }
  }

  #read(): Told {
    try {
      const told: unknown = JSON.parse(readFileSync(this.#path, 'utf8'))
      return Object.assign(Object.create(null), told)
    } catch {
      return Object.create(null)
    }
  }
}
