import { describe, expect, test } from 'vitest'
import { resample } from '../../src/core/bars/resample.ts'
import { Calendar } from '../../src/core/market/calendar.ts'
import type { Gap } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { DAY, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { at, barsOf, batchesOf, collect, gap, minutes, span, tick } from './market.ts'

describe('bars by session', () => {
  test('hourly bars end at 10:30, 11:30, 12:00, 14:00, 15:00, 16:00', async () => {
    const times = ['09:30', '10:29:59.999', '10:30', '11:30', '11:59', '13:00', '14:00', '15:00', '15:59:59.999']
    const bars = await barsOf(
      times.map((time) => tick(time, 600)),
      { every: HOUR },
    )
    expect(bars.map(span)).toEqual([
      '09:30-10:30',
      '10:30-11:30',
      '11:30-12:00',
      '13:00-14:00',
      '14:00-15:00',
      '15:00-16:00',
    ])
    expect(bars.map(({ trades }) => trades)).toEqual([2, 1, 2, 1, 1, 2])
  })

  test('a bucket is half-open: the trade at its end opens the next one', async () => {
    const bars = await barsOf([tick('09:34:59.999', 1), tick('09:35', 2)], { every: minutes(5) })
    expect(bars.map(({ close }) => close)).toEqual([1, 2])
  })

  test('a bucket that does not fit is cut at the end of the session', async () => {
    const bars = await barsOf([tick('11:50', 1), tick('15:59', 2)], { every: minutes(45) })
    expect(bars.map(span)).toEqual(['11:45-12:00', '15:15-16:00'])
  })

  test('a trade stamped up to 3 s after a session belongs to its last bucket', async () => {
    const bars = await barsOf([tick('11:59', 1), tick('12:00:02.999', 2), tick('15:59', 3), tick('16:00:02.999', 4)], {
      every: minutes(1),
    })
    expect(bars.map((bar) => [span(bar), bar.close])).toEqual([
      ['11:59-12:00', 2],
      ['15:59-16:00', 4],
    ])
  })

  test('index values sent during lunch make no bar, flagged or not', async () => {
    const index = { symbol: 'HSI', turnover: null, value: null, flags: [] }
    const bars = await barsOf([tick('11:59', 25_000.12, null, index), tick('12:30', 25_001, null, index)], {
      every: minutes(1),
    })
    expect(bars).toHaveLength(1)
    expect(bars[0]).toMatchObject({ close: 25_000.12, mean: 25_000.12, volume: null, turnover: null, vwap: null })
  })

  test('a day is one trading day, from opening to closing auction', async () => {
    const bars = await barsOf(
      [
        tick('09:20:15', 590, 1_000),
        tick('09:30', 600),
        tick('12:30', 1),
        tick('13:00', 610),
        tick('16:08:30', 605, 2_000),
      ],
      { every: DAY },
    )
    expect(bars).toHaveLength(1)
    expect(bars[0]).toMatchObject({ open: 590, high: 610, low: 590, close: 605, volume: 3_200, trades: 4, final: true })
    expect(span(bars[0]!)).toBe('09:30-16:00')
  })

  test('a half day ends at 12:00 and its auction joins the last bucket', async () => {
    const bars = await barsOf(
      [tick('2026-12-24T11:58', 1), tick('2026-12-24T12:08:10', 2), tick('2026-12-24T13:00', 9)],
      {
        every: HOUR,
      },
    )
    expect(bars.map((bar) => [span(bar), bar.close])).toEqual([['11:30-12:00', 2]])
  })

  test('a day that opens late starts its buckets when trading began', async () => {
    const late = '2023-10-09T'
    const bars = await barsOf([tick(`${late}14:00`, 1), tick(`${late}15:10`, 2)], { every: HOUR })
    expect(bars.map(span)).toEqual(['14:00-15:00', '15:00-16:00'])
  })

  test('a day without trading makes no bar', async () => {
    expect(await barsOf([tick('2026-12-25T10:00', 1)], { every: HOUR })).toEqual([])
  })

  test('outside the calendar a weekday is a full day', async () => {
    const sessions = new Sessions(new Calendar({}))
    expect(await barsOf([tick('2019-05-02T15:30', 1)], { every: HOUR, sessions })).toHaveLength(1)
  })
})

describe('auctions', () => {
  const day = [tick('09:20:15', 590, 1_000), tick('09:30', 600), tick('15:59', 610), tick('16:08:30', 605, 2_000)]

  test('join the first and the last bucket by default', async () => {
    const bars = await barsOf(day, { every: minutes(5) })
    expect(bars.map((bar) => [span(bar), bar.open, bar.close, bar.volume])).toEqual([
      ['09:30-09:35', 590, 600, 1_100],
      ['15:55-16:00', 610, 605, 2_100],
    ])
  })

  test('have bars of their own when separate', async () => {
    const bars = await barsOf(day, { every: minutes(5), auctions: 'separate' })
    expect(bars.map((bar) => [span(bar), bar.open])).toEqual([
      ['09:20-09:30', 590],
      ['09:30-09:35', 600],
      ['15:55-16:00', 610],
      ['16:08-16:10', 605],
    ])
  })

  test('are left out when dropped', async () => {
    const bars = await barsOf(day, { every: DAY, auctions: 'drop' })
    expect(bars[0]).toMatchObject({ open: 600, close: 610, volume: 200 })
  })
})

describe('what a bar says', () => {
  test('open, close in order of time and seq, whatever the order of arrival', async () => {
    const first = tick('10:00:00.100', 10, 100, { seq: 2 })
    const second = tick('10:00:00.100', 11, 100, { seq: 9007199254740993n })
    const last = tick('10:00:00.200', 12, 100, { seq: 1 })
    const bars = await barsOf([last, second, first], { every: minutes(1) })
    expect(bars[0]).toMatchObject({ open: 10, close: 12, trades: 3 })
  })

  test('amounts are decimals as given, vwap and mean full doubles', async () => {
    const bars = await barsOf([tick('10:00', 0.1, 3), tick('10:00:01', 0.2, 3), tick('10:00:02', 0.35, 1)], {
      every: minutes(1),
    })
    expect(bars[0]).toMatchObject({ turnover: 1.25, volume: 7, vwap: 1250 / 7000, mean: 650 / 3000 })
  })

  test('the vendor’s turnover is summed, not recomputed', async () => {
    const bars = await barsOf([tick('10:00', 10, 100, { turnover: 999.5 })], { every: minutes(1) })
    expect(bars[0]).toMatchObject({ turnover: 999.5, vwap: 10 })
  })

  test('a bar exists where a tick does, and has no vwap at zero volume', async () => {
    const bars = await barsOf([tick('10:00', 10, 0)], { every: minutes(1) })
    expect(bars[0]).toMatchObject({ open: 10, volume: 0, turnover: 0, vwap: null, mean: 10, trades: 1 })
  })

  test('doubtful ticks are left out unless their flag is included', async () => {
    const ticks = [
      tick('10:00', 10),
      tick('10:00:01', 99, 5, { flags: ['odd_lot', 'crossed'] }),
      tick('10:00:02', 11, 1, { flags: ['locked'] }),
    ]
    expect((await barsOf(ticks, { every: minutes(1) }))[0]).toMatchObject({ high: 11, trades: 2 })
    const taken = await barsOf(ticks, { every: minutes(1), include: new Set(['odd_lot'] as const) })
    expect(taken[0]).toMatchObject({ high: 99, trades: 3 })
  })

  test('symbols do not mix', async () => {
    const bars = await barsOf([tick('10:00', 10), tick('10:00', 50, 100, { symbol: '00005.HK' })], {
      every: minutes(1),
    })
    expect(bars.map(({ symbol, close }) => [symbol, close]).sort()).toEqual([
      ['00005.HK', 50],
      ['00700.HK', 10],
    ])
  })
})

describe('empty buckets', () => {
  const ticks = [tick('11:58:30', 10), tick('13:01:30', 12)]

  test('are left out by default', async () => {
    expect(await barsOf(ticks, { every: minutes(1) })).toHaveLength(2)
  })

  test('are filled with the last close, inside sessions only', async () => {
    const bars = await barsOf(ticks, { every: minutes(1), fill: 'forward' })
    expect(bars.map((bar) => [span(bar), bar.close, bar.volume, bar.trades])).toEqual([
      ['11:58-11:59', 10, 100, 1],
      ['11:59-12:00', 10, 0, 0],
      ['13:00-13:01', 10, 0, 0],
      ['13:01-13:02', 12, 100, 1],
    ])
    expect(bars.every(({ final }) => final)).toBe(true)
  })

  test('can be given without prices', async () => {
    const bars = await barsOf(ticks, { every: minutes(1), fill: 'empty' })
    expect(bars[1]).toMatchObject({ open: NaN, close: NaN, volume: 0, vwap: null, mean: null })
  })

  test('are filled over night and across a weekend without bars in between', async () => {
    const bars = await barsOf([tick('2026-11-20T15:30', 10), tick('2026-11-23T10:30', 11)], {
      every: HOUR,
      fill: 'forward',
    })
    expect(bars.map(span)).toEqual(['15:00-16:00', '09:30-10:30', '10:30-11:30'])
  })

  test('are filled inside sessions under clock alignment too', async () => {
    const bars = await barsOf(ticks, { every: 30 * MINUTE, fill: 'forward', align: 'clock' })
    expect(bars.map(span)).toEqual(['11:30-12:00', '13:00-13:30'])
  })
})

describe('gaps', () => {
  test('mark every bar they cross, both ends inclusive', async () => {
    const events = [tick('10:00:30', 1), gap('10:00:30', '10:02:00'), tick('10:02:00', 2), tick('10:03', 3)]
    const bars = await barsOf(events, { every: minutes(1) })
    expect(bars.map((bar) => [span(bar), bar.has_gap])).toEqual([
      ['10:00-10:01', true],
      ['10:02-10:03', true],
      ['10:03-10:04', false],
    ])
  })

  test('are all marked, however many there are before the first bar', async () => {
    const start = at('09:30')
    const holes = Array.from({ length: 5_000 }, (_, i) =>
      gap('09:30', '09:30', { from: start + i * 1_000, to: start + i * 1_000 }),
    )
    const ticks = Array.from({ length: 5_000 }, (_, i) => tick(start + i * 1_000, 1 + (i % 3)))
    const bars = await barsOf([...holes, ...ticks], { every: 1_000 })
    expect(bars).toHaveLength(5_000)
    expect(bars.every(({ has_gap }) => has_gap)).toBe(true)
  })

  test('of another symbol mark nothing, of all symbols mark each', async () => {
    const other = [gap('10:00', '10:05', { symbol: '00005.HK' }), tick('10:01', 1)]
    expect((await barsOf(other, { every: minutes(1) }))[0]!.has_gap).toBe(false)
    expect((await barsOf([gap('10:00', '10:05'), tick('10:01', 1)], { every: minutes(1) }))[0]!.has_gap).toBe(true)
  })

  test('in the closing auction mark the last bar of the day', async () => {
    const bars = await barsOf([tick('15:59', 1), gap('16:02', '16:09')], { every: minutes(1) })
    expect(bars[0]!.has_gap).toBe(true)
  })

  test('that a second feed filled are gaps no more; those that a vendor filled by the minute still lack trades', async () => {
    const one = { every: minutes(1) }
    const filledBy = (filled_by: Gap['filled_by']) => [tick('10:00', 1), gap('10:00', '10:01', { filled_by })]
    expect((await barsOf(filledBy('second feed'), one))[0]!.has_gap).toBe(false)
    expect((await barsOf(filledBy('backfill'), one))[0]!.has_gap).toBe(true)
  })
})

describe('late trades', () => {
  test('a trade after its bar was final makes a numbered revision', async () => {
    const events = [
      [tick('10:00', 1)],
      [tick('10:05', 2)],
      [tick('10:00:30', 3), tick('10:00:40', 4)],
      [tick('10:00:50', 0.5)],
    ]
    const bars = await collect(resample(batchesOf(...events), { every: minutes(1) }))
    expect(bars.map((bar) => [span(bar), bar.close, bar.revision])).toEqual([
      ['10:00-10:01', 1, undefined],
      ['10:00-10:01', 4, 1],
      ['10:00-10:01', 0.5, 2],
      ['10:05-10:06', 2, undefined],
    ])
    expect(bars[2]).toMatchObject({ trades: 4, final: true })
  })

  test('a trade out of order within two seconds changes no bar that went out', async () => {
    const bars = await barsOf([tick('10:00:59.900', 1), tick('10:01:00.100', 2), tick('10:00:59.950', 3)], {
      every: minutes(1),
    })
    expect(bars.map(({ close, revision }) => [close, revision])).toEqual([
      [3, undefined],
      [2, undefined],
    ])
  })

  test('a trade whose bar was forgotten is told, and falsifies nothing', async () => {
    const late: string[] = []
    const first = at('09:30')
    const ticks = Array.from({ length: 5_000 }, (_, i) => tick(first + i * 1_000, 1))
    const onTooLate = (symbol: string, time: number) => late.push(`${symbol} ${time - first}`)
    const bars = await barsOf([...ticks, tick(first + 5, 2)], { every: 1_000, onTooLate })
    expect(bars).toHaveLength(5_000)
    expect(late).toEqual(['00700.HK 5'])
  })
})
