import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hkq, rows, workdir } from './hkq.ts'

interface Row {
  symbol: string
  timestamp: string
  event: string | null
}

const MARKET = 'sim:?seed=7&speed=max&rate=2&start=2026-11-20'

describe('volatility --exec', () => {
  it('runs at every enter of a batch with the record on standard input, and at none of the history that is followed', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    const alert = ['--exec', 'cat >> alerts.ndjson']
    const followed = await hkq(['volatility', '--follow', '--duration', '2s', ...alert], { cwd })
    expect(followed.code).toBe(0)
    expect(existsSync(join(cwd, 'alerts.ndjson'))).toBe(false)
    const enters = rows<Row>(followed.stdout).filter(({ event }) => event === 'enter')
    expect(enters.length).toBeGreaterThan(0)
    await hkq(['volatility', ...alert], { cwd })
    const alerts = rows<Row>(readFileSync(join(cwd, 'alerts.ndjson'), 'utf8'))
    const times = (list: readonly Row[]): string[] => list.map(({ timestamp }) => timestamp).sort()
    expect(times(alerts)).toEqual(times(enters))
  })
})

describe('volatility --annualize', () => {
  it.each([
    ['grid-std', [], 80_970, '80970 periods of 1m of continuous trading in 2026'],
    ['parkinson', ['--every', '1h', '--window', '6h'], 1_473, '1473 periods of 60m of continuous trading in 2026'],
    ['bipower', ['--every', '5m', '--window', '1h'], 16_194, '16194 periods of 5m of continuous trading in 2026'],
  ])('of %s gives the figure per year and says on stderr what it is counted by', async (name, more, periods, basis) => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    const run = await hkq(['volatility', '--estimator', name, ...more, '--annualize'], { cwd })
    expect([run.code, run.stderr]).toEqual([0, `annualised by ${basis}\n`])
    const { volatility, annualized, ...record } = rows<Figures>(run.stdout).at(-1)!
    expect(annualized / volatility).toBeCloseTo(Math.sqrt(periods), 9)
    expect('jump_share' in record).toBe(name === 'bipower')
  })
})

interface Figures {
  volatility: number
  annualized: number
}
