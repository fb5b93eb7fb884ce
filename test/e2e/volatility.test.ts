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
