import { describe, expect, test } from 'vitest'
import { Adjustments } from '../../src/core/market/adjustments.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { barAt, tickAt } from '../statistics/market.ts'

const at = (text: string): number => parseTime(text)
const SPLIT = { date: at('2026-05-04'), symbol: '00700.HK', factor: 0.2 }
const DIVIDEND = { date: at('2026-06-01T09:30'), symbol: '00700.HK', factor: 0.99 }

describe('Adjustments', () => {
  const adjustments = new Adjustments([DIVIDEND, SPLIT])

  test('multiply a price by the factors of every action after it, from Hong Kong midnight of its day on', () => {
    expect(adjustments.factor('00700.HK', at('2026-04-30T16:00'))).toBeCloseTo(0.2 * 0.99, 15)
    expect(adjustments.factor('00700.HK', at('2026-05-03T23:59:59.999'))).toBeCloseTo(0.2 * 0.99, 15)
    expect(adjustments.factor('00700.HK', at('2026-05-04'))).toBe(0.99)
    expect(adjustments.factor('00700.HK', at('2026-06-01'))).toBe(1)
    expect(adjustments.factor('09988.HK', at('2026-04-30'))).toBe(1)
  })

  test('change prices of a tick and what follows from them, never its volume or turnover', () => {
    const tick = tickAt(at('2026-05-29T10:00'), 500, { bid_price: 499.8, ask_price: 500, spread: 0.2, value: 50_000 })
    expect(adjustments.tick(tick)).toEqual({
      ...tick,
      ...{ last_price: 500 * 0.99, bid_price: 499.8 * 0.99, ask_price: 500 * 0.99 },
      ...{ spread: 0.2 * 0.99, value: 50_000 * 0.99 },
    })
    expect(adjustments.tick({ ...tick, timestamp: at('2026-06-01T10:00') })).toHaveProperty('last_price', 500)
    const index = tickAt(at('2026-05-29T10:00'), 26_000, { symbol: 'HSI' })
    expect(adjustments.tick(index)).toBe(index)
  })

  test('change prices of a bar; its VWAP is told by its turnover where it has none', () => {
    const bar = barAt(at('2026-05-29T10:00'), 500, { volume: 200, turnover: 99_000, mean: 499 })
    const { open, high, low, close, vwap, mean, volume, turnover } = adjustments.bar(bar)
    expect([open, high, low, close]).toEqual(Array(4).fill(495))
    expect([vwap, mean]).toEqual([495 * 0.99, 499 * 0.99])
    expect([volume, turnover]).toEqual([200, 99_000])
    expect(adjustments.bar({ ...bar, volume: 0 }).vwap).toBeNull()
  })
})
