import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Moments } from '../../src/core/statistics/moments.ts'

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 50 })

function expectSame(a: Moments, b: Moments): void {
  expect(a.n).toBe(b.n)
  expect(a.mean).toBeCloseTo(b.mean, 6)
  expect(Math.abs(a.m2 - b.m2)).toBeLessThanOrEqual(1e-9 * Math.max(1, a.m2))
}

describe('Moments', () => {
  test('merging two sets equals adding their numbers one by one', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expectSame(Moments.of(a).merge(Moments.of(b)), Moments.of([...a, ...b]))
      }),
    )
  })

  test('merging is associative and the empty set is neutral', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, c) => {
        const [x, y, z] = [Moments.of(a), Moments.of(b), Moments.of(c)]
        expectSame(x.merge(y).merge(z), x.merge(y.merge(z)))
        expectSame(x.merge(new Moments()), x)
      }),
    )
  })

  test('sample variance divides by n - 1, population variance by n', () => {
    const moments = Moments.of([2, 4, 4, 4, 5, 5, 7, 9])
    expect(moments.mean).toBe(5)
    expect(moments.populationVariance).toBe(4)
    expect(moments.sampleVariance).toBeCloseTo(32 / 7, 14)
  })

  test('variance is undefined where there are too few numbers', () => {
    expect(Moments.of([3]).sampleVariance).toBeNaN()
    expect(Moments.of([3]).populationVariance).toBe(0)
    expect(new Moments().populationVariance).toBeNaN()
  })
})
