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

  it('tells what came between two moments, as if it had been alone', () => {
    const durations = fc.array(fc.double({ min: 0.02, max: 1e6, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(durations, durations, (before, between) => {
        const [all, alone] = [new Histogram(), new Histogram()]
        for (const ms of before) all.add(ms)
        const earlier = all.copy()
        for (const ms of between) for (const each of [all, alone]) each.add(ms)
        const since = all.since(earlier)
        expect(since.count).toBe(between.length)
        expect(since.sum).toBeCloseTo(alone.sum, 3)
        for (const q of [0.1, 0.5]) {
          const ratio = since.quantile(q)! / alone.quantile(q)!
          expect(Math.abs(ratio - 1)).toBeLessThan(0.1)
        }
        expect(earlier.count, 'a copy stays as it was').toBe(before.length)
      }),
    )
  })

  it('tells how many there are up to each doubling', () => {
    const histogram = new Histogram()
    for (const ms of [0.005, 0.01, 0.015, 0.02, 0.021, 1_000]) histogram.add(ms)
    const counts = new Map([...histogram.doublings()].map(([ms, count]) => [Number(ms.toFixed(5)), count]))
    expect([counts.get(0.01), counts.get(0.02), counts.get(0.04), counts.get(1310.72)]).toEqual([2, 4, 5, 6])
  })

  it('takes a clock that went back for no time at all', () => {
    const histogram = new Histogram()
    histogram.add(-5)
    expect(histogram.quantile(0.99)).toBe(0)
  })
})
