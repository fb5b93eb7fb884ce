import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BarOptions } from '../../../src/core/bars/options.ts'
import { byTimeAndSeq, FLAGS, type Flag, type Tick } from '../../../src/core/market/event.ts'
import { dayNumber } from '../../../src/core/market/time.ts'
import { Engine } from '../../../src/core/storage/parquet/engine.ts'
import { Lake } from '../../../src/core/storage/parquet/lake.ts'
import { partFile } from '../../../src/core/storage/parquet/layout.ts'
import { ParquetStore } from '../../../src/core/storage/parquet/store.ts'
import { TICKS } from '../../../src/core/storage/parquet/tables.ts'
import { writeTable } from '../../../src/core/storage/parquet/write-table.ts'
import type { Span } from '../../../src/core/storage/store.ts'
import { storedBars } from '../../../src/core/storage/stored-bars.ts'
import { at, barsOf, batchesOf, collect, tick } from '../../bars/market.ts'
import { temporaryDirectory } from '../records.ts'

/** Trades of three days (one a half day), many at the edges of sessions and auctions, several at one time. */
const DAYS = ['2026-12-23', '2026-12-24', '2026-12-28']
const EDGES = ['09:20', '09:29:55', '10:00', '11:59:55', '12:08', '13:00', '15:59:55', '16:08'].flatMap((time) =>
  DAYS.map((date) => at(`${date}T${time}`)),
)
const anyTick = fc
  .record({
    edge: fc.constantFrom(...EDGES),
    offset: fc.integer({ min: -4, max: 40 }),
    cents: fc.integer({ min: 1, max: 90_000 }),
    volume: fc.integer({ min: 0, max: 50_000 }),
    flags: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...FLAGS]) }),
  })
  .map(({ edge, offset, cents, volume, flags }) => {
    const plain = tick(edge + 500 * offset, cents / 100, volume)
    return { ...plain, flags: [...new Set([...plain.flags, ...flags])] }
  })
/** What cannot be added up in any order, or not at all. */
const oddities = fc.constantFrom<Partial<Tick>>(
  { last_price: 271.44551 },
  { turnover: 0.1234567 },
  { turnover: 8e12 },
  { volume: null },
  { turnover: null },
  { volume: null, turnover: null },
  { flags: [] },
)
const anyTicks = fc
  .tuple(fc.array(anyTick, { minLength: 1, maxLength: 80 }), fc.array(fc.tuple(fc.nat(), oddities), { maxLength: 2 }))
  .map(([ticks, odd]) => {
    for (const [i, over] of odd) Object.assign(ticks[i % ticks.length]!, over)
    return ticks.sort(byTimeAndSeq)
  })
const anyOptions: fc.Arbitrary<BarOptions> = fc.record({
  every: fc.constantFrom(1_000, 2_000, 4_000, 5_000, 10_000, 30_000),
  align: fc.constantFrom('session', 'clock'),
  auctions: fc.constantFrom('join', 'separate', 'drop'),
  fill: fc.constantFrom('none', 'forward', 'empty'),
  include: fc.constantFrom(new Set<Flag>(), new Set<Flag>(['odd_lot', 'out_of_session']), new Set<Flag>(FLAGS)),
})
const anySpan: fc.Arbitrary<Span> = fc.constantFrom(
  {},
  { since: at('2026-12-23T10:00:01.500') },
  { since: at('2026-12-23T12:00:02'), until: at('2026-12-28T09:29:58') },
)

const directory = temporaryDirectory()
const lake = new Lake(directory)
const engine = await Engine.open()

/** The lake with these ticks alone. */
async function storeOf(ticks: readonly Tick[]): Promise<ParquetStore> {
  rmSync(join(directory, 'ticks'), { recursive: true, force: true })
  for (const day of new Set(ticks.map(({ timestamp }) => dayNumber(timestamp)))) {
    const file = partFile(directory, 'ticks', { symbol: '00700.HK', day })
    mkdirSync(dirname(file), { recursive: true })
    await writeTable(engine, file, TICKS, batchesOf(ticks.filter(({ timestamp }) => dayNumber(timestamp) === day)))
  }
  return new ParquetStore(lake)
}

/** Of each part of the history, how many summaries or ticks it has. */
async function partsOf(ticks: readonly Tick[], every = 10_000): Promise<string[]> {
  const parts: string[] = []
  const store = await storeOf(ticks)
  for await (const part of store.condensed('00700.HK', {}, { every, leftOut: 0 })) {
    parts.push('timestamp' in part ? `${part.length} ticks` : `${part.length} summaries`)
  }
  return parts
}

test('bars of condensed ticks are the bars of the ticks, to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(anyTicks, anyOptions, anySpan, async (ticks, options, span) => {
      const store = await storeOf(ticks)
      const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = span
      const within = ticks.filter(({ timestamp }) => timestamp >= since && timestamp < until)
      const bars = await collect(storedBars(store, '00700.HK', span, options))
      expect(bars).toEqual(await barsOf(within, options))
    }),
    { numRuns: 100 },
  )
})

test('ticks of a stretch are one summary, cut where a session no longer counts', async () => {
  const ticks = ['12:00:00', '12:00:02.999', '12:00:03', '12:00:09', '12:00:10'].map((time) => tick(time, 330.2))
  expect(await partsOf(ticks)).toEqual(['3 summaries'])
})

test('a bar with an amount that nobody knows has an unknown sum', async () => {
  for (const over of [{ volume: null }, { turnover: null }]) {
    const ticks = [tick('10:00:01', 330.2), tick('10:00:02', 330.4, 100, over), tick('10:00:03', 330.4)]
    const bars = await collect(storedBars(await storeOf(ticks), '00700.HK', {}, { every: 10_000 }))
    expect(bars).toEqual(await barsOf(ticks, { every: 10_000 }))
    expect(bars).toMatchObject([over])
  }
})

test('a bar is final by the newest trade behind it, where the clock is not so far', async () => {
  const ticks = [tick('10:00:09', 330.2), tick('10:00:10', 330.4), tick('10:00:12.500', 330.6)]
  const options = { every: 10_000, asOf: at('10:00:11') }
  const bars = await collect(storedBars(await storeOf(ticks), '00700.HK', {}, options))
  expect(bars.map(({ final }) => final)).toEqual([true, false])
})

test('a day whose sums depend on the order of adding is read as ticks, the others are not', async () => {
  const day = (date: string, over: Partial<Tick> = {}) => [
    tick(`${date}T10:00:01`, 330.2),
    tick(`${date}T10:00:02`, 330.4, 100, over),
  ]
  const [first, second, third] = DAYS as [string, string, string]
  for (const over of [
    { last_price: 330.40001 },
    { last_price: 330.40001, volume: null, turnover: null },
    { turnover: 0.00001 },
    { turnover: 1e13 },
    { turnover: -1 },
    { volume: -1 },
  ]) {
    expect(await partsOf([...day(first), ...day(second, over), ...day(third)])).toEqual([
      '1 summaries',
      '2 ticks',
      '1 summaries',
    ])
  }
})
