import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rollingStandardDeviation, rollingStandardDeviationByCount } from '../../src/core/statistics/rolling.ts'
import { exactDeviation } from './exact.ts'

/** A deterministic series of uniform numbers in [-0.5, 0.5). */
function noise(length: number, seed = 1): Float64Array {
  let state = seed
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  })
}

function worstError(values: Float64Array, count: number): number {
  const deviations = rollingStandardDeviationByCount(values, count)
  let worst = 0
  for (let i = 1; i < values.length; i++) {
    const exact = exactDeviation(values.subarray(Math.max(0, i + 1 - count), i + 1))
    const error = exact === 0 ? Math.abs(deviations[i]!) : Math.abs(deviations[i]! - exact) / exact
    if (!(error <= worst)) worst = error
  }
  return worst
}

const with1e12 = (values: Float64Array): Float64Array => {
  for (let i = 100; i < values.length; i += 400) values[i] = i % 200 === 100 ? 1e12 : -1e12
  return values
}

describe('rolling standard deviation against exact rational arithmetic', () => {
  const hostile: Record<string, Float64Array> = {
    'prices near 100': noise(1000).map((x) => 100 + x),
    'values near 1e9 with spread 1e-3': noise(1000).map((x) => 1e9 + x * 1e-3),
    'after outliers of 1e12 among values of 1e-3': with1e12(noise(1000).map((x) => x * 1e-3)),
    'after outliers of 1e12 among values near 1e9 with spread 1e-3': with1e12(noise(1000).map((x) => 1e9 + x * 1e-3)),
    'a level shift by nine orders': noise(1000).map((x, i) => (i < 500 ? 1e9 + x : x * 1e-3)),
    'deviations that shrink by 30 orders': noise(1000).map((x, i) => x * 10 ** (-i / 50)),
    'deviations that grow by 30 orders': noise(1000).map((x, i) => x * 10 ** (i / 50)),
    'a trend': noise(1000).map((x, i) => i + x),
    returns: noise(1000).map((x) => x * 1e-4),
  }
  for (const [name, values] of Object.entries(hostile)) {
    test(`is right to 1e-12: ${name}`, () => {
      expect(worstError(values, 150)).toBeLessThanOrEqual(1e-12)
      expect(worstError(values.subarray(0, 300), 2)).toBeLessThanOrEqual(1e-12)
    })
  }

  test('is right to 1e-12 on any numbers', () => {
    const value = fc.oneof(
      fc.double({ min: -1e12, max: 1e12, noNaN: true }),
      fc.constantFrom(1e12, 1e9, 1e9 + 2 ** -20, 1e-3, 0, 100.01, 100.02),
    )
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 2, maxLength: 80 }),
        fc.integer({ min: 2, max: 20 }),
        (values, count) => {
          expect(
            worstError(Float64Array.from(values.map((v) => (Math.abs(v) < 1e-9 ? 0 : v))), count),
          ).toBeLessThanOrEqual(1e-12)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('is exactly zero, never negative or NaN, once all values in the window are equal', () => {
    const values = Float64Array.from({ length: 4000 }, (_, i) => (i < 1000 ? Math.sin(i) * 1e6 : 0.1))
    const deviations = rollingStandardDeviationByCount(values, 500)
    expect(deviations.subarray(1499).every((x) => Object.is(x, 0))).toBe(true)
    expect(deviations.subarray(1).every((x) => x >= 0)).toBe(true)
  })
})

describe('window by time', () => {
  test('is open at its older end and holds, of equal times, only what came before', () => {
    const times = Float64Array.of(0, 1000, 1000, 2000, 2999, 3000)
    const values = Float64Array.of(1, 2, 4, 8, 16, 32)
    const deviations = rollingStandardDeviation(times, values, 2000)
    const expected = [[1], [1, 2], [1, 2, 4], [2, 4, 8], [2, 4, 8, 16], [8, 16, 32]].map(exactDeviation)
    expect([...deviations]).toEqual(expected.map((x) => (Number.isNaN(x) ? x : expect.closeTo(x, 12))))
  })

  test('equals the deviation of the values in it, at any times', () => {
    const entry = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.double({ min: -100, max: 100, noNaN: true }))
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (entries, windowMs) => {
        let now = 0
        const times = Float64Array.from(entries, ([step]) => (now += step))
        const values = Float64Array.from(entries, ([, value]) => (Math.abs(value) < 1e-6 ? 0 : value))
        const deviations = rollingStandardDeviation(times, values, windowMs)
        for (let i = 0; i < values.length; i++) {
          const exact = exactDeviation(values.slice(0, i + 1).filter((_, j) => times[j]! > times[i]! - windowMs))
          if (Number.isNaN(exact)) expect(deviations[i]).toBeNaN()
          else expect(Math.abs(deviations[i]! - exact)).toBeLessThanOrEqual(1e-12 * exact)
        }
      }),
    )
  })

  test('leaves out what is not finite, as pandas does', () => {
    const deviations = rollingStandardDeviation(
      Float64Array.of(0, 1, 2, 3),
      Float64Array.of(Number.NaN, 1, Number.POSITIVE_INFINITY, 3),
      10,
    )
    expect([...deviations]).toEqual([Number.NaN, Number.NaN, Number.NaN, Math.SQRT2])
  })

  test('a window or count that is not positive is refused', () => {
    expect(() => rollingStandardDeviation(new Float64Array(1), new Float64Array(1), 0)).toThrow('window "0"')
    expect(() => rollingStandardDeviation(new Float64Array(2), new Float64Array(1), 1)).toThrow('differ in length')
    expect(() => rollingStandardDeviationByCount(new Float64Array(1), 1.5)).toThrow('window "1.5"')
  })
})

describe('NIST StRD univariate summary statistics', () => {
  const around = (base: number): Float64Array =>
    Float64Array.from({ length: 1001 }, (_, i) => base + (i === 0 ? 0.2 : i % 2 ? 0.1 : 0.3))
  const sets: Record<string, readonly [Float64Array, number]> = {
    NumAcc1: [Float64Array.of(10_000_001, 10_000_003, 10_000_002), 1],
    NumAcc2: [around(1), 0.1],
    NumAcc3: [around(1_000_000), 0.1],
    NumAcc4: [around(10_000_000), 0.1],
  }
  for (const [name, [values, certified]] of Object.entries(sets)) {
    test(`${name}: right to 1e-12 for the numbers as stored, and the certified value as far as they can hold it`, () => {
      const deviation = rollingStandardDeviationByCount(values, values.length).at(-1)!
      const exact = exactDeviation(values)
      expect(Math.abs(deviation - exact) / exact).toBeLessThanOrEqual(1e-12)
      expect(Math.abs(deviation - certified)).toBeLessThan(1e-8)
    })
  }
})
