import { describe, expect, it } from 'vitest'
import { hkq, workdir } from './hkq.ts'

const MARKET = 'sim:?seed=3&speed=max&rate=12&start=2026-11-20'

describe('--workers', () => {
  it('gives the same output for any number of threads, symbol after symbol', async () => {
    const cwd = workdir()
    await hkq(['record', 'HSI', '700', '9988', '--from', MARKET, '-q'], { cwd })
    const commands = [
      ['resample', '--every', '10s', '--align', 'clock'],
      ['volatility', '--price', 'mid'],
      ['volatility', '--preset', 'tutorial', '--last'],
    ]
    for (const command of commands) {
      const [none, two] = await Promise.all(
        ['0', '2'].map((workers) => hkq([...command, '--workers', workers], { cwd })),
      )
      expect(two).toEqual(none)
      expect(none!.code).toBe(0)
    }
  })

  it('is refused where it is no number', async () => {
    const { code, stderr } = await hkq(['resample', '--workers', 'many'], { cwd: workdir() })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^hkq: --workers: .*"many"/)
  })
})
