import { createHash } from 'node:crypto'
import { formatIso } from '../../src/core/market/time.ts'
import type { VirtualTime } from './virtual-time.ts'

const KEPT = 60

/** Everything that happened, as a hash of all of it and the last lines of it. */
export class Journal {
  readonly #time: VirtualTime
  readonly #hash = createHash('sha256')
  readonly #lines: string[] = []
  readonly #watched: RegExp | undefined

  /** @param watched lines that are kept however many there are */
  constructor(time: VirtualTime, watched?: RegExp) {
    this.#time = time
    this.#watched = watched
  }

  note(what: string, detail: unknown = ''): void {
    const text = typeof detail === 'string' ? detail : JSON.stringify(detail, plain)
    this.#hash.update(`${this.#time.now} ${what} ${text}\n`)
    const line = `${formatIso(this.#time.now).slice(5, 23)} ${what} ${text}`
    if (this.#watched !== undefined) {
      if (this.#watched.test(line)) this.#lines.push(line)
      return
    }
    this.#lines.push(line)
    if (this.#lines.length > 2 * KEPT) this.#lines.splice(0, KEPT)
  }

  get tail(): readonly string[] {
    return this.#watched ? this.#lines : this.#lines.slice(-KEPT)
  }

  digest(): string {
    return this.#hash.copy().digest('hex')
  }
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
