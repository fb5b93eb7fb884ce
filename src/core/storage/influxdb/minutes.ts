import { minuteOf, type Summary, withTick } from '../../bars/summary.ts'
import type { Tick } from '../../market/event.ts'
import { MINUTE } from '../../market/time.ts'
import { numberIn, textIn } from './answer.ts'
import { Fields, LAST_TIME, literal, series, stored } from './line.ts'
import { pagesOf, quoted, rowsOf } from './pages.ts'
import { inOrder, TICK_COLUMNS, TICKS, tickIn } from './ticks.ts'
import { MINUTE_COLUMNS, MINUTES, minuteIn, minuteLine } from './whole-record.ts'
import type { Wire } from './wire.ts'

/** The condition that picks a symbol. */
export function ofSymbol(symbol: string): string {
  return `"symbol" = ${literal(stored(symbol))}`
}

const DOUBTED = 'doubted_minutes'

/**
 * Minutes of a symbol whose summary may lack ticks that are stored: a writer names them before it stores ticks of them, and
 * InfluxDB has no transaction that would keep both together. Whoever reads makes them of their ticks.
 */
export async function doubtedMinutes(wire: Wire, symbol: string): Promise<readonly number[]> {
  const { rows } = await wire.ask(`SELECT "starts" FROM "${DOUBTED}" WHERE ${ofSymbol(symbol)} AND time = 0`)
  const text = textIn(rows[0]?.[1])
  return text
    ? text
        .split(',')
        .map(Number)
        .sort((a, b) => a - b)
    : []
}

function doubtLine(symbol: string, starts: readonly number[]): string {
  return new Fields().text('starts', starts.join(',')).at(series(DOUBTED, { symbol }), '0')
}

/** Minutes that lie no further apart than this are made of one reading, ms. */
const NEAR = 10 * MINUTE

/**
 * Minutes of a symbol as their ticks tell them, or as a vendor told them, by start.
 * @param starts in order; those of neither are left out
 */
export async function minutesOfTicks(
  wire: Wire,
  symbol: string,
  starts: readonly number[],
): Promise<Map<number, Summary>> {
  const made = new Map<number, Summary>()
  for (let i = 0; i < starts.length; ) {
    let end = i + 1
    while (end < starts.length && starts[end]! - starts[end - 1]! <= NEAR) end++
    await readStretch(wire, symbol, new Set(starts.slice(i, end)), made)
    i = end
  }
  return made
}

/** @param wanted starts that lie close together */
async function readStretch(wire: Wire, symbol: string, wanted: ReadonlySet<number>, made: Map<number, Summary>) {
  const span = { where: [ofSymbol(symbol)], since: Math.min(...wanted), until: Math.max(...wanted) + MINUTE }
  for await (const rows of pagesOf(wire, { measurement: TICKS, columns: TICK_COLUMNS, ...span })) {
    for (const row of inOrder(rows, 3, [2])) {
      const start = minuteOf(row[0] as number)
      if (wanted.has(start)) made.set(start, withTick(made.get(start), tickIn(row), start))
    }
  }
  for (const row of await rowsOf(wire, { measurement: MINUTES, columns: MINUTE_COLUMNS, ...span })) {
    const kept = minuteIn(row, symbol)
    if (kept.origin !== 'backfill' || !wanted.has(kept.start)) continue
    made.set(kept.start, { ...kept, left_out: made.get(kept.start)?.left_out ?? 0 })
  }
}

/** What is known of the minutes of one symbol. */
interface Known {
  /** The start of the newest minute stored. */
  newest: number
  /** Minutes in mind, the newest ones and those of the write at hand. */
  readonly minutes: Map<number, Summary>
  doubted: readonly number[]
}

/** Keeps the one-minute summaries of the ticks that are stored. */
export class MinuteKeeper {
  readonly #wire: Wire
  readonly #known = new Map<string, Known>()

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /**
   * Merges ticks of one symbol, in order and all of them new.
   * @returns the points to be stored before the ticks, and those to be stored behind them
   */
  async add(symbol: string, ticks: readonly Tick[]): Promise<{ doubts: string[]; minutes: string[] }> {
    const starts = [...new Set(ticks.map(({ timestamp }) => minuteOf(timestamp)))]
    const known = await this.#recall(symbol, starts)
    for (const tick of ticks) {
      const start = minuteOf(tick.timestamp)
      known.minutes.set(start, withTick(known.minutes.get(start), tick, start))
    }
    const isTold = starts.every((start) => known.doubted.includes(start))
    if (!isTold) known.doubted = starts
    const minutes = starts.map((start) => minuteLine(known.minutes.get(start)!))
    this.#forgetOld(known, starts)
    return { doubts: isTold ? [] : [doubtLine(symbol, starts)], minutes }
  }

  /** The points that put a vendor's whole minutes of one symbol in the place of what is stored. */
  async replace(symbol: string, minutes: readonly Summary[]): Promise<string[]> {
    const starts = minutes.map(({ start }) => start)
    const known = await this.#recall(symbol, starts)
    for (const minute of minutes)
      known.minutes.set(minute.start, { ...minute, left_out: known.minutes.get(minute.start)?.left_out ?? 0 })
    const lines = starts.map((start) => minuteLine(known.minutes.get(start)!))
    this.#forgetOld(known, starts)
    return lines
  }

  /** The points that tell that nothing is in doubt any more, once all that was given out is stored. */
  settled(): string[] {
    const doubted = [...this.#known].filter(([, known]) => known.doubted.length > 0)
    for (const [, known] of doubted) known.doubted = []
    return doubted.map(([symbol]) => doubtLine(symbol, []))
  }

  /** Forgets what is in mind: after a write of which nobody knows whether it was stored. */
  forget(): void {
    this.#known.clear()
  }

  async #recall(symbol: string, starts: readonly number[]): Promise<Known> {
    const known = this.#known.get(symbol) ?? (await this.#open(symbol))
    this.#known.set(symbol, known)
    const unknown = starts.filter((start) => start <= known.newest && !known.minutes.has(start))
    if (unknown.length === 0) return known
    const since = unknown.reduce((a, b) => Math.min(a, b))
    const until = unknown.reduce((a, b) => Math.max(a, b)) + 1
    const where = [ofSymbol(symbol)]
    for await (const rows of pagesOf(this.#wire, {
      measurement: MINUTES,
      columns: MINUTE_COLUMNS,
      where,
      since,
      until,
    }))
      for (const row of rows)
        if (!known.minutes.has(row[0] as number)) known.minutes.set(row[0] as number, minuteIn(row, symbol))
    return known
  }

  /** What an earlier writer left in doubt is settled first. */
  async #open(symbol: string): Promise<Known> {
    const { rows } = await this.#wire.ask(
      `SELECT ${quoted(MINUTE_COLUMNS)} FROM "${MINUTES}" WHERE ${ofSymbol(symbol)} AND time <= ${LAST_TIME}ms ORDER BY time DESC LIMIT 1`,
    )
    const known: Known = { newest: numberIn(rows[0]?.[0]) ?? -1, minutes: new Map(), doubted: [] }
    const made = await minutesOfTicks(this.#wire, symbol, await doubtedMinutes(this.#wire, symbol))
    for (const [start, minute] of made) {
      known.minutes.set(start, minute)
      known.newest = Math.max(known.newest, start)
    }
    if (made.size > 0) await this.#wire.write([...made.values()].map(minuteLine))
    return known
  }

  #forgetOld(known: Known, starts: readonly number[]): void {
    for (const start of starts) known.newest = Math.max(known.newest, start)
    for (const start of known.minutes.keys()) if (start < known.newest - MINUTE) known.minutes.delete(start)
  }
}
