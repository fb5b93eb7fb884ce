import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hkq, start, workdir } from './hkq.ts'

/** Moments after its start at which the command is killed, ms: from before it opens the store to after its end. */
const MOMENTS = [200, 300, 400, 500, 600, 800, 1_100, 1_500]

const DAYS = ['700', '9988', '--from', 'sim:?speed=max&rate=0.2&days=3&start=2026-11-18', '--to', 'hk_market.db', '-q']

/** Every file below a folder; none where there is no folder. */
function filesUnder(folder: string): string[] {
  const names = existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : []
  return names.filter((name) => name.endsWith('.parquet')).map((name) => join(folder, name))
}

describe('hkq archive', () => {
  async function recorded(): Promise<string> {
    const cwd = workdir()
    await hkq(['export', ...DAYS], { cwd })
    return cwd
  }

  const copyOf = async (from: string, cwd: string): Promise<string> =>
    (await hkq(['export', '--from', from, '--to', '-'], { cwd })).stdout

  it('killed -9 at any moment and run again: every row there once, for the store and for the lake alone', async () => {
    const cwd = await recorded()
    const before = await copyOf('hk_market.db', cwd)
    expect(before.split('\n').length).toBeGreaterThan(10_000)
    for (const moment of MOMENTS) {
      const child = start(['archive', '-q'], { cwd })
      const closed = once(child, 'close')
      await Promise.race([closed, setTimeout(moment)])
      child.kill('SIGKILL')
      await closed
      expect((await copyOf('hk_market.db', cwd)) === before).toBe(true)
    }
    expect((await hkq(['archive'], { cwd })).code).toBe(0)
    expect((await copyOf('hk_market.db', cwd)) === before).toBe(true)
    expect((await copyOf('parquet:hk_archive', cwd)) === before).toBe(true)
    expect((await hkq(['archive'], { cwd })).stderr).toMatch(/^nothing to move from sqlite:hk_market\.db/)
  }, 180_000)

  it('leaves what bars, volatility and verify tell as it was', async () => {
    const cwd = await recorded()
    const commands = [
      ['resample', '700', '--every', '5m'],
      ['resample', '700', '--every', '10s'],
      ['volatility', '700', '--last'],
    ]
    const all = (from: string) =>
      Promise.all(commands.map(async (command) => (await hkq([...command, '--from', from], { cwd })).stdout))
    const before = await all('hk_market.db')
    const { stderr } = await hkq(['archive', '--to', 'parquet:lake'], { cwd })
    expect(stderr).toMatch(
      /^moved from sqlite:hk_market\.db to parquet:lake: 6 days of 2 symbols, \d+ ticks, \d+ quotes/,
    )
    expect(await all('hk_market.db')).toEqual(before)
    expect(await all('parquet:lake')).toEqual(before)
  })

  it('into a folder whose name begins as a home does', async () => {
    const cwd = await recorded()
    const before = await copyOf('hk_market.db', cwd)
    expect((await hkq(['archive', '--to', 'parquet:~lake'], { cwd })).code).toBe(0)
    expect(filesUnder(join(cwd, '~lake', 'ticks'))).toHaveLength(6)
    expect((await copyOf('hk_market.db', cwd)) === before).toBe(true)
  })

  it('tells what it did as one record with --json', async () => {
    const cwd = await recorded()
    const ticks = (await copyOf('hk_market.db', cwd))
      .split('\n')
      .filter((line) => line.includes('"type":"tick"')).length
    const { stdout, stderr } = await hkq(['archive', '--json'], { cwd })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^[^\n]*\n$/)
    const size = (part: string) =>
      filesUnder(join(cwd, 'hk_archive', part)).reduce((sum, file) => sum + statSync(file).size, 0)
    expect(JSON.parse(stdout)).toEqual({
      type: 'archive',
      store: 'hk_market.db',
      folder: 'hk_archive',
      days: 6,
      symbols: 2,
      ticks,
      quotes: expect.any(Number),
      bytes: size('ticks') + size('quotes') + size('minutes'),
      freed: expect.any(Number),
    })
    const again = JSON.parse((await hkq(['archive', '--json'], { cwd })).stdout)
    expect(again).toMatchObject({ days: 0, symbols: 0, ticks: 0, quotes: 0, bytes: 0 })
    const { required } = JSON.parse((await hkq(['archive', '--schema'], { cwd })).stdout)
    expect(required).toEqual(Object.keys(again))
  })

  it('copies into a folder of Parquet and again: nothing comes twice', async () => {
    const cwd = await recorded()
    const copied = async () => (await hkq(['export', '--to', 'parquet:lake'], { cwd })).stderr
    expect(await copied()).toMatch(/^[1-9]\d* stored, 0 there already/)
    const first = await copyOf('parquet:lake', cwd)
    expect(first === (await copyOf('hk_market.db', cwd))).toBe(true)
    expect(await copied()).toMatch(/^0 stored, [1-9]\d* there already/)
    expect((await copyOf('parquet:lake', cwd)) === first).toBe(true)
  })

  it.each([
    [['--before', '2099-01-01'], 2, /today is not closed yet/],
    [['--to', 'sqlite:other.db'], 2, /"sqlite:other\.db" is no archive: name a folder/],
    [['--from', 'csv:ticks'], 2, /"csv:ticks" is no SQLite store/],
    [['--from', 'none.db'], 6, /no such file "none\.db"/],
    [['--to', 'parquet:'], 2, /names no folder/],
  ])('refuses %j before anything is opened', async (args, code, line) => {
    const ran = await hkq(['archive', ...args], { cwd: workdir() })
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(line)])
  })

  it('ends with 7 while a recorder holds the store', async () => {
    const cwd = workdir()
    const recorder = start(['record', '700', '--from', 'sim:?rate=50', '--relay', 'off'], { cwd })
    while (!(await hkq(['export', '--to', '-'], { cwd })).stdout.includes('tick'));
    const { code, stderr } = await hkq(['archive'], { cwd })
    expect([code, stderr]).toEqual([
      7,
      expect.stringMatching(/^hkq: .*holds "hk_market\.db": archive when it has ended/),
    ])
    recorder.kill('SIGTERM')
    await once(recorder, 'close')
  })
})
