import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bar } from '../../src/core/market/bar.ts'
import { readInstant } from '../../src/core/market/instant.ts'
import { toJson } from '../../src/core/market/json.ts'
import { formatIso, HKT_OFFSET } from '../../src/core/market/time.ts'
import { at, gap, tick } from '../bars/market.ts'

const BAR: Bar = {
  ...{ type: 'bar', symbol: '00700.HK', start: at('10:00'), end: at('10:05') },
  ...{ open: 330.2, high: 331, low: 329.8, close: 330.4, volume: 12_300, turnover: 4_061_460 },
  ...{ vwap: 330.2, mean: 330.333_333_333_333_3, trades: 41, final: true, has_gap: false },
}

describe('JSON of records', () => {
  test('a tick has its fields in order, times with zone, numbers as given', () => {
    const quote = {
      bid_price: 330.2,
      ask_price: 330.4,
      bid_size: 1_000,
      ask_size: 500,
      quote_time: at('14:30:25'),
      spread: 0.2,
    }
    const one = tick('14:30:25.123', 330.4, 100, {
      ...quote,
      flags: ['odd_lot'],
      seq: 7,
      received_at: at('14:30:25.200'),
    })
    expect(toJson(one)).toBe(
      '{"type":"tick","symbol":"00700.HK","timestamp":"2026-11-23T14:30:25.123+08:00","last_price":330.4,"volume":100,' +
        '"turnover":33040,"bid_price":330.2,"ask_price":330.4,"bid_size":1000,"ask_size":500,' +
        '"quote_time":"2026-11-23T14:30:25.000+08:00","value":33040,"spread":0.2,"side":null,"phase":"afternoon",' +
        '"trade_type":null,"flags":["odd_lot"],"seq":7,"source":"test","received_at":"2026-11-23T14:30:25.200+08:00"}',
    )
  })

  test('a tick has the same fields in the same order as its object', () => {
    const one = tick('10:00', 1, 100, { trade_type: 'a"b' })
    expect(Object.keys(JSON.parse(toJson(one)))).toEqual(Object.keys(one))
  })

  test('two sequence numbers beyond 2^53 stay different', () => {
    const [a, b] = [9_007_199_254_740_992n, 9_007_199_254_740_993n]
    expect(toJson(tick('10:00', 1, 1, { seq: a }))).toContain('"seq":"9007199254740992"')
    expect(toJson(tick('10:00', 1, 1, { seq: b }))).toContain('"seq":"9007199254740993"')
    expect(toJson(tick('10:00', 1, 1, { seq: 9_007_199_254_740_991n }))).toContain('"seq":9007199254740991')
  })

  test('every time of every record is ISO 8601', () => {
    expect(JSON.parse(toJson(gap('10:00', '10:01')))).toMatchObject({
      from: '2026-11-23T10:00:00.000+08:00',
      to: '2026-11-23T10:01:00.000+08:00',
    })
    expect(JSON.parse(toJson(BAR))).toMatchObject({
      start: '2026-11-23T10:00:00.000+08:00',
      end: '2026-11-23T10:05:00.000+08:00',
    })
  })

  test.each<[string, Bar]>([
    ['a bar', BAR],
    ['a bar that changed after it was final', { ...BAR, revision: 2 }],
    [
      'a bar with numbers beyond all numbers',
      { ...BAR, volume: Number.POSITIVE_INFINITY, revision: Number.NEGATIVE_INFINITY },
    ],
    ['a bar of an index', { ...BAR, volume: null, turnover: null, vwap: null }],
    ['a bar without a price', { ...BAR, open: Number.NaN, high: Number.NaN, low: Number.NaN, close: Number.NaN }],
  ])('%s has the fields of its object, in order', (_, bar) => {
    const times = { start: formatIso(bar.start), end: formatIso(bar.end) }
    expect(toJson(bar)).toBe(JSON.stringify({ ...bar, ...times }))
  })

  test('times go out in another zone when asked', () => {
    expect(toJson(tick('10:00', 1), (time) => new Date(time).toISOString())).toContain(
      '"timestamp":"2026-11-23T02:00:00.000Z"',
    )
  })

  test('a record keeps its fields in their order, and stays as it is', () => {
    const record = {
      type: 'summary',
      since: at('10:00'),
      seq: 7n,
      wide: 2n ** 60n,
      feeds: [{ from: 1 }],
      none: undefined,
    }
    const copy = { ...record }
    expect(toJson(record)).toBe(
      '{"type":"summary","since":"2026-11-23T10:00:00.000+08:00","seq":7,"wide":"1152921504606846976","feeds":[{"from":1}]}',
    )
    expect(record).toEqual(copy)
  })

  test('what is not finite is null', () => {
    expect(toJson(tick('10:00', 1, 1, { spread: Number.NaN }))).toContain('"spread":null')
  })
})

describe('times as files write them', () => {
  test('each of any times in turn is what the calendar says', () => {
    const near = fc.tuple(fc.integer({ min: -1e13, max: 2e14 }), fc.array(fc.integer({ min: -90_000, max: 90_000 })))
    fc.assert(
      fc.property(near, ([time, offsets]) => {
        for (const offset of [0, ...offsets]) {
          const local = new Date(time + offset + HKT_OFFSET).toISOString()
          expect(formatIso(time + offset)).toBe(local.replace('Z', '+08:00'))
        }
      }),
    )
    expect(() => formatIso(Number.NaN)).toThrow()
  })

  test.each([
    ['2023-08-15T14:30:25.123+08:00', '2023-08-15T14:30:25.123+08:00'],
    ['2023-08-15 14:30:25.123', '2023-08-15T14:30:25.123+08:00'],
    ['2023-08-15T06:30:25Z', '2023-08-15T14:30:25.000+08:00'],
    ['2023-08-15 14:30:25.123456', '2023-08-15T14:30:25.123+08:00'],
    ['2023/8/5 9:30', '2023-08-05T09:30:00.000+08:00'],
    ['2023-08-05 9:30:01', '2023-08-05T09:30:01.000+08:00'],
    ['20230815', '2023-08-15T00:00:00.000+08:00'],
    ['20230815143025', '2023-08-15T14:30:25.000+08:00'],
    ['20230815 14:30:25', '2023-08-15T14:30:25.000+08:00'],
    ['1692081025', '2023-08-15T14:30:25.000+08:00'],
    ['1692081025123', '2023-08-15T14:30:25.123+08:00'],
    ['1692081025123456', '2023-08-15T14:30:25.123+08:00'],
    [1_692_081_025.5, '2023-08-15T14:30:25.500+08:00'],
    ['1692081025123456789', '2023-08-15T14:30:25.123+08:00'],
  ])('%s', (text, iso) => {
    expect(formatIso(readInstant(text))).toBe(iso)
  })

  test.each(['', 'noon', '2023-02-30T10:00:00.000+08:00', '2023-08-15T25:00:00.000+08:00', '2023-13-01', null, {}])(
    '%s is no time',
    (text) => {
      expect(readInstant(text)).toBeNaN()
    },
  )
})
