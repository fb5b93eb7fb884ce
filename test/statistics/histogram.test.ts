import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from '../../src/core/statistics/histogram.ts'

describe('a histogram of latencies', () => {
  it('knows no quantile while it is empty', () => {
    expect(new Histogram().quantile(0.5)).toBeNull()
  })

  it('gives quantiles at most 10 % above the true ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.02, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = new Histogram()
          for (const value of values) histogram.add(value)
          const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1]!
          expect(histogram.quantile(q)).toBeGreaterThanOrEqual(exact * 0.999999)
          expect(histogram.quantile(q)).toBeLessThanOrEqual(exact * 1.1)
        },
      ),
    )
  })

  it('takes a clock that went back for no time at all', () => {
    const histogram = new Histogram()
    histogram.add(-5)
    expect(histogram.quantile(0.99)).toBe(0)
  })
})
