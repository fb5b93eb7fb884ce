import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resample } from '../../src/core/bars/resample.ts'
import { Candles } from '../../src/core/dashboard/candles.ts'
import { ChartGaps } from '../../src/core/dashboard/chart-gaps.ts'
import { bucketsBy, LENGTHS } from '../../src/core/dashboard/intervals.ts'
import { type ChartBar, INTERVALS, type Interval } from '../../src/core/dashboard/protocol.ts'
import type { Gap, MarketEvent, Tick } from '../../src/core/market/event.ts'
import { DAY, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { at, gap, tick } from '../storage/sample.ts'
import { sessions } from './support.ts'

const NEVER = Number.NEGATIVE_INFINITY
const ALWAYS = Number.POSITIVE_INFINITY

function candles(mostSeconds = 7_200, mostMinutes = 2_048) {
  const gaps = new ChartGaps()
  const made = new Candles(
    { sessions, buckets: bucketsBy(sessions), mostSeconds: () => mostSeconds, mostMinutes: () => mostMinutes },
    gaps,
  )
  let version = 0
  return {
    ...{ candles: made, gaps },
    add: (events: readonly MarketEvent[]): void => {
      version++
      for (const event of events) {
        if (event.type === 'tick') made.add(event, version)
        if (event.type === 'gap') gaps.add(event, version)
      }
    },
  }
}

/** What `resample` makes of the same events, the last word on each bar. */
async function resampled(events: readonly MarketEvent[], every: Interval, asOf: number): Promise<ChartBar[]> {
  const bars = new Map<number, ChartBar>()
  const source = (async function* () {
    yield events
  })()
  for await (const batch of resample(source, { every: LENGTHS[every], sessions, asOf })) {
    for (const { type: _, symbol: __, mean: ___, revision: ____, ...bar } of batch) bars.set(bar.start, bar)
  }
  return [...bars.values()].sort((a, b) => a.start - b.start)
}

/** Times of a day on which a bar may hang: openings, closes, auctions, lunch, and any in between. */
const time = fc.oneof(
  fc.constantFrom('09:20:00', '09:29:59', '09:30:00', '11:59:59', '12:00:02', '12:00:03', '12:30:00').map(at),
  fc.constantFrom('13:00:00', '15:59:59', '16:00:01', '16:05:00', '16:08:00', '16:09:59', '16:10:00').map(at),
  fc.integer({ min: at('09:19:00'), max: at('16:11:00') }),
  fc.integer({ min: at('09:30:00'), max: at('09:32:00') }),
)
const dayAfter = fc.constantFrom(0, 0, 0, 3 * DAY)
const trade = fc
  .record({
    timestamp: fc.tuple(time, dayAfter).map(([one, days]) => one + days),
    last_price: fc.integer({ min: 1, max: 900_000 }).map((price) => price / 1_000),
    volume: fc.integer({ min: 1, max: 1e6 }),
    turnover: fc.option(fc.integer({ min: 1, max: 1e9 }).map((mills) => mills / 1_000)),
    seq: fc.oneof(fc.nat(5), fc.bigInt({ min: 2n ** 53n, max: 2n ** 53n + 3n })),
    flags: fc.constantFrom([], [], [], ['odd_lot'] as const, ['locked'] as const),
  })
  .map((parts) => tick(parts))
const indexValue = fc
  .record({
    timestamp: time,
    last_price: fc.integer({ min: 1e6, max: 2e6 }).map((price) => price / 100),
    seq: fc.nat(5),
  })
  .map((parts) => tick({ ...parts, symbol: 'HSI', volume: null }))
const hole = fc
  .tuple(time, fc.nat(10 * MINUTE), fc.constantFrom(null, 'second feed' as const))
  .map(([from, length, filled_by]) => gap({ symbol: null, from, to: from + length, filled_by }))
/** In the order in which they come: not that of their times. */
const stream = fc.oneof(
  fc.array(fc.oneof({ weight: 8, arbitrary: trade }, { weight: 1, arbitrary: hole }), { maxLength: 120 }),
  fc.array(fc.oneof({ weight: 8, arbitrary: indexValue }, { weight: 1, arbitrary: hole }), { maxLength: 60 }),
) as fc.Arbitrary<(Tick | Gap)[]>

describe('candles', () => {
  it.each(INTERVALS)('of %s, as painted now and then, are those of resample in the end', async (every) => {
    await fc.assert(
      fc.asyncProperty(stream, fc.array(fc.nat(30), { maxLength: 12 }), time, async (events, sizes, present) => {
        const { candles: made, add } = candles()
        const page = new Map<number, ChartBar>()
        let [version, before] = [0, NEVER]
        const look = (now: number, newest: number): void => {
          for (const bar of made.changed(every, version, before, now)) page.set(bar.start, bar)
          version = newest
          before = now
        }
        let [taken, batches] = [0, 0]
        for (const size of [...sizes, events.length]) {
          add(events.slice(taken, taken + size))
          taken += size
          look(present, ++batches)
        }
        const end = present + 4 * DAY
        look(end, batches)
        const expected = await resampled(events, every, end)
        expect([...page.values()].sort((a, b) => a.start - b.start)).toEqual(expected)
        expect(made.before(every, ALWAYS, 10_000, end).bars).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  it('tell a bar again when it becomes final, and when a hole is told that crosses it', () => {
    const { candles: made, gaps, add } = candles()
    add([tick({ timestamp: at('10:00:10') })])
    const first = made.changed('1m', 0, NEVER, at('10:00:11'))
    expect(first.map(({ final, has_gap }) => [final, has_gap])).toEqual([[false, false]])
    expect(made.changed('1m', 1, at('10:00:11'), at('10:00:50'))).toEqual([])
    expect(made.changed('1m', 1, at('10:00:50'), at('10:01:02')).map(({ final }) => final)).toEqual([true])
    gaps.add(gap({ from: at('10:00:30'), to: at('10:00:40') }), 2)
    expect(made.changed('1m', 1, at('10:01:02'), at('10:01:03')).map(({ has_gap }) => has_gap)).toEqual([true])
    expect(made.changed('1m', 2, at('10:01:03'), at('10:01:04'))).toEqual([])
  })

  it('show a hole in seconds although a vendor’s minutes fill it, in minutes only until they do', () => {
    const { candles: made, gaps, add } = candles()
    add([tick({ timestamp: at('10:00:10') })])
    gaps.add(gap({ from: at('10:00:10'), to: at('10:00:40') }), 2)
    gaps.add(gap({ from: at('10:00:10'), to: at('10:00:40'), filled_by: 'backfill' }), 3)
    const holed = (every: Interval): boolean => made.changed(every, 2, NEVER, at('10:05:00'))[0]!.has_gap
    expect([holed('1s'), holed('1m'), holed('1d')]).toEqual([true, false, false])
  })

  it('keep trades of every second in bounded memory, every bar that is left whole at any time', async () => {
    const { candles: made, add } = candles(1_000)
    const events = [0, 3 * DAY].flatMap((days) =>
      Array.from({ length: 24_600 }, (_, i) => {
        return tick({ timestamp: at('09:20:00') + days + i * 1_000, volume: 100 + (i % 7), seq: i })
      }),
    )
    const end = at('17:00:00') + 3 * DAY
    const expected = new Map<Interval, ChartBar[]>()
    for (const every of INTERVALS) expected.set(every, await resampled(events, every, end))
    let since = made.since('1s')
    for (const event of events) {
      add([event])
      if (made.size > 1_000 + 700) expect.fail(`${made.size} rows`)
      if (made.since('1s') === since) continue
      since = made.since('1s')
      for (const every of ['1s', '30s'] as const) {
        const [oldest] = made.before(every, since + HOUR, 10_000, end).bars
        expect(oldest).toEqual(expected.get(every)!.find(({ start }) => start >= since))
      }
    }
    for (const every of INTERVALS) {
      const { bars, more } = made.before(every, ALWAYS, 100_000, end)
      expect(bars).toEqual(expected.get(every)!.filter(({ start }) => start >= made.since(every)))
      expect(more).toBe(false)
    }
    expect(made.since('1s')).toBeGreaterThan(at('15:30:00') + 3 * DAY)
    expect(made.since('1m')).toBe(NEVER)
  })

  it.each([
    [2_048, 5],
    [400, 1],
  ])('of %d minutes at most are those of whole days, %d at least', (most, days) => {
    const { candles: made, add } = candles(600, most)
    for (const day of sessions.days(at('09:30:00'), at('09:30:00') + 20 * DAY)) {
      for (const { open, close } of day.continuous) {
        for (let time = open; time < close; time += MINUTE) add([tick({ timestamp: time })])
      }
    }
    expect(made.size).toBeLessThanOrEqual(most + 600)
    const { bars } = made.before('1d', ALWAYS, 100, ALWAYS)
    expect(bars.length).toBeGreaterThanOrEqual(days)
    expect(new Set(bars.map(({ trades }) => trades))).toEqual(new Set([330]))
    expect(bars[0]!.start).toBeGreaterThan(made.since('1d'))
  })

  it('leave out a trade from before their memory, which a store has', () => {
    const { candles: made, add } = candles()
    made.beginAt(at('00:00:00'), at('10:00:00'))
    add([tick({ timestamp: at('09:59:59') }), tick({ timestamp: at('10:00:00'), seq: 1 })])
    expect(made.before('1s', ALWAYS, 10, ALWAYS).bars.map(({ start }) => start)).toEqual([at('10:00:00')])
    expect(made.before('1m', ALWAYS, 10, ALWAYS).bars).toHaveLength(2)
  })

  it('take trades in whatever their numbers are', () => {
    const { candles: made, add } = candles()
    for (const seq of [1.5, Number.NaN, Number.POSITIVE_INFINITY, -1, 2n ** 70n]) add([tick({ seq })])
    expect(made.before('1m', ALWAYS, 10, ALWAYS).bars).toMatchObject([{ trades: 5, volume: 500 }])
  })

  it('have no more than the closes asked for in a sparkline, the newest among them', () => {
    const { candles: made, add } = candles()
    for (let i = 0; i < 130; i++) add([tick({ timestamp: at('09:30:00') + i * MINUTE, last_price: 500 + i })])
    expect(made.trend(at('00:00:00'), 60)).toHaveLength(60)
    expect(made.trend(at('00:00:00'), 60).at(-1)).toBe(629)
    expect(made.trend(at('11:38:00'), 60)).toEqual([628, 629])
  })
})
