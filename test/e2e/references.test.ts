import { describe, expect, it } from 'vitest'
import { numberOf, reference, referencePath, worstError } from '../support/references.ts'
import { hkq, rows, workdir } from './hkq.ts'

/** A store of the real trades that the references are made from. */
async function store(): Promise<string> {
  const cwd = workdir()
  const ran = await hkq(['export', '--from', `csv:${referencePath('ticks')}`, '--to', 'sqlite:ticks.db'], { cwd })
  expect(ran.code, ran.stderr).toBe(0)
  return cwd
}

describe('a store of real trades', () => {
  it('has the volatility and the threshold of exact arithmetic in the preset tutorial', async () => {
    const cwd = await store()
    const tutorial = ['volatility', '1299', '--from', 'sqlite:ticks.db', '--preset', 'tutorial', '--json']
    const { stdout } = await hkq(tutorial, { cwd })
    const records = rows<{ volatility: number | null; threshold: number | null }>(stdout)
    const windows = reference('windows')
    const kept = windows.map(({ row }) => records[Number(row)]!)
    for (const [name, column] of [['volatility', 'deviation_30min'] as const, ['threshold', 'threshold'] as const]) {
      const expected = windows.map((row) => numberOf(row[column]))
      expect(
        worstError(
          kept.map((record) => record[name]),
          expected,
        ),
        name,
      ).toBeLessThan(1e-13)
    }
  })

  it.each([1, 5, 15, 60])('has the bars of %i minutes that pandas makes', async (length) => {
    const cwd = await store()
    const clock = [
      'resample',
      '1299',
      '--from',
      'sqlite:ticks.db',
      '--every',
      `${length}m`,
      '--align',
      'clock',
      '--json',
    ]
    const { stdout } = await hkq(clock, { cwd })
    const bars = rows<Record<string, string | number>>(stdout)
    const expected = reference('tick-bars').filter(({ every }) => every === `${length}min`)
    expect(bars.map(({ start }) => String(start).slice(0, 16).replace('T', ' '))).toEqual(
      expected.map(({ start }) => start),
    )
    for (const name of ['open', 'high', 'low', 'close', 'volume', 'turnover', 'trades', 'vwap', 'mean'] as const) {
      const values = bars.map((bar) => Number(bar[name]))
      expect(
        worstError(
          values,
          expected.map((row) => Number(row[name])),
        ),
        name,
      ).toBeLessThan(name === 'vwap' || name === 'mean' ? 1e-14 : Number.MIN_VALUE)
    }
  })
})
