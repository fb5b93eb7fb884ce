import { describe, expect, test } from 'vitest'
import { mergeBars } from '../../src/core/bars/merge-bars.ts'
import { MINUTE } from '../../src/core/market/time.ts'
import type { PriceBar } from '../../src/core/statistics/estimators/estimator.ts'
import { rollingVolatility } from '../../src/core/statistics/rolling-volatility.ts'
import { openCsvSource } from '../../src/core/storage/csv.ts'
import { collect } from '../bars/market.ts'
import { numberOf, reference, referencePath, worstError } from '../support/references.ts'
import { sessions } from './market.ts'

const NAMES: Readonly<Record<string, string>> = {
  close: 'close-to-close',
  'garman.klass': 'garman-klass',
  'gk.yz': 'garman-klass-yang-zhang',
  parkinson: 'parkinson',
  'rogers.satchell': 'rogers-satchell',
  'yang.zhang': 'yang-zhang',
}

const days = reference('days').map(({ open, high, low, close }) => ({
  open: Number(open),
  high: Number(high),
  low: Number(low),
  close: Number(close),
}))

async function fiveMinutes(): Promise<PriceBar[]> {
  const source = await openCsvSource(referencePath('minutes'), { sessions })
  return collect(mergeBars(source.bars!({}), { every: 5 * MINUTE, sessions }))
}

/**
 * TTR takes the difference of the logarithms of prices, rounded at 1e-15. The deviation of two returns of five minutes that
 * are nearly equal keeps half of its digits then: TTR is 2.5e-9 off exact arithmetic there, below 1e-11 elsewhere.
 */
const toleranceOf = (column: string): number => (column === 'close_3_16302' ? 1e-8 : 1e-11)

describe('rolling volatility equals R’s TTR, warm-up included', () => {
  const sets = { 'volatility-days': async () => days, 'volatility-5min': fiveMinutes }
  for (const [name, barsOf] of Object.entries(sets)) {
    const rows = reference(name)
    test.each(Object.keys(rows[0]!))(`${name}: %s`, async (column) => {
      const [calc, n, periods] = column.split('_') as [string, string, string]
      const expected = rows.map((row) => numberOf(row[column]))
      expect(expected.filter((value) => value > 0).length).toBeGreaterThan(100)
      const options = { window: Number(n), periodsPerYear: Number(periods) }
      const bars = await barsOf()
      if (calc !== 'close0') {
        expect(worstError(rollingVolatility(NAMES[calc]!, bars, options), expected)).toBeLessThan(toleranceOf(column))
        return
      }
      // With mean0 TTR divides the sum of m squares by m - 1; without a mean to estimate, `realized` divides by m.
      const m = Number(n) - 1
      const values = rollingVolatility('realized', bars, options).map((value) => value * Math.sqrt(m / (m - 1)))
      expect(worstError(values, expected)).toBeLessThan(toleranceOf(column))
    })
  }
})

describe('rolling volatility of five-minute bars equals sixty decimal digits', () => {
  const rows = reference('volatility-exact')
  test.each(Object.keys(rows[0]!).slice(1))('%s', async (column) => {
    const [calc, n, periods] = column.split('_') as [string, string, string]
    const options = { window: Number(n), periodsPerYear: Number(periods) }
    const values = rollingVolatility(NAMES[calc]!, await fiveMinutes(), options)
    const kept = rows.map(({ row }) => values[Number(row)]!)
    expect(
      worstError(
        kept,
        rows.map((row) => numberOf(row[column])),
      ),
    ).toBeLessThan(1e-12)
  })
})
