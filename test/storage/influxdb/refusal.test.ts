import { expect, test } from 'vitest'
import { isAway, refusal } from '../../../src/core/storage/influxdb/refusal.ts'
import type { Target } from '../../../src/core/storage/influxdb/target.ts'

const TARGET: Target = { version: 1, url: 'http://db.lan:8086', database: 'market', user: null, password: null }

test.each([
  [500, 'write failed'],
  [500, 'write /var/lib/influxdb/wal: no space left on device'],
  [500, 'timeout'],
  [500, 'engine is closed'],
  [500, '[shard 3] engine is closed'],
  [200, 'query engine shutdown'],
  [200, 'query interrupted'],
  [429, 'too many requests'],
  [503, ''],
])('a server that answers %i "%s" is away, and comes back', (status, error) => {
  expect(isAway(refusal(TARGET, status, JSON.stringify({ error })))).toBe(true)
})

test.each([
  [500, 'write failed for shard 3: invalid field name', /refuses \(500 write failed for shard 3/],
  [400, 'partial write: field type conflict', /holds other fields under our names/],
  [401, 'authorization failed', /refuses the user and password/],
])('what it answers with %i "%s" is not over by waiting', (status, error, remedy) => {
  const refused = refusal(TARGET, status, JSON.stringify({ error }))
  expect(isAway(refused)).toBe(false)
  expect(refused.message).toMatch(remedy)
})
