import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Seq, Tick } from '../../../src/core/market/event.ts'
import { EXACT } from '../../../src/core/storage/marks.ts'
import { Dictionary } from '../../../src/core/storage/sqlite/dictionary.ts'
import { TickReader } from '../../../src/core/storage/sqlite/read-ticks.ts'
import { STEPS } from '../../../src/core/storage/sqlite/schema.ts'
import { readTick, TICK_ROW, type TickRow } from '../../../src/core/storage/sqlite/tick-row.ts'

const db = new Database(':memory:')
for (const step of STEPS) db.exec(step)
db.exec(
  "INSERT INTO symbol VALUES (1, '00700.HK'), (2, 'HSI'); INSERT INTO source VALUES (1, 'alltick'), (2, 'replay')",
)
const reader = new TickReader(db, { symbols: new Dictionary(db, 'symbol'), sources: new Dictionary(db, 'source') })
const insert = db.prepare(`INSERT OR IGNORE INTO tick (${TICK_ROW}) VALUES (${TICK_ROW.map(() => '?')})`)

beforeEach(() => {
  db.exec('DELETE FROM tick')
})
afterAll(() => {
  db.close()
})

/** Column by column, as the driver gives each value. */
function plainly(symbol: number, since: number, until: number): Tick[] {
  const rows = db
    .prepare<unknown[], bigint[]>(
      `SELECT time, seq, source, price, volume, turnover, bid, ask, bid_size, ask_size, quoted, marks, trade_type, received
       FROM tick WHERE symbol = ? AND time >= ? AND time < ? ORDER BY time, seq, source`,
    )
    .raw()
    .safeIntegers()
    .all(symbol, since, until)
  return rows.map((row) => {
    const cells = row.map((cell, i) => (typeof cell !== 'bigint' ? cell : i === 1 ? `${cell}` : Number(cell)))
    const tick = readTick(cells as unknown as TickRow, symbol === 1 ? '00700.HK' : 'HSI', SOURCES[Number(row[2])]!)
    return { ...tick, seq: exact(row[1]!) }
  })
}
const SOURCES = ['', 'alltick', 'replay']

function exact(seq: bigint): Seq {
  return Number.isSafeInteger(Number(seq)) ? Number(seq) : seq
}

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const number = fc.oneof(
  fc.integer({ min: -1e6, max: 1e6 }),
  fc.double({ noNaN: true }),
  fc.constantFrom(0.1 + 0.2, 5e-324, 1.7976931348623157e308, 2 ** 53 + 2, 1e18, 1e19, Infinity, -Infinity),
)
const whole = fc.maxSafeInteger()
/** Cells in the order of TICK_ROW behind the symbol: few times and numbers, so that positions share them. */
const row = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1e12 })),
  fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.integer({ min: 1, max: 2 }),
  number,
  orNull(whole),
  orNull(number),
  fc.constantFrom(0, 1, 9, EXACT, EXACT + 1, 64, 576),
  orNull(whole),
  orNull(number),
  orNull(number),
  orNull(whole),
  orNull(whole),
  orNull(whole),
  orNull(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '自動對盤', '"\\', '\u0000a', '\u2028', '1e5', 'null')),
  ),
)

test('ticks are those that the driver gives value by value, however few are read at a time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), row), { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      (rows, size) => {
        db.exec('DELETE FROM tick')
        for (const [symbol, cells] of rows) insert.run(symbol, ...cells)
        for (const [id, symbol] of [
          [1, '00700.HK'],
          [2, 'HSI'],
        ] as const) {
          expect([...reader.ticks(symbol, {}, size)].flat()).toStrictEqual(plainly(id, -1, 2e12))
          expect([...reader.ticks(symbol, { since: 1, until: 3 }, size)].flat()).toStrictEqual(plainly(id, 1, 3))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('no statement stays open between two chunks', () => {
  for (let i = 0; i < 5; i++) insert.run(1, i, i, 1, 500_000, 100, null, 0, null, null, null, null, null, null, null)
  const chunks = reader.ticks('00700.HK', {}, 2)
  chunks.next()
  db.exec('DELETE FROM tick WHERE time = 3')
  expect([...chunks].flat().map(({ timestamp }) => timestamp)).toEqual([2, 4])
})
