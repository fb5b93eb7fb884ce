import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roundToTick, tickSize } from '../../src/core/market/tick-size.ts'

describe('the minimum spread', () => {
  it.each([
    // price, until 2025-08-03, from 2025-08-04, from 2026-08-03
    [0.25, 0.001, 0.001, 0.001],
    [0.255, 0.005, 0.005, 0.005],
    [0.5, 0.005, 0.005, 0.005],
    [0.51, 0.01, 0.01, 0.005],
    [10, 0.01, 0.01, 0.005],
    [10.01, 0.02, 0.01, 0.01],
    [20, 0.02, 0.01, 0.01],
    [20.02, 0.05, 0.02, 0.02],
    [50, 0.05, 0.02, 0.02],
    [50.05, 0.05, 0.05, 0.05],
    [100, 0.05, 0.05, 0.05],
    [100.1, 0.1, 0.1, 0.1],
    [325.6, 0.2, 0.2, 0.2],
    [500, 0.2, 0.2, 0.2],
    [500.5, 0.5, 0.5, 0.5],
    [1001, 1, 1, 1],
    [2002, 2, 2, 2],
    [9995, 5, 5, 5],
  ])('of an equity at %d is %d, then %d, then %d', (price, before, first, second) => {
    expect(tickSize(price, '2025-08-03')).toBe(before)
    expect(tickSize(price, '2025-08-04')).toBe(first)
    expect(tickSize(price, '2026-08-02')).toBe(first)
    expect(tickSize(price, '2026-08-03')).toBe(second)
  })

  it.each([
    ['cbbc', 15, 0.02],
    ['warrant', 0.2, 0.001],
    ['etf', 0.5, 0.001],
    ['etf', 26.5, 0.02],
    ['etf', 5, 0.002],
    ['debt', 100, 0.05],
    ['index', 26_000, 0.01],
    ['unknown', 15, 0.01],
    ['reit', 40, 0.02],
  ] as const)('of a %s at %d is %d today', (kind, price, tick) => {
    expect(tickSize(price, '2026-11-20', kind)).toBe(tick)
  })

  it.each([
    [325.67, 325.6],
    [10.004, 10],
    [10.006, 10.01],
    [9.9976, 10],
    [50.03, 50.05],
  ])('rounds %d to %d', (price, rounded) => {
    expect(roundToTick(price, '2026-11-20')).toBe(rounded)
  })

  it('leaves a price alone that is on the grid', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 9000, noNaN: true }), (price) => {
        const once = roundToTick(price, '2026-11-20')
        expect(roundToTick(once, '2026-11-20')).toBe(once)
        expect(Math.abs(once - price)).toBeLessThanOrEqual(tickSize(price, '2026-11-20') / 2 + 1e-9)
      }),
    )
  })
})
