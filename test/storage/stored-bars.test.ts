import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { FLAGS, type Flag, type Tick } from '../../src/core/market/event.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { storedBars } from '../../src/core/storage/stored-bars.ts'
import { at, barsOf, collect, minutes, tick } from '../bars/market.ts'
import { temporaryDirectory } from './records.ts'

const BEGINNING = at('10:00')
/** Four minutes of trades every seven seconds, with two of a minute left out of its summary. */
const TICKS: readonly Tick[] = Array.from({ length: 34 }, (_, i) => ({
  ...tick(BEGINNING + 7_000 * i, 330 + (i % 5) / 5, 100 * (i + 1)),
  seq: i,
  ...(i % 4 === 1 && { flags: [i % 8 === 1 ? ('odd_lot' as const) : ('late' as const)] }),
}))

const store = await openSqlite(join(temporaryDirectory(), 'market.db'), { mode: 'record' })
await store.write(TICKS)
afterAll(() => store.close())

const anyTime = fc
  .integer({ min: -2, max: 10 })
  .chain((half) => fc.constantFrom(0, -1, 1, 7_000).map((ms) => half * 30_000 + ms))
const anySpan = fc.record({ since: anyTime, until: anyTime }, { requiredKeys: [] }).map(({ since, until }) => ({
  ...(since !== undefined && { since: BEGINNING + since }),
  ...(until !== undefined && { until: BEGINNING + until }),
}))

test('bars of a span hold the trades of the span alone, wherever it cuts a minute', async () => {
  const anyOptions = fc.record({
    every: fc.constantFrom(minutes(1), minutes(5)),
    align: fc.constantFrom('session' as const, 'clock' as const),
    include: fc.constantFrom(new Set<Flag>(), new Set<Flag>(['odd_lot']), new Set<Flag>(FLAGS)),
  })
  await fc.assert(
    fc.asyncProperty(anySpan, anyOptions, async (span, options) => {
      const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = span
      const within = TICKS.filter(({ timestamp }) => timestamp >= since && timestamp < until)
      expect(await collect(storedBars(store, '00700.HK', span, options))).toEqual(await barsOf(within, options))
    }),
    { numRuns: 300 },
  )
})
