import type { Row } from './answer.ts'
import { LAST_TIME, SLOTS } from './line.ts'
import { quoted } from './pages.ts'
import type { Wire } from './wire.ts'

/** Milliseconds of one symbol kept in mind: what comes out of order is as a rule a few trades late. */
const KEPT = 64
/** Milliseconds that lie no further apart than this are looked up by one question, ms. */
const NEAR = 10_000

/** A kind of record that has an identity within its millisecond. */
export interface Kind {
  readonly measurement: string
  /** Columns that tell the identity and the mark. */
  readonly columns: readonly string[]
  /** What must be the same for two records of a millisecond to be one. */
  identity(row: Row): string
  /** What tells records of one identity apart. */
  mark(row: Row): string
}

/** The records of one millisecond: what is taken, and under which nanosecond. */
export class Slots {
  readonly #taken = new Map<string, { slot: number; mark: string }>()
  #next = 0

  /** The mark of the record of this identity, undefined where there is none. */
  mark(identity: string): string | undefined {
    return this.#taken.get(identity)?.mark
  }

  /** The slot of the record of this identity. */
  slot(identity: string): number | undefined {
    return this.#taken.get(identity)?.slot
  }

  /** Takes the next free slot. @throws RangeError when the millisecond is full */
  take(identity: string, mark: string): number {
    if (this.#next >= SLOTS) throw new RangeError(`more than ${SLOTS} records in one millisecond`)
    this.put(identity, mark, this.#next)
    return this.#next - 1
  }

  put(identity: string, mark: string, slot: number): void {
    this.#taken.set(identity, { slot, mark })
    if (slot >= this.#next) this.#next = slot + 1
  }
}

/**
 * Which nanoseconds the records of one kind and symbol have taken. InfluxDB overwrites a point of the same time, so each
 * record of a millisecond gets a nanosecond of its own, and one that comes again finds that it is there. What is newer than
 * the newest record stored cannot be there yet; any other millisecond is read before something is put into it.
 */
export class Shelf {
  readonly #wire: Wire
  readonly #kind: Kind
  readonly #where: string
  /** From this millisecond on everything is in mind. */
  #since = Number.NaN
  readonly #places = new Map<number, Slots>()

  /** @param where the condition that picks the symbol */
  constructor(wire: Wire, kind: Kind, where: string) {
    this.#wire = wire
    this.#kind = kind
    this.#where = where
  }

  /** Reads what must be known before records of these times are placed. */
  async recall(times: readonly number[]): Promise<void> {
    if (Number.isNaN(this.#since)) this.#since = (await this.#newest()) + 1
    this.#trim()
    const unknown = times.filter((time) => time < this.#since && !this.#places.has(time)).sort((a, b) => a - b)
    for (let i = 0; i < unknown.length; ) {
      let end = i + 1
      while (end < unknown.length && unknown[end]! - unknown[end - 1]! <= NEAR) end++
      await this.#read(unknown.slice(i, end))
      i = end
    }
  }

  /** What is taken of a millisecond that was recalled. */
  at(time: number): Slots {
    const known = this.#places.get(time)
    if (known) return known
    const slots = new Slots()
    this.#places.set(time, slots)
    return slots
  }

  async #newest(): Promise<number> {
    const { measurement, columns } = this.#kind
    const { rows } = await this.#wire.ask(
      `SELECT ${quoted(columns)} FROM "${measurement}" WHERE ${this.#where} AND time <= ${LAST_TIME}ms ORDER BY time DESC LIMIT 1`,
    )
    return rows.length === 0 ? -1 : Number(rows[0]![0])
  }

  async #read(times: readonly number[]): Promise<void> {
    const [first, last] = [times[0]!, times.at(-1)!]
    for (const time of times) this.at(time)
    const { measurement, columns } = this.#kind
    const statement = (from: string): string =>
      `SELECT ${quoted(columns)} FROM "${measurement}" WHERE ${this.#where} AND time >= ${from} AND time < ${last + 1}ms LIMIT ${MOST}`
    for (let from = `${first}ms`; ; ) {
      const { rows, isPartial } = await this.#wire.ask(statement(from), 'ns')
      for (const row of rows) this.#found(BigInt(row[0]), row)
      if (rows.length < MOST && !isPartial) return
      from = String(BigInt(rows.at(-1)![0]) + 1n)
    }
  }

  #found(time: bigint, row: Row): void {
    const slots = this.#places.get(Number(time / PER_MS))
    slots?.put(this.#kind.identity(row), this.#kind.mark(row), Number(time % PER_MS))
  }

  #trim(): void {
    if (this.#places.size <= KEPT) return
    const oldest = [...this.#places.keys()].sort((a, b) => a - b).slice(0, -KEPT)
    for (const time of oldest) this.#places.delete(time)
    this.#since = Math.max(this.#since, oldest.at(-1)! + 1)
  }
}

const PER_MS = BigInt(SLOTS)
/** Rows looked up at once. */
const MOST = 10_000
