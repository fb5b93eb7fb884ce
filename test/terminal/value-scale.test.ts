import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scaleFromZero, valueScale } from '../../src/core/terminal/value-scale.ts'

const numberIn = (label: string): number => Number(label.replaceAll(',', ''))
const decimalsOf = (label: string): number => label.split('.')[1]?.length ?? 0
const labelsOf = (low: number, high: number, rows: number): string[] => [...valueScale(low, high, rows).labels.values()]

describe('a scale of values', () => {
  it('labels round values, all with the same decimals', () => {
    expect(labelsOf(475.8, 485.4, 20)).toEqual(['476', '478', '480', '482', '484'])
    expect(labelsOf(22_296, 22_964, 10)).toEqual(['22,500', '22,750', '23,000'])
    expect(labelsOf(0.405, 0.44, 8)).toEqual(['0.41', '0.42', '0.43', '0.44'])
    expect(labelsOf(9.9, 101, 12)).toEqual(['25', '50', '75', '100'])
  })

  it('lies around a value that stood still', () => {
    const { labels, row } = valueScale(10, 10, 8)
    expect(labels.get(Math.round(row(10)))).toBe('10.00')
    expect(labels.size).toBeGreaterThan(1)
    expect(valueScale(0, 0, 5).row(0)).toBe(0)
  })

  it('from zero has zero in the middle of the row below the lowest', () => {
    const { labels, row } = scaleFromZero(0.138, 19)
    expect([...labels]).toEqual([
      [2, '0.025'],
      [5, '0.050'],
      [8, '0.075'],
      [11, '0.100'],
      [14, '0.125'],
      [17, '0.150'],
    ])
    expect(row(0)).toBe(-1)
    expect(row(0.1)).toBeCloseTo(11)
  })

  const values = fc
    .tuple(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

  it('holds its values, and its labels are where they say, even, uncrowded and at least two', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 80 }), fc.boolean(), ([low, high], rows, zero) => {
        const scale = zero ? scaleFromZero(high, rows) : valueScale(low, high, rows)
        if (!zero) expect(Math.round(scale.row(low))).toBeGreaterThanOrEqual(0)
        expect(Math.round(scale.row(high))).toBeLessThan(rows)
        const at = [...scale.labels.keys()]
        const texts = [...scale.labels.values()]
        for (const [row, label] of scale.labels) expect(scale.row(numberIn(label))).toBeCloseTo(row, 2)
        const apart = at.slice(1).map((row, i) => row - at[i]!)
        expect(new Set(apart).size).toBeLessThanOrEqual(1)
        expect(new Set(texts.map(decimalsOf)).size).toBe(1)
        if (rows < 4) return
        expect(at.length).toBeGreaterThan(1)
        expect(apart[0]).toBeGreaterThan(1)
      }),
    )
  })

  it('does not waste more than half of the rows', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 8, max: 80 }), ([low, high], rows) => {
        fc.pre(high - low > 1e-6 * high)
        const { row } = valueScale(low, high, rows)
        expect(row(high) - row(low)).toBeGreaterThan(rows / 2 - 1)
        expect(scaleFromZero(high, rows).row(high)).toBeGreaterThan(rows / 2 - 1)
      }),
    )
  })
})
