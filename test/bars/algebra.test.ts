import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeBars } from '../../src/core/bars/merge-bars.ts'
import { refined, summarise } from '../../src/core/bars/minutes.ts'
import { type BarOptions, minutesSuffice } from '../../src/core/bars/options.ts'
import { barsFromSummaries, resample } from '../../src/core/bars/resample.ts'
import { Resampler } from '../../src/core/bars/resampler.ts'
import { addTick, isLeftOut, merge, type Summary, summaryOf } from '../../src/core/bars/summary.ts'
import { addRun } from '../../src/core/bars/trade-columns.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import { byTimeAndSeq, FLAGS, type Flag, LEFT_OUT, type Tick } from '../../src/core/market/event.ts'
import { flagMask } from '../../src/core/market/flags.ts'
import { DAY, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { columnsOf } from '../../src/core/storage/columns.ts'
import { at, barsOf, batchesOf, collect, sessions, tick } from './market.ts'

/** Trades of two days (the second a half day), many at the edges of sessions and auctions, in any order of arrival. */
const EDGES = ['09:20', '09:30', '10:00', '12:00', '12:08', '13:00', '16:00', '16:08'].flatMap((time) =>
  ['2026-12-23', '2026-12-24'].map((date) => at(`${date}T${time}`)),
)
const anyTick = fc
  .record({
    edge: fc.constantFrom(...EDGES),
    offset: fc.oneof(fc.integer({ min: -90_000, max: 300_000 }), fc.integer({ min: 0, max: 4_000 })),
    cents: fc.integer({ min: 1, max: 90_000 }),
    volume: fc.integer({ min: 0, max: 50_000 }),
    flag: fc.option(fc.constantFrom<Flag>(...FLAGS), { freq: 5 }),
  })
  .map(({ edge, offset, cents, volume, flag }) => {
    const plain = tick(edge + offset, cents / 100, volume)
    return flag === null || plain.flags.includes(flag) ? plain : { ...plain, flags: [...plain.flags, flag] }
  })
/** Many trades in few buckets: prices off the grid, amounts that nobody knows. */
const anyDense = fc.array(
  fc
    .record({
      one: anyTick,
      step: fc.integer({ min: 0, max: 40 }),
      price: fc.constantFrom(1, 1.005, 3.0001),
      volume: fc.constantFrom(100, 7, null),
    })
    .map(({ one, step, price, volume }) =>
      step === 0
        ? one
        : tick(at('2026-12-23T09:59:55') + 500 * step, price, step % 9 === 0 ? volume : 100, { flags: one.flags }),
    ),
  { minLength: 1, maxLength: 200 },
)
const anyTicks = fc.array(anyTick, { minLength: 1, maxLength: 120 })
const anyOptions: fc.Arbitrary<BarOptions> = fc.record({
  every: fc.constantFrom(MINUTE, 5 * MINUTE, 7 * MINUTE, HOUR, 4 * HOUR, DAY),
  align: fc.constantFrom('session', 'clock'),
  auctions: fc.constantFrom('join', 'separate', 'drop'),
  fill: fc.constantFrom('none', 'forward', 'empty'),
  include: fc.constantFrom(new Set<Flag>(), new Set<Flag>(['odd_lot', 'suspect_price']), new Set<Flag>(FLAGS)),
})

const anyShort = fc
  .tuple(anyOptions, fc.constantFrom(1_000, 10_000, MINUTE, HOUR))
  .map(([options, every]) => ({ ...options, every }))

/** The newest revision of each bar, in order of time. */
function settled(bars: readonly Bar[]): Bar[] {
  const byStart = new Map<number, Bar>()
  for (const { revision: _, ...bar } of bars) byStart.set(bar.start, bar)
  return [...byStart.values()].sort((a, b) => a.start - b.start)
}

function inOrder(ticks: readonly Tick[]): Tick[] {
  return [...ticks].sort(byTimeAndSeq)
}

describe('the algebra of summaries', () => {
  const whole = (ticks: readonly Tick[]): Summary => ticks.map((one) => summaryOf(one, 0)).reduce(merge)

  test('merging does not depend on order or grouping', () => {
    fc.assert(
      fc.property(anyTicks, fc.nat(), fc.infiniteStream(fc.nat()), (ticks, cut, order) => {
        const shuffled = ticks.map((one) => ({ one, key: order.next().value })).sort((a, b) => a.key - b.key)
        const at = cut % ticks.length
        const left = ticks.slice(0, at)
        const grouped = left.length === 0 ? whole(ticks) : merge(whole(left), whole(ticks.slice(at)))
        expect(grouped).toEqual(whole(ticks))
        expect(whole(shuffled.map(({ one }) => one))).toEqual(whole(ticks))
      }),
    )
  })

  test('adding a tick in place is merging its summary', () => {
    fc.assert(
      fc.property(anyTicks, (ticks) => {
        const [first, ...rest] = ticks
        const sum = summaryOf(first!, 0)
        for (const one of rest) addTick(sum, one)
        expect(sum).toEqual(whole(ticks))
      }),
    )
  })

  test('adding a run of columns is adding each of its ticks', () => {
    fc.assert(
      fc.property(anyDense, fc.integer({ min: 0, max: 40 }), (arrived, end) => {
        const ticks = inOrder(arrived).map((one, i) => ({ ...one, seq: 100 + i }))
        const before = at('2026-12-23T09:59:55') + 500 * end
        const [byRun, byTick] = [summaryOf(ticks[0]!, 0), summaryOf(ticks[0]!, 0)]
        const run = { from: 1, before, leftOut: flagMask(LEFT_OUT), ordinal: 100 }
        const taken = ticks.slice(1, addRun(byRun, columnsOf(ticks), run))
        for (const one of taken) if (!isLeftOut(one)) addTick(byTick, one)
        expect(byRun).toEqual(byTick)
        expect(taken).toEqual(ticks.slice(1).filter(({ timestamp }) => timestamp < before))
      }),
    )
  })

  test('a minute that was backfilled replaces ours', () => {
    const ours = summaryOf(tick('10:00', 1), at('10:00'))
    const theirs: Summary = { ...summaryOf(tick('10:00', 2, 500), at('10:00')), origin: 'backfill' }
    expect(merge(ours, theirs)).toEqual(theirs)
    expect(merge(theirs, ours)).toEqual(theirs)
  })
})

describe('every path gives the same bars', () => {
  test('from stored minutes as from ticks', async () => {
    await fc.assert(
      fc.asyncProperty(anyTicks, anyOptions, async (arrived, options) => {
        const ticks = inOrder(arrived)
        expect(minutesSuffice(options)).toBe(true)
        const minutes = summarise(ticks)
        const stored = async function* (from: number, to: number) {
          yield ticks.filter((t) => t.timestamp >= from && t.timestamp < to)
        }
        const bars = await collect(barsFromSummaries(refined([minutes], options, stored), options))
        expect(settled(bars)).toEqual(settled(await barsOf(ticks, options)))
      }),
      { numRuns: 300 },
    )
  })

  test('from columns of stored ticks as from ticks', async () => {
    await fc.assert(
      fc.asyncProperty(anyDense, anyShort, fc.boolean(), async (arrived, options, ordered) => {
        const ticks = (ordered ? inOrder(arrived) : arrived).map((one, i) => ({ ...one, seq: i }))
        const leftOut = LEFT_OUT.filter((flag) => options.align !== 'clock' && !options.include!.has(flag))
        const resampler = new Resampler(options)
        resampler.addColumns('00700.HK', columnsOf(ticks), flagMask(leftOut))
        resampler.end()
        expect(resampler.take()).toEqual(await barsOf(ticks, options))
      }),
      { numRuns: 300 },
    )
  })

  test('in any order of arrival and any batches, the last revisions are the bars of the ordered ticks', async () => {
    await fc.assert(
      fc.asyncProperty(anyTicks, anyOptions, fc.integer({ min: 1, max: 9 }), async (ticks, options, size) => {
        fc.pre(options.fill === 'none' && DAY % options.every === 0)
        const batches: Tick[][] = []
        for (let i = 0; i < ticks.length; i += size) batches.push(ticks.slice(i, i + size))
        const bars = await collect(resample(batchesOf(...batches), options))
        expect(settled(bars)).toEqual(settled(await barsOf(inOrder(ticks), options)))
      }),
    )
  })

  test('through one-minute bars as from ticks', async () => {
    await fc.assert(
      fc.asyncProperty(anyTicks, anyOptions, async (arrived, options) => {
        fc.pre(options.align === 'session' && options.auctions === 'join' && options.fill === 'none')
        const ticks = inOrder(arrived)
        const minutes = await barsOf(ticks, { ...options, every: MINUTE })
        const bars = await collect(mergeBars(batchesOf(minutes), options))
        expect(bars).toEqual(settled(await barsOf(ticks, options)))
      }),
    )
  })

  test('no trade is lost or counted twice', async () => {
    await fc.assert(
      fc.asyncProperty(anyTicks, async (ticks) => {
        const kept = ticks.filter(({ flags }) => flags.every((flag) => flag === 'crossed' || flag === 'locked'))
        const bars = await barsOf(inOrder(ticks), { every: 5 * MINUTE, sessions })
        expect(bars.reduce((sum, { trades }) => sum + trades!, 0)).toBe(kept.length)
        expect(bars.reduce((sum, { volume }) => sum + volume!, 0)).toBe(
          kept.reduce((sum, { volume }) => sum + volume!, 0),
        )
      }),
    )
  })
})
