import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as hkq from '../../src/index.ts'

async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const batch of batches) all.push(...batch)
  return all
}

const SRC = resolve(import.meta.dirname, '../../src')
const source = (file: string): string => readFileSync(resolve(SRC, file), 'utf8')

/** Every name of the library with the docstring that stands before it, '' where there is none. */
function docstrings(): Map<string, { doc: string; declared: string }> {
  const found = new Map<string, { doc: string; declared: string }>()
  for (const [, names, file] of source('index.ts').matchAll(/^export (?:type )?\{([^}]+)\} from '(.+)'$/gm)) {
    for (const name of names!.split(',').map((text) => text.replace('type ', '').trim())) {
      if (name === '') continue
      const declaration = new RegExp(
        `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export ((?:async )?(?:function\\*?|class|const|interface|type)) ${name}\\b`,
      )
      const [, doc = '', declared = ''] = declaration.exec(source(file!)) ?? []
      found.set(name, { doc, declared })
    }
  }
  return found
}

const market = 'sim:?speed=max&rate=0.5&start=2026-11-20'

describe('the library', () => {
  it('opens a source with no more than an address and symbols, and passes it through the steps', async () => {
    const events = hkq.validate(await hkq.openSource(market, { symbols: ['00700.HK'] }))
    const bars = await collect(hkq.resample(events, { every: 3_600_000 }))
    expect(bars.map(({ end }) => new Date(end + 8 * 3_600_000).toISOString().slice(11, 16))).toEqual([
      '10:30',
      '11:30',
      '12:00',
      '14:00',
      '15:00',
      '16:00',
    ])
    expect(bars.every(({ type, final }) => type === 'bar' && final)).toBe(true)
  })

  it('carries times as epoch milliseconds and the names of the JSON', async () => {
    const [first] = await collect(await hkq.openSource(market, { symbols: ['HSI'] }))
    expect(first).toMatchObject({ type: 'tick', symbol: 'HSI', volume: null, bid_price: null })
    expect(first && 'timestamp' in first && typeof first.timestamp).toBe('number')
  })

  it('refuses a bad address or symbol with a code', async () => {
    await expect(hkq.openSource('nowhere:')).rejects.toMatchObject({ name: 'HkqError', code: 'E_USAGE', exitCode: 2 })
    expect(() => hkq.parseSymbol('70.HKX')).toThrow(hkq.HkqError)
  })

  it('gives a DataFrame whose describe counts the rows, with symbols as text', async () => {
    const events = hkq.validate(await hkq.openSource(market, { symbols: ['00700.HK'] }))
    const bars = await collect(hkq.resample(events, { every: 1_800_000 }))
    const frame = await hkq.toDataFrame(bars)
    expect(frame.shape).toEqual([11, 15])
    expect(frame.columns).toContain('vwap')
    const { index, values } = frame.describe()
    expect(values[index.indexOf('count')]).toContain(11)
  })

  it('tells variance, its part without jumps, and the share of jumps', () => {
    const returns = [0.001, -0.002, 0.0015, 0.0005, -0.001, 0.01, -0.0008]
    expect(hkq.realizedVariance(returns)).toBeCloseTo(0.00010914, 15)
    expect(hkq.bipowerVariation(returns)).toBeCloseTo(3.809181092477625e-5, 15)
    expect(hkq.jumpVariation(returns)).toBeCloseTo(7.104818907522375e-5, 15)
    expect(hkq.jumpShare(returns)).toBeCloseTo(7.104818907522375e-5 / 0.00010914, 12)
    expect(hkq.jumpShare([0, 0, 0])).toBeNaN()
  })

  it('documents every function: what it means, what it takes and gives', () => {
    const documented = docstrings()
    expect([...documented.keys()]).toEqual(expect.arrayContaining(Object.keys(hkq)))
    for (const [name, { doc, declared }] of documented) {
      if (declared.includes('function')) expect(doc, name).toMatch(/@(returns|throws)/)
      if (declared === 'class' || declared === 'const') expect(doc, name).toMatch(/\/\*\*\s/)
    }
  })

  it('computes the rolling figures of the command line', () => {
    const values = Float64Array.of(1, 2, 4, 8)
    expect([...hkq.rollingStandardDeviationByCount(values, 2)]).toEqual([
      Number.NaN,
      Math.SQRT1_2,
      Math.SQRT2,
      2 * Math.SQRT2,
    ])
    expect(hkq.quantile([1, 2, 3, 4], 0.9)).toBeCloseTo(3.7, 12)
    expect(hkq.tradingSessions('2026-12-24').map(({ phase }) => phase)).not.toContain('afternoon')
  })
})
