import { existsSync, readFileSync, writeFileSync } from 'node:fs'
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

describe('volatility by an estimator of bars', () => {
  it('takes flagged ticks into its bars when they are included, from the stored minutes and from a file alike', async () => {
    const cwd = workdir()
    const price = (minute: number): number => (minute % 2 === 0 ? 100 : 100.5)
    const at = (minute: number): string =>
      `2026-11-20T${String(9 + Math.floor((30 + minute) / 60)).padStart(2, '0')}:${String((30 + minute) % 60).padStart(2, '0')}`
    const tick = (minute: number, second: string, last_price: number, flags: string[]) =>
      JSON.stringify({
        type: 'tick',
        symbol: '00700.HK',
        timestamp: `${at(minute)}:${second}+08:00`,
        last_price,
        volume: 100,
        flags,
      })
    const minutes = Array.from({ length: 40 }, (_, minute) => minute)
    const lines = minutes.flatMap((minute) => [
      tick(minute, '01', price(minute), []),
      tick(minute, '30', price(minute) + 1, ['suspect_price']),
      tick(minute, '40', price(minute) + 0.2, []),
    ])
    writeFileSync(join(cwd, 'ticks.ndjson'), lines.join('\n'))
    await hkq(['export', '--from', 'ndjson:ticks.ndjson', '--to', 'sqlite:hk_market.db', '-q'], { cwd })
    const last = async (...args: string[]): Promise<number> => {
      const { stdout } = await hkq(['volatility', '--estimator', 'parkinson', '--last', ...args], { cwd })
      return rows<{ volatility: number }>(stdout)[0]!.volatility
    }
    const parkinson = (low: number, high: number): number => Math.log(high / low) / Math.sqrt(4 * Math.LN2)
    const mean = (range: number): number =>
      Math.hypot(parkinson(100, 100 + range), parkinson(100.5, 100.5 + range)) / Math.SQRT2
    expect(await last()).toBeCloseTo(mean(0.2), 12)
    expect(await last('--include', 'suspect_price')).toBeCloseTo(mean(1), 12)
    expect(await last('--include', 'suspect_price', '--from', 'ndjson:ticks.ndjson')).toBeCloseTo(mean(1), 12)
  })
})
