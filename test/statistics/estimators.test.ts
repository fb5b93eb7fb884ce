import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bipowerVariation, jumpShare, jumpVariation } from '../../src/core/statistics/estimators/bipower.ts'
import { garmanKlassTerm } from '../../src/core/statistics/estimators/garman-klass.ts'
import { ESTIMATORS, estimatorNamed } from '../../src/core/statistics/estimators/index.ts'
import { realizedVariance } from '../../src/core/statistics/estimators/realized.ts'
import { logReturn } from '../../src/core/statistics/estimators/returns.ts'
import { rogersSatchellTerm } from '../../src/core/statistics/estimators/rogers-satchell.ts'
import { EstimatorWindow, rollingVolatility } from '../../src/core/statistics/rolling-volatility.ts'
import { anyBar, estimatorContract } from '../contracts/estimator.ts'

for (const estimator of ESTIMATORS) estimatorContract(estimator)

const BARS = (
  [
    [100.4, 100.4, 100.4, 100.4],
    [100, 102, 99, 101],
    [101.5, 103, 100.5, 102],
    [101.8, 102.5, 100, 100.5],
    [100.2, 101.7, 99.8, 101.4],
    [101.6, 104, 101.2, 103.8],
  ] as const
).map(([open, high, low, close]) => ({ open, high, low, close }))

const relative = (value: number, expected: number): number => Math.abs(value / expected - 1)

/** Variance per period and annual volatility (247 periods) of the five bars, computed apart in double precision. */
const EXPECTED: Record<string, readonly [variance: number, annual: number, window: number]> = {
  'close-to-close': [0.00018923458918952338, 0.21619653912542697, 6],
  realized: [0.0001957532978133288, 0.21988875496462346, 6],
  parkinson: [0.00023120622120821269, 0.23897266922899055, 5],
  'garman-klass': [0.0002518376966485916, 0.24940711912894975, 5],
  'garman-klass-yang-zhang': [0.0002632367123863281, 0.25498915263089733, 5],
  'rogers-satchell': [0.00023249236341620815, 0.23963641994447216, 5],
  'yang-zhang': [0.00023783178333425438, 0.24237254482214118, 5],
}

describe('estimators on the reference bars', () => {
  for (const [name, [variance, annual, n]] of Object.entries(EXPECTED)) {
    test(`${name} gives the reference variance and annual volatility`, () => {
      const window = new EstimatorWindow(estimatorNamed(name), n)
      for (const bar of BARS) window.push(bar)
      expect(relative(window.volatility ** 2, variance)).toBeLessThan(1e-12)
      const rolling = rollingVolatility(name, BARS, { window: n, periodsPerYear: 247 })
      expect(relative(rolling.at(-1)!, annual)).toBeLessThan(1e-12)
    })
  }

  test('bipower variation leaves out the jump that realised variance contains', () => {
    const returns = [0.001, -0.002, 0.0015, 0.0005, -0.001, 0.01, -0.0008]
    expect(relative(realizedVariance(returns), 0.00010914)).toBeLessThan(1e-12)
    expect(relative(bipowerVariation(returns), 3.809181092477625e-5)).toBeLessThan(1e-12)
    expect(relative(jumpVariation(returns), 7.104818907522375e-5)).toBeLessThan(1e-12)
    expect(jumpShare(returns)).toBeCloseTo(0.651, 3)
  })

  test('the bipower estimator per period is the corrected bipower variation over the number of returns', () => {
    const returns = [0.001, -0.002, 0.0015, 0.0005, -0.001, 0.01, -0.0008]
    const window = new EstimatorWindow(estimatorNamed('bipower'), 8)
    let close = 100
    for (const r of [0, ...returns]) {
      close *= Math.exp(r)
      window.push({ open: close, high: close, low: close, close })
    }
    expect(relative(window.volatility ** 2, 4.444044607890562e-5 / 7)).toBeLessThan(1e-10)
  })
})

describe('the jump share of a window', () => {
  test('is that of its returns, wherever the window stands', () => {
    const moves = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 9, maxLength: 30 })
    fc.assert(
      fc.property(moves, (returns) => {
        const window = new EstimatorWindow(estimatorNamed('bipower'), 8)
        let close = 100
        window.push({ open: close, high: close, low: close, close })
        const exact = returns.map((r) => {
          const before = close
          close *= Math.exp(r)
          window.push({ open: close, high: close, low: close, close })
          return logReturn(before, close)
        })
        const share = jumpShare(exact.slice(-7))
        if (Number.isNaN(share)) expect(window.jumpShare).toBeNaN()
        else expect(window.jumpShare).toBeCloseTo(share, 9)
      }),
    )
  })

  test('is 0 to 1, and told by bipower alone', () => {
    const told = ESTIMATORS.filter((estimator) => new EstimatorWindow(estimator, 5).jumpShare !== undefined)
    expect(told.map(({ name }) => name)).toEqual(['bipower'])
    fc.assert(
      fc.property(fc.array(anyBar, { minLength: 3, maxLength: 20 }), (bars) => {
        const window = new EstimatorWindow(estimatorNamed('bipower'), 6)
        for (const bar of bars) window.push(bar)
        if (!Number.isNaN(window.jumpShare)) {
          expect(window.jumpShare).toBeGreaterThanOrEqual(0)
          expect(window.jumpShare).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

describe('the terms of one bar', () => {
  test.each([
    ['garman-klass', garmanKlassTerm],
    ['rogers-satchell', rogersSatchellTerm],
  ])('%s is never negative while open and close lie within the range', (_, term) => {
    fc.assert(fc.property(anyBar, (bar) => term(bar) >= 0))
  })
})

describe('rollingVolatility', () => {
  test('is defined from the bar where TTR is: n for most, one later with the gap before a bar', () => {
    const defined = (name: string): number =>
      rollingVolatility(name, BARS, { window: 4, periodsPerYear: 247 }).findIndex((x) => !Number.isNaN(x))
    const first = Object.fromEntries(ESTIMATORS.filter((e) => e.periodic).map((e) => [e.name, defined(e.name)]))
    expect(first).toEqual({
      'grid-std': 3,
      'close-to-close': 3,
      realized: 3,
      bipower: 3,
      parkinson: 3,
      'garman-klass': 3,
      'garman-klass-yang-zhang': 4,
      'rogers-satchell': 3,
      'yang-zhang': 4,
    })
  })

  test('an unknown name, a window too short and tick-std are refused with the remedy', () => {
    const run = (name: string, window: number) => () => rollingVolatility(name, BARS, { window, periodsPerYear: 247 })
    expect(run('parkinsons', 4)).toThrow('unknown estimator "parkinsons": use tick-std, grid-std')
    expect(run('bipower', 2)).toThrow('window "2"')
    expect(run('tick-std', 4)).toThrow('has no periods')
  })
})
