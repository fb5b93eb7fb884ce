import { createHash } from 'node:crypto'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { formatIso } from '../../src/core/market/time.ts'
import type { VirtualTime } from './virtual-time.ts'

const KEPT = 60

interface Entry {
  readonly at: number
  readonly text: string
}

/** Everything that happened, as a hash of all of it and the last lines of it. */
export class Journal {
  readonly #time: VirtualTime
  readonly #hash = createHash('sha256')
  readonly #watched: RegExp | undefined
  #entries: Entry[] = []

  /** @param watched lines that are kept however many there are, and no others */
  constructor(time: VirtualTime, watched?: RegExp) {
    this.#time = time
    this.#watched = watched
  }

  note(what: string, detail: unknown = ''): void {
    const text = `${what} ${typeof detail === 'string' ? detail : JSON.stringify(detail, plain)}`
    const entry = { at: this.#time.now, text }
    this.#hash.update(`${entry.at} ${text}\n`)
    if (this.#watched !== undefined && !this.#watched.test(lineOf(entry))) return
    this.#entries.push(entry)
    if (this.#watched === undefined && this.#entries.length > 10 * KEPT) this.#entries = this.#entries.slice(-KEPT)
  }

  events(batch: readonly MarketEvent[]): void {
    this.note('events', batch.map(textOf).join('; '))
  }

  get lines(): readonly string[] {
    return (this.#watched ? this.#entries : this.#entries.slice(-KEPT)).map(lineOf)
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

function lineOf({ at, text }: Entry): string {
  return `${formatIso(at).slice(5, 23)} ${text}`
}

function textOf(event: MarketEvent): string {
  if (event.type === 'tick') {
    const { symbol, seq, timestamp, last_price, volume, bid_price, ask_price, flags, received_at } = event
    return `tick ${symbol} ${seq} ${timestamp} ${last_price} ${volume} ${bid_price} ${ask_price} ${flags.join()} ${received_at}`
  }
  if (event.type === 'gap') return `gap ${event.symbol} ${event.cause} ${formatIso(event.from)} ${formatIso(event.to)}`
  return JSON.stringify(event, plain)
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
