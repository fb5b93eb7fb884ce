import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hkq, rows, workdir } from './hkq.ts'

const MARKET = 'sim:?speed=max&start=2026-11-20&rate=2'
const BETWEEN = ['--since', '2026-11-20T10:30', '--until', '2026-11-20T14:00']

describe('one market', () => {
  it('gives the same bars and the same volatility recorded, from a file and as it is simulated', async () => {
    const cwd = workdir()
    await hkq(['record', '700', 'HSI', '--from', MARKET, '-q'], { cwd })
    await hkq(['export', '--from', 'hk_market.db', '--to', 'ndjson:ticks.ndjson', '-q'], { cwd })
    for (const command of [
      ['resample', '--every', '1h'],
      ['resample', '--every', '1d'],
      ['volatility'],
      ['volatility', '--estimator', 'parkinson', '--every', '5m'],
      ['resample', ...BETWEEN],
      ['volatility', ...BETWEEN],
      ['volatility', ...BETWEEN.slice(0, 2)],
      ['volatility', ...BETWEEN.slice(2)],
    ]) {
      const [stored, file, simulated] = await Promise.all(
        ['hk_market.db', 'ticks.ndjson', MARKET].map((from) => hkq([...command, '700', '--from', from], { cwd })),
      )
      expect(stored!.code).toBe(0)
      expect(file, command.join(' ')).toEqual(stored)
      expect(simulated, command.join(' ')).toEqual(stored)
    }
  })

  it('ends with final bars where it ends by itself, at any speed', async () => {
    const args = ['resample', '700', '--from', 'sim:?speed=20000&start=2026-11-20&rate=1', '--every', '1h']
    const bars = rows<{ start: string; final: boolean }>((await hkq(args, { cwd: workdir() })).stdout)
    const last = new Map(bars.map(({ start, final }) => [start, final]))
    expect([...last.values()]).toEqual(Array(6).fill(true))
  })

  it('of a single tick on the minute has its value in a file as in a store', async () => {
    const cwd = workdir()
    const tick = {
      type: 'tick',
      symbol: '00700.HK',
      timestamp: '2026-11-20T10:00:00.000+08:00',
      last_price: 600,
      volume: 100,
    }
    writeFileSync(join(cwd, 'one.ndjson'), JSON.stringify(tick))
    await hkq(['export', '--from', 'one.ndjson', '--to', 'sqlite:one.db', '-q'], { cwd })
    const [file, stored] = [
      await hkq(['volatility', '--from', 'one.ndjson'], { cwd }),
      await hkq(['volatility', '--from', 'one.db'], { cwd }),
    ]
    expect(rows<{ timestamp: string }>(file.stdout).map(({ timestamp }) => timestamp)).toEqual([tick.timestamp])
    expect(stored.stdout).toBe(file.stdout)
  })

  it('says so when bars are cut by the range', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    const between = async (since: string, until: string): Promise<string> => {
      const range = ['--since', `2026-11-20T${since}`, '--until', `2026-11-20T${until}`]
      return (await hkq(['resample', '--every', '1h', ...range], { cwd })).stderr
    }
    const told = 'hkq: a bar that --since or --until cuts holds only what lies in the range\n'
    expect(await between('10:00', '12:30')).toBe(told)
    expect(await between('10:30', '14:30')).toBe(told)
    expect(await between('10:30', '14:00')).toBe('')
  })
})
