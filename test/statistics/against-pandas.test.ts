import { describe, expect, test } from 'vitest'
import { MINUTE } from '../../src/core/market/time.ts'
import { quantile } from '../../src/core/statistics/quantile.ts'
import { rollingStandardDeviation, rollingStandardDeviationByCount } from '../../src/core/statistics/rolling.ts'
import { SortedValues } from '../../src/core/statistics/sorted-values.ts'
import { openCsvSource } from '../../src/core/storage/csv.ts'
import { collect } from '../bars/market.ts'
import { numberOf, reference, referencePath, worstError } from '../support/references.ts'
import { recordsOf, sessions } from './market.ts'

const windows = reference('windows')
const column = (name: string): number[] => windows.map((row) => numberOf(row[name]))
const rows = column('row')
/** The values of the ticks that the references tell of: about every fourth. */
const kept = <T>(values: ArrayLike<T>): T[] => rows.map((row) => values[row]!)

const ticks = reference('ticks')
const times = Float64Array.from(ticks, ({ tick_time }) => Number(tick_time))
const prices = ticks.map(({ price }) => Number(price))
const returns = Float64Array.from(prices, (price, i) => price / (prices[i - 1] ?? Number.NaN) - 1)

/** Of exact arithmetic, rounded once. */
const EXACT = 1e-13
/** Of pandas' own figures: its running moments, though compensated, are 3e-13 off here, and far more on harder data. */
const PANDAS = 2e-12

describe('deviations of the returns of real trades, many of one millisecond', () => {
  const byTime = rollingStandardDeviation(times, returns, 30 * MINUTE)
  const byCount = rollingStandardDeviationByCount(returns, 1800)

  test('over 30 minutes equal exact arithmetic and pandas: pct_change().rolling("30min").std()', () => {
    expect(worstError(kept(byTime), column('deviation_30min'))).toBeLessThan(EXACT)
    expect(worstError(kept(byTime), column('pandas_30min'))).toBeLessThan(PANDAS)
  })

  test('over 1800 returns equal exact arithmetic and pandas: rolling(1800, min_periods=2).std()', () => {
    expect(worstError(kept(byCount), column('deviation_1800'))).toBeLessThan(EXACT)
    expect(worstError(kept(byCount), column('pandas_1800'))).toBeLessThan(PANDAS)
  })

  test('have the quantile of all before, as pandas: expanding(101).quantile(0.9).shift()', () => {
    const sorted = new SortedValues()
    const thresholds = Array.from(byTime, (value) => {
      const threshold = sorted.size > 100 ? sorted.quantile(0.9) : Number.NaN
      if (!Number.isNaN(value)) sorted.add(value)
      return threshold
    })
    expect(worstError(kept(thresholds), column('threshold'))).toBeLessThan(EXACT)
    expect(worstError(kept(thresholds), column('pandas_threshold'))).toBeLessThan(PANDAS)
    for (const row of rows.filter((row) => row > 104 && row % 100 === 0)) {
      expect(quantile(byTime.subarray(0, row), 0.9)).toBe(thresholds[row])
    }
  })

  test('have the quantile of the last 1000, as pandas: rolling(1000, min_periods=101).quantile(0.9)', () => {
    const sorted = new SortedValues()
    const quantiles = Array.from(byTime, (value, i) => {
      if (i >= 1000 && !Number.isNaN(byTime[i - 1000]!)) expect(sorted.remove(byTime[i - 1000]!)).toBe(true)
      if (!Number.isNaN(value)) sorted.add(value)
      return sorted.size > 100 ? sorted.quantile(0.9) : Number.NaN
    })
    expect(worstError(kept(quantiles), column('quantile_1000'))).toBeLessThan(EXACT)
    expect(worstError(kept(quantiles), column('pandas_quantile_1000'))).toBeLessThan(PANDAS)
  })
})

describe('records of the preset tutorial of real trades', () => {
  const records = async (window: string) => {
    const source = await openCsvSource(referencePath('ticks'), { sessions })
    const events = await collect(source)
    return kept(recordsOf(events, { preset: 'tutorial', window }, 100))
  }

  test('have exact volatility and threshold over 30 minutes', async () => {
    const all = await records('30m')
    expect(all.map(({ last_price }) => last_price)).toEqual(kept(prices))
    expect(all.map(({ timestamp }) => timestamp)).toEqual(kept(times))
    expect(
      worstError(
        all.map((record) => record.volatility),
        column('deviation_30min'),
      ),
    ).toBeLessThan(EXACT)
    expect(
      worstError(
        all.map((record) => record.threshold),
        column('threshold'),
      ),
    ).toBeLessThan(EXACT)
  })

  test('have exact volatility over 1800 ticks', async () => {
    const all = await records('1800t')
    expect(
      worstError(
        all.map((record) => record.volatility),
        column('deviation_1800'),
      ),
    ).toBeLessThan(EXACT)
  })
})
