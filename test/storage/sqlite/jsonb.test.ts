import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wholeNumbers } from '../../../src/core/storage/sqlite/jsonb.ts'

const db = new Database(':memory:')
const read = db.prepare<[string], Uint8Array>('SELECT jsonb_group_array(value) FROM json_each(?)').pluck()
const LENGTHS = [0, 1, 11, 12, 100, 300, 20_000, 70_000]

test("reads SQLite's arrays of whole numbers and nulls, of any length, sign and number of digits", () => {
  const number = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -20, max: 20 }), fc.constant(null))
  fc.assert(
    fc.property(fc.array(number, { maxLength: 300 }), (values) => {
      const told = wholeNumbers(read.get(JSON.stringify(values))!, values.length)
      expect([...told]).toEqual(values.map((value) => (value === null ? Number.NaN : value + 0)))
    }),
  )
})

test.each(LENGTHS)('reads %i numbers', (length) => {
  const values = Array.from({ length }, (_, i) => 1_760_000_000_000 + i)
  expect([...wholeNumbers(read.get(JSON.stringify(values))!, length)]).toEqual(values)
})
