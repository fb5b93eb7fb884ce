import { describe, expect, it } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { ESTIMATORS, estimatorNamed } from '../../src/core/statistics/estimators/index.ts'
import { EstimatorWindow } from '../../src/core/statistics/rolling-volatility.ts'
import { annualBasis } from '../../src/core/statistics/volatility/history.ts'
import * as hkq from '../../src/index.ts'
import { blocksOf, rowsOf, textOf } from './blocks.ts'

const PAGE = 'docs/estimators.md'

/** Uniform numbers in (0, 1), the same in every run. */
function uniform(): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

/** Bars of a random walk whose variance a bar is 1e-6, each of `trades` trades at random times. */
function walk(trades: number, count: number): { open: number; high: number; low: number; close: number }[] {
  const next = uniform()
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
  let level = 0
  let now = 0
  return Array.from({ length: count }, (_, bar) => {
    const times = Array.from({ length: trades }, next).sort((a, b) => a - b)
    const prices = times.map((time) => {
      level += normal() * Math.sqrt((bar + time - now) * 1e-6)
      now = bar + time
      return 100 * Math.exp(level)
    })
    return { open: prices[0]!, high: Math.max(...prices), low: Math.min(...prices), close: prices.at(-1)! }
  })
}

describe('the page of estimators', () => {
  it('has a row for every estimator, with its source', () => {
    const rows = rowsOf(PAGE, /^`[a-z-]+`$/)
    expect(rows.map(([name]) => name!.replaceAll('`', ''))).toEqual(ESTIMATORS.map(({ name }) => name))
    for (const [name, , source] of rows) {
      const paper = /^.*?\(\d{4}\)/.exec(estimatorNamed(name!.replaceAll('`', '')).source)?.[0]
      if (paper !== undefined) expect(source, name).toContain(paper)
    }
  })

  it.each(rowsOf(PAGE, /^\d+$/))('of %s trades a bar says how much of the variance is seen', (trades, ...cells) => {
    const [, ...names] = rowsOf(PAGE, /^trades a bar$/)[0]!
    const bars = walk(Number(trades), Math.min(20_000, 2_000_000 / Number(trades)))
    names.forEach((name, i) => {
      const window = new EstimatorWindow(estimatorNamed(name.replaceAll('`', '')), bars.length - 1)
      for (const bar of bars) window.push(bar)
      const seen = window.volatility ** 2 / 1e-6
      expect(Math.abs(seen - Number.parseInt(cells[i]!, 10) / 100), `${name}: ${seen}`).toBeLessThan(0.03)
    })
  })

  it('counts the periods of a year as the command does', () => {
    const time = parseTime('2026-11-20')
    const said = rowsOf(PAGE, /^`--(grid|every) 1/)
    const counted = [
      annualBasis({}, time),
      annualBasis({ estimator: 'parkinson', every: '1h' }, time),
      annualBasis({ estimator: 'parkinson', every: '1d' }, time),
    ]
    const figures = counted.map((basis) => basis!.periodsPerYear.toLocaleString('en'))
    expect(said.map(([, text]) => /^[\d,]+/.exec(text!)![0])).toEqual(figures)
    expect(textOf(PAGE)).toContain(`annualised by ${annualBasis({ estimator: 'parkinson' }, time)!.text}`)
  })

  it('gives the figures that its example gives', () => {
    const [code] = blocksOf(PAGE, 'ts')
    const returns = JSON.parse(/returns = (\[.*\])/.exec(code!)![1]!) as number[]
    const lines = [...code!.matchAll(/^(\w+)\(returns\) \/\/ ([\d.]+)$/gm)]
    expect(lines).toHaveLength(4)
    for (const [, name, figure] of lines) {
      const value = (hkq as unknown as Record<string, (values: number[]) => number>)[name!]!(returns)
      expect(value.toFixed(figure!.split('.')[1]!.length), name).toBe(figure)
    }
  })
})
