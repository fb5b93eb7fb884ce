import { describe, expect, test } from 'vitest'
import { mergeBars } from '../../src/core/bars/merge-bars.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import { at, barsOf, batchesOf, collect, gap, minutes, tick } from './market.ts'

const merged = (bars: readonly Bar[]): Promise<Bar[]> => collect(mergeBars(batchesOf(bars), { every: minutes(5) }))

test('of a bar that comes again at once the last word counts', async () => {
  const [first, second] = await barsOf([tick('10:00', 1), tick('10:01', 2)], { every: minutes(1) })
  const provisional = { ...first!, close: 0.5, volume: 10, final: false }
  const revised = { ...first!, high: 3, volume: 300, revision: 1 }
  const bars = await merged([provisional, first!, revised, second!])
  expect(bars).toMatchObject([{ open: 1, high: 3, close: 2, volume: 400, final: true }])
})

test('a hole in a bar is a hole in the longer one', async () => {
  const bars = await barsOf([tick('10:00', 1), gap('10:00', '10:00'), tick('10:01', 2), tick('10:06', 2)], {
    every: minutes(1),
  })
  expect((await merged(bars)).map(({ has_gap }) => has_gap)).toEqual([true, false])
})

test('a vendor’s bars have no mean and no count, and their vwap is turnover / volume', async () => {
  const bar = {
    type: 'bar',
    symbol: '00700.HK',
    open: 1,
    high: 1,
    low: 1,
    close: 1,
    vwap: null,
    mean: null,
    trades: null,
  } as const
  const minute = (start: number, volume: number, turnover: number | null): Bar => ({
    ...bar,
    ...{ start, end: start + minutes(1), volume, turnover, final: true, has_gap: false },
  })
  const whole = await merged([
    minute(at('10:00'), 100, 150.5),
    minute(at('10:01'), 0, 0),
    minute(at('10:02'), 100, 250),
  ])
  expect(whole).toMatchObject([{ volume: 200, turnover: 400.5, vwap: 400_500 / 200_000, mean: null, trades: null }])
  const unknown = await merged([minute(at('10:00'), 100, 150.5), minute(at('10:01'), 100, null)])
  expect(unknown).toMatchObject([{ volume: 200, turnover: null, vwap: null }])
})

test('a vendor’s quiet minute, which repeats the last price at volume 0, adds nothing', async () => {
  const minute = (time: string, price: number, volume: number, high = price): Bar => ({
    ...{ type: 'bar', symbol: '00388.HK', start: at(time), end: at(time) + minutes(1) },
    ...{ open: price, high, low: price, close: price, volume, turnover: price * volume, vwap: null, mean: null },
    ...{ trades: null, final: true, has_gap: false },
  })
  const bars = [minute('10:00', 9, 0), minute('10:01', 5, 100), minute('10:02', 7, 0, 8), minute('10:06', 7, 0)]
  expect(await merged(bars)).toMatchObject([{ open: 5, high: 8, low: 5, close: 7, volume: 100, trades: null }])
})

test('bars without trades add nothing', async () => {
  const bars = await barsOf([tick('10:00', 5), tick('10:03', 6)], { every: minutes(1), fill: 'empty' })
  expect(bars).toHaveLength(4)
  expect(await merged(bars)).toMatchObject([{ open: 5, close: 6, trades: 2, mean: 5.5 }])
})

describe('a bar longer than what is asked for', () => {
  const long = (start: string, end: string): Bar => ({
    ...{ type: 'bar', symbol: '00388.HK', start: at(start), end: at(end), open: 5, high: 5, low: 5, close: 5 },
    ...{ volume: 100, turnover: 500, vwap: 5, mean: 5, trades: 1, final: true, has_gap: false },
  })
  const separate = (bar: Bar): Promise<Bar[]> =>
    collect(mergeBars(batchesOf([bar]), { every: minutes(5), auctions: 'separate' }))

  test.each([
    ['the opening auction', long('09:20', '09:30')],
    ['the closing auction', long('16:00', '16:10')],
  ])('is taken when it is of %s alone', async (_, bar) => {
    expect(await separate(bar)).toMatchObject([{ close: 5, volume: 100 }])
  })

  test.each([
    ['of continuous trading', long('10:00', '10:30')],
    ['of a clock hour before the opening', long('09:00', '10:00')],
    ['from the auction into the morning', long('09:20', '10:20')],
    ['over lunch', long('12:00', '14:00')],
    ['of a day the market is shut', long('2026-11-22T00:00', '2026-11-23T00:00')],
  ])('is refused %s', async (_, bar) => {
    await expect(separate(bar)).rejects.toThrow(/ask for bars at least as long/)
  })
})
