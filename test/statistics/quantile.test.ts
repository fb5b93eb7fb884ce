import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantile, quantileOfSorted } from '../../src/core/statistics/quantile.ts'
import { SortedValues } from '../../src/core/statistics/sorted-values.ts'

function bySorting(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const h = q * (sorted.length - 1)
  const low = sorted[Math.floor(h)]!
  const high = sorted[Math.ceil(h)]!
  return low === high ? low : low + (high - low) * (h - Math.floor(h))
}

/** Without -0, whose place beside 0 no order tells. */
const number = fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((x) => x + 0)
const numbers = fc.array(fc.oneof(number, fc.integer({ min: 0, max: 5 })), { maxLength: 100 })

describe('quantile', () => {
  test('interpolates linearly between order statistics (R, numpy and pandas: type 7)', () => {
    expect(quantile([1, 2, 3, 4], 0.9)).toBeCloseTo(3.7, 15)
    expect(quantile([15, 20, 35, 40, 50], 0.4)).toBeCloseTo(29, 14)
    expect(quantile([7], 0.9)).toBe(7)
    expect(quantile([], 0.5)).toBeNaN()
  })

  test('equals sorting, and leaves the input and NaN alone', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const input = Float64Array.from([...values, Number.NaN])
        if (values.length > 0) expect(quantile(input, q)).toBeCloseTo(bySorting(values, q), 9)
        expect([...input]).toEqual([...values, Number.NaN])
      }),
    )
  })

  test('of sorted values is the same number', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        expect(quantileOfSorted(Float64Array.from(values).sort(), q)).toBe(quantile(values, q))
      }),
    )
  })

  test('a quantile outside 0 to 1 is refused', () => {
    expect(() => quantile([1], 90)).toThrow('quantile "90"')
  })
})

describe('SortedValues', () => {
  test('a sliding set has the quantile and ranks of its values, across many blocks', () => {
    const sorted = new SortedValues()
    const held: number[] = []
    let state = 7
    for (let i = 0; i < 12_000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const value = i % 3 === 0 ? state % 50 : state / 2 ** 20
      sorted.add(value)
      held.push(value)
      if (held.length > 5000) expect(sorted.remove(held.shift()!)).toBe(true)
      if (i % 997 !== 0) continue
      expect(sorted.size).toBe(held.length)
      expect(sorted.quantile(0.9)).toBe(bySorting(held, 0.9))
      expect(sorted.countAtMost(value)).toBe(held.filter((x) => x <= value).length)
    }
    for (const value of held) expect(sorted.remove(value)).toBe(true)
    expect(sorted.size).toBe(0)
    expect(sorted.quantile(0.5)).toBeNaN()
  })

  test('equal values by the thousand are each there', () => {
    const sorted = new SortedValues()
    for (let i = 0; i < 5000; i++) {
      expect(sorted.countAtMost(1)).toBe(i)
      sorted.add(1)
    }
    sorted.add(2)
    expect(sorted.countAtMost(1)).toBe(5000)
    expect(sorted.countAtMost(0.5)).toBe(0)
    expect(sorted.at(5000)).toBe(2)
    for (let i = 0; i < 5000; i++) expect(sorted.remove(1)).toBe(true)
    expect(sorted.remove(1)).toBe(false)
    expect(sorted.at(0)).toBe(2)
  })

  test('any adding and removing equals a sorted list', () => {
    fc.assert(
      fc.property(numbers, numbers, (added, removed) => {
        const sorted = new SortedValues()
        const held: number[] = []
        for (const value of added) {
          sorted.add(value)
          held.push(value)
        }
        for (const value of removed) {
          const at = held.indexOf(value)
          expect(sorted.remove(value)).toBe(at >= 0)
          if (at >= 0) held.splice(at, 1)
        }
        held.sort((a, b) => a - b)
        expect(held.map((_, k) => sorted.at(k) + 0)).toEqual(held.map((x) => x + 0))
      }),
    )
  })
})
