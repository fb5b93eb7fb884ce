import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Estimator, PriceBar } from '../../src/core/statistics/estimators/estimator.ts'
import { EstimatorWindow } from '../../src/core/statistics/rolling-volatility.ts'

const price = fc.double({ min: 1, max: 1000, noNaN: true })

/** Any valid bar. */
export const anyBar: fc.Arbitrary<PriceBar> = fc
  .tuple(price, price, price, price)
  .map(([open, close, a, b]) => ({ open, high: Math.max(open, close, a, b), low: Math.min(open, close, a, b), close }))

const anyBars = fc.array(anyBar, { minLength: 5, maxLength: 40 })

function last(estimator: Estimator, bars: readonly PriceBar[], n: number): number {
  const window = new EstimatorWindow(estimator, n)
  for (const bar of bars) window.push(bar)
  return window.full ? window.volatility : Number.NaN
}

/** What every estimator must do, whatever its formula. */
export function estimatorContract(estimator: Estimator): void {
  describe(`${estimator.name} keeps the contract of estimators`, () => {
    test('tells its name and source', () => {
      expect(estimator.name).toMatch(/^[a-z-]+$/)
      expect(estimator.source.length).toBeGreaterThan(10)
    })

    test('is exactly 0 where the price stands still', () => {
      const still = Array.from({ length: 12 }, () => ({ open: 100.1, high: 100.1, low: 100.1, close: 100.1 }))
      expect(last(estimator, still, 10)).toBe(0)
    })

    test('is undefined until a whole window has been seen, then never NaN or negative', () => {
      fc.assert(
        fc.property(anyBars, (bars) => {
          const window = new EstimatorWindow(estimator, 4)
          bars.forEach((bar, i) => {
            window.push(bar)
            if (i < 3) expect(window.full).toBe(false)
            if (i >= 4) expect(window.full).toBe(true)
            if (window.full) expect(window.volatility).toBeGreaterThanOrEqual(0)
          })
        }),
      )
    })

    test('depends on the bars of its window alone, and on the close before', () => {
      fc.assert(
        fc.property(anyBars, anyBars, (before, bars) => {
          const n = bars.length - 1
          const alone = last(estimator, bars, n)
          expect(last(estimator, [...before, ...bars], n)).toBeCloseTo(alone, 9)
        }),
      )
    })

    test('does not change with the unit of price', () => {
      fc.assert(
        fc.property(anyBars, (bars) => {
          const scaled = bars.map(({ open, high, low, close }) => {
            return { open: open * 8, high: high * 8, low: low * 8, close: close * 8 }
          })
          expect(last(estimator, scaled, 4)).toBeCloseTo(last(estimator, bars, 4), 12)
        }),
      )
    })

    test('joins no return across a break', () => {
      const still = Array.from({ length: 6 }, () => ({ open: 100, high: 100, low: 100, close: 100 }))
      const higher = still.map(() => ({ open: 130, high: 130, low: 130, close: 130 }))
      const window = new EstimatorWindow(estimator, 10)
      for (const bar of still) window.push(bar)
      window.break()
      for (const bar of higher) window.push(bar)
      expect(window.volatility).toBe(0)
    })
  })
}
