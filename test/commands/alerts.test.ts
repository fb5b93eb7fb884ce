import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Alerts } from '../../src/commands/_alerts.ts'
import { Delivered } from '../../src/commands/_delivered.ts'
import type { Io } from '../../src/commands/_io.ts'
import { parseTime } from '../../src/core/market/time.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hkq-alerts-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const at = (clock: string): number => parseTime(`2026-11-20T${clock}`)
const record = (clock: string, over: Partial<VolatilityRecord> = {}): VolatilityRecord =>
  ({
    ...{ type: 'volatility', symbol: '00700.HK', timestamp: at(clock), state: 'alert', event: null },
    ...{ volatility: 0.001, annualized: null, ratio: null, threshold: null, percentile: null, volume_ratio: null },
    ...over,
  }) as VolatilityRecord
const enter = (clock: string) => record(clock, { event: 'enter' })
const leave = (clock: string) => record(clock, { event: 'leave', state: 'normal' })

/** One run that reads history up to `now` and then takes news. @returns the times of the alerts that were run for */
async function run(now: string, history: readonly VolatilityRecord[], news: readonly VolatilityRecord[] = []) {
  rmSync(join(cwd, 'ran'), { force: true })
  const io = {
    ...{ stderr: new PassThrough(), cwd, env: { PATH: process.env.PATH }, clock: { now: () => parseTime(now) } },
    interrupted: new AbortController().signal,
  } as unknown as Io
  const options = { follow: true, exec: 'cat >> ran', tz: 'Asia/Hong_Kong', color: false }
  const alerts = new Alerts(options, io, false, new Delivered(join(cwd, 'store.db-alerts'), options.exec))
  alerts.take(history)
  alerts.live()
  alerts.take(news)
  await alerts.settled()
  if (!existsSync(join(cwd, 'ran'))) return []
  const lines = readFileSync(join(cwd, 'ran'), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line).timestamp.slice(11, 16)).sort()
}

describe('--exec of runs that follow one another', () => {
  it('runs for an alert that began in between and still stands, once', async () => {
    expect(await run('2026-11-20T11:09', [record('11:08', { state: 'normal' })])).toEqual([])
    expect(await run('2026-11-20T11:20', [enter('11:12'), record('11:13')])).toEqual(['11:12'])
    expect(await run('2026-11-20T11:25', [enter('11:12'), record('11:24')])).toEqual([])
  })

  it('runs for none that an earlier run was there for, that is over, or of another day', async () => {
    expect(await run('2026-11-20T11:09', [], [enter('11:12')])).toEqual(['11:12'])
    expect(await run('2026-11-20T11:25', [enter('11:12'), record('11:24')])).toEqual([])
    expect(await run('2026-11-20T12:00', [enter('11:40'), leave('11:50')])).toEqual([])
    expect(await run('2026-11-23T09:00', [enter('15:58'), record('16:00')])).toEqual([])
  })

  it('takes a file that is none, or another’s, for nothing told', () => {
    const delivered = new Delivered(join(cwd, 'no', 'such', 'folder'), 'a')
    delivered.add('00700.HK', 1)
    expect(delivered.has('00700.HK', 1)).toBe(false)
    const [one, other] = ['a', 'b'].map((by) => new Delivered(join(cwd, 'told'), by))
    one!.add('00700.HK', 5)
    expect([one!.has('00700.HK', 5), one!.has('00700.HK', 6), one!.has('09988.HK', 5)]).toEqual([true, false, false])
    expect(other!.has('00700.HK', 5)).toBe(false)
  })
})
