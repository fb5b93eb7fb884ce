import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/core/errors.ts'
import { prometheusText } from '../../src/core/monitor/prometheus.ts'
import { NOTHING } from '../../src/core/monitor/record.ts'
import { REASONS, STATES } from '../../src/core/monitor/verdict.ts'
import { Histogram } from '../../src/core/statistics/histogram.ts'
import { parseExposition } from '../monitor/prometheus-text.ts'
import { textOf } from './blocks.ts'

const PAGE = textOf('docs/monitoring.md')
/** The names in the first column of each table. */
const FIRST = [...PAGE.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
  [...cell!.matchAll(/`(\w+)`/g)].map(([, n]) => n!),
)

describe('the page about monitoring', () => {
  it('names every state and every reason there is, and no other', () => {
    const named = FIRST.filter((name) => !/^(hkq|process)_/.test(name))
    expect(named.toSorted()).toEqual([...STATES, ...REASONS].toSorted())
  })

  it('names every metric that Prometheus gets, and no other', async () => {
    const record = { ...NOTHING, state: 'ok' } as const
    const told = { record, latency: new Histogram(), commit: new Histogram(), usage: { cpu: 0, memory: 0 } }
    const families = parseExposition(await prometheusText(told))
    expect(FIRST.filter((name) => /^(hkq|process)_/.test(name)).toSorted()).toEqual([...families.keys()].toSorted())
    const used = [...PAGE.matchAll(/\b(?:hkq|process)_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''))
    expect(used.filter((name) => !families.has(name))).toEqual([])
  })

  it('gives states the numbers that a store has', () => {
    const numbers = [...PAGE.matchAll(/(\d) `(\w+)`/g)].map(([, number, state]) => [Number(number), state])
    expect(numbers).toEqual([...STATES.entries()])
  })

  it('ends with codes that mean the same elsewhere', () => {
    expect([ERROR_CODES.E_NO_DATA, ERROR_CODES.E_NETWORK, ERROR_CODES.E_STORAGE]).toEqual([3, 5, 6])
  })
})
