import type { MarketEvent } from '../market/event.ts'
import type { Checkpoint } from '../pipeline/source.ts'

/**
 * How far the events that went into a queue reach, by symbol: from this the next recorder before the queue tells what was
 * missed between the two. It may be behind, never ahead.
 */
export class Reached {
  readonly #rows = new Map<string, Checkpoint>()
  readonly #changed = new Set<Checkpoint>()
  readonly #now: () => number

  /** @param rows those the queue holds */
  constructor(rows: readonly Checkpoint[], now: () => number) {
    this.#now = now
    for (const row of rows) this.#rows.set(`${row.source} ${row.symbol}`, { ...row })
  }

  /** What to keep along with these events: nothing, or each row that has changed once something new is covered. */
  add(events: readonly MarketEvent[]): Checkpoint[] {
    let isTold = false
    for (const event of events) {
      if (event.type === 'tick') this.#traded(event)
      if (event.type !== 'coverage') continue
      isTold = true
      const covered_until = Math.floor(event.timestamp)
      for (const symbol of event.symbols) {
        const row = this.#row(event.source, symbol)
        if ((row.covered_until ?? -1) < covered_until) this.#move(row, { covered_until })
      }
    }
    if (!isTold) return []
    const changed = [...this.#changed].map((row) => ({ ...row, committed_at: this.#now() }))
    this.#changed.clear()
    return changed
  }

  #traded({
    source,
    symbol,
    timestamp,
    seq,
  }: {
    source: string
    symbol: string
    timestamp: number
    seq: number | bigint
  }) {
    const row = this.#row(source, symbol)
    const isNewer = timestamp > (row.timestamp ?? -1) || (timestamp === row.timestamp && seq > (row.seq ?? 0))
    if (isNewer) this.#move(row, { timestamp, seq })
  }

  #row(source: string, symbol: string): Checkpoint {
    const key = `${source} ${symbol}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = { source, symbol, timestamp: null, seq: null, committed_at: 0, covered_until: null }
      this.#rows.set(key, row)
    }
    return row
  }

  #move(row: Checkpoint, to: Partial<Checkpoint>): void {
    Object.assign(row, to)
    this.#changed.add(row)
  }
}

/** A row as text, every digit of its sequence number. */
export function rowText(row: Checkpoint): string {
  return JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** The rows of texts that `rowText` gave, the furthest of each symbol; what is no such text is left out. */
export function rowsIn(texts: readonly string[]): Checkpoint[] {
  const rows = new Map<string, Checkpoint>()
  for (const text of texts) {
    const row = parsed(text)
    if (row === null) continue
    const key = `${row.source} ${row.symbol}`
    const known = rows.get(key)
    if (known === undefined || (known.covered_until ?? -1) < (row.covered_until ?? -1)) rows.set(key, row)
  }
  return [...rows.values()]
}

function parsed(text: string): Checkpoint | null {
  try {
    const row = JSON.parse(text) as Checkpoint
    if (typeof row.source !== 'string' || typeof row.symbol !== 'string') return null
    return { ...row, seq: typeof row.seq === 'string' ? BigInt(row.seq) : row.seq }
  } catch {
    return null
  }
}
