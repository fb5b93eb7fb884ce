import { describe, expect, test } from 'vitest'
import { DAY, formatLocal, HOUR } from '../../src/core/market/time.ts'
import { barsOf, minutes, tick } from './market.ts'

/** What pandas' resample(closed='left', label='left', origin='start_day') does, by its documentation. */
describe('bars by the clock', () => {
  const starts = async (times: readonly string[], every: number) =>
    (
      await barsOf(
        times.map((time) => tick(time, 1)),
        { every, align: 'clock' },
      )
    ).map(({ start }) => formatLocal(start).slice(0, 16))

  test('start at midnight and take every trade by its time, flagged, at lunch or at night', async () => {
    expect(await starts(['00:00', '09:20:15', '12:30', '16:08:30', '23:59'], HOUR)).toEqual([
      '2026-11-23 00:00',
      '2026-11-23 09:00',
      '2026-11-23 12:00',
      '2026-11-23 16:00',
      '2026-11-23 23:00',
    ])
    const flagged = [tick('10:00', 1, 100, { flags: ['odd_lot', 'suspect_price'] }), tick('10:01', 3)]
    expect(await barsOf(flagged, { every: minutes(5), align: 'clock' })).toMatchObject([
      { mean: 2, volume: 200, trades: 2 },
    ])
  })

  test('a trade at 16:00:00.5 is in the bar that starts at 16:00', async () => {
    expect(await starts(['15:59', '16:00:00.500'], minutes(5))).toEqual(['2026-11-23 15:55', '2026-11-23 16:00'])
  })

  test('a day is midnight to midnight, in Hong Kong', async () => {
    expect(await starts(['2026-11-23T00:00', '2026-11-23T23:59:59.999', '2026-11-24T00:00'], DAY)).toEqual([
      '2026-11-23 00:00',
      '2026-11-24 00:00',
    ])
  })

  test('a length that does not divide a day goes on from the first day’s midnight', async () => {
    expect(await starts(['2026-11-23T10:00', '2026-11-24T10:00'], minutes(7))).toEqual([
      '2026-11-23 09:55',
      '2026-11-24 09:57',
    ])
  })

  test('a trade of an earlier day that comes late has a bar of its own', async () => {
    expect(await starts(['2026-11-23T10:03', '2026-11-22T10:03'], minutes(5))).toEqual([
      '2026-11-22 10:00',
      '2026-11-23 10:00',
    ])
  })
})
