import { byTimeAndSeq, type Seq, type Tick } from '../../market/event.ts'
import { place } from '../../market/place.ts'
import { EXACT } from '../marks.ts'
import { type Bind, Bulk } from './bulk.ts'
import type { Dictionary, Names } from './dictionary.ts'
import type { Db } from './driver.ts'
import { isBeyond, type Key } from './identity.ts'
import { isPlain, PLAIN_ROW, putTick, TICK_ROW } from './tick-row.ts'

/**
 * Inserts ticks, keeping identity over the whole history. A tick beyond the newest one of its symbol cannot be there yet
 * and is inserted in bulk; any other is placed by its key.
 */
export class TickInserter {
  readonly #names: Names
  readonly #plain
  readonly #full
  readonly #free
  readonly #stored
  readonly #newest
  /** Newest key of each symbol by id. */
  readonly #tips = new Map<number, Key>()

  constructor(db: Db, names: Names) {
    this.#names = names
    this.#plain = new Bulk(db, 'tick', PLAIN_ROW)
    this.#full = new Bulk(db, 'tick', TICK_ROW)
    const marks = TICK_ROW.map(() => '?').join(', ')
    this.#free = db.prepare(`INSERT OR IGNORE INTO tick (${TICK_ROW.join(', ')}) VALUES (${marks})`)
    this.#stored = db
      .prepare<unknown[], [number, number | null]>(
        `SELECT iif(marks & ${EXACT}, price, price / 1000.0), volume FROM tick WHERE symbol = ? AND time = ? AND seq = ? AND source = ?`,
      )
      .raw()
    this.#newest = db
      .prepare<[number], Record<keyof Key, bigint>>(
        'SELECT time, seq, source FROM tick WHERE symbol = ? ORDER BY time DESC, seq DESC, source DESC LIMIT 1',
      )
      .safeIntegers()
  }

  /**
   * Inserts ticks of one symbol; only inside a transaction, which ends with `flush`.
   * @returns those that were new, in order of time (those of one source in key order), under the sequence numbers they
   *   were stored with
   */
  insert(symbol: string, ticks: readonly Tick[]): Tick[] {
    const { symbols, sources } = this.#names
    const id = symbols.assign(symbol)
    const tip = { ...(this.#tips.get(id) ?? this.#readTip(id)) }
    const fresh: Tick[] = []
    for (const tick of inOrder(ticks, sources)) {
      const source = sources.assign(tick.source)
      let { seq } = tick
      if (isBeyond(tip, tick.timestamp, seq, source)) {
        this.#add(tick, id, source)
        fresh.push(tick)
      } else {
        this.flush()
        const placed = this.#place(tick, id, source)
        if (placed === null) continue
        fresh.push(placed === seq ? tick : { ...tick, seq: placed })
        seq = placed
        if (!isBeyond(tip, tick.timestamp, seq, source)) continue
      }
      tip.time = tick.timestamp
      tip.seq = seq
      tip.source = source
    }
    this.#tips.set(id, tip)
    return fresh
  }

  /** Inserts the rows that wait for more; before anything reads the table, and before the commit. */
  flush(): void {
    this.#plain.flush()
    this.#full.flush()
  }

  /** Forgets what is in memory: after a rollback, or when another program has written. */
  forget(): void {
    this.#tips.clear()
    this.#plain.clear()
    this.#full.clear()
  }

  #add(tick: Tick, symbol: number, source: number): void {
    const bulk = isPlain(tick) ? this.#plain : this.#full
    putTick(bulk.rows, bulk.offset, tick, tick.seq, symbol, source)
    bulk.added()
  }

  #place(tick: Tick, symbol: number, source: number): Seq | null {
    const row: Bind[] = new Array(TICK_ROW.length).fill(null)
    const insert = (seq: Seq) => {
      putTick(row, 0, tick, seq, symbol, source)
      return this.#free.run(...row).changes === 1
    }
    const isSame = (seq: Seq) => {
      const [price, volume] = this.#stored.get(symbol, tick.timestamp, seq, source)!
      return price === tick.last_price && volume === tick.volume
    }
    return place(tick.seq, insert, isSame)
  }

  #readTip(symbol: number): Key {
    const key = this.#newest.get(symbol)
    return key
      ? { time: Number(key.time), seq: key.seq, source: Number(key.source) }
      : { time: Number.NEGATIVE_INFINITY, seq: 0, source: 0 }
  }
}

/** Ticks of one symbol by key; as they came when they came in order. */
function inOrder(ticks: readonly Tick[], sources: Dictionary): readonly Tick[] {
  const compare = (a: Tick, b: Tick) =>
    byTimeAndSeq(a, b) || (a.source === b.source ? 0 : sources.assign(a.source) - sources.assign(b.source))
  for (let i = 1; i < ticks.length; i++) if (compare(ticks[i - 1]!, ticks[i]!) > 0) return ticks.toSorted(compare)
  return ticks
}
