import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { openAlarm } from '../../src/commands/_exec.ts'
import type { Io } from '../../src/commands/_io.ts'
import type { VolatilityRecord } from '../../src/core/statistics/volatility/record.ts'
import { printed } from '../support/printed.ts'

const cwd = mkdtempSync(join(tmpdir(), 'hkq-exec-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const going = new AbortController().signal

function alarmOf(command: string | undefined, timeout?: number) {
  const stderr = new PassThrough()
  const env = { PATH: process.env.PATH, HKQ_ALLTICK_TOKEN: 'secret', HKQ_TZ: 'UTC' }
  const alarm = openAlarm(command, { stderr, cwd, env } as unknown as Io, timeout)
  return { alarm, told: () => printed(stderr) }
}
const record = (i: number) => ({ symbol: `${String(i).padStart(5, '0')}.HK`, timestamp: 0 }) as VolatilityRecord
const written = (file: string): string[] => readFileSync(join(cwd, file), 'utf8').trim().split('\n')

describe('--exec', () => {
  it('runs once for every alert, also where many come at once', async () => {
    const { alarm, told } = alarmOf('cat >> many.ndjson')
    for (let i = 1; i <= 60; i++) alarm.raise(record(i))
    await alarm.settled(going)
    const symbols = written('many.ndjson').map((line) => JSON.parse(line).symbol)
    expect(symbols.sort()).toEqual(Array.from({ length: 60 }, (_, i) => record(i + 1).symbol))
    expect(told()).toBe('')
  })

  it('has at most four at once, and tells of the alert that finds 200 waiting', async () => {
    const { alarm, told } = alarmOf('echo in >> turns; while [ ! -e open ]; do sleep 0.02; done; echo out >> turns')
    for (let i = 1; i <= 205; i++) alarm.raise(record(i))
    expect(told()).toBe('hkq: --exec not run for 00205.HK: 4 are running and 200 wait\n')
    while (!existsSync(join(cwd, 'turns')) || written('turns').length < 4)
      await new Promise((turn) => setTimeout(turn, 5))
    const { alarm: opener } = alarmOf('touch open')
    opener.raise(record(1))
    await alarm.settled(going)
    let [running, most] = [0, 0]
    for (const turn of written('turns')) {
      running += turn === 'in' ? 1 : -1
      most = Math.max(most, running)
    }
    expect(most).toBe(4)
    expect(written('turns')).toHaveLength(2 * 204)
  })

  it('tells how a command failed, and goes on', async () => {
    const { alarm, told } = alarmOf('exit 3')
    alarm.raise(record(1))
    await alarm.settled(going)
    alarm.raise(record(2))
    await alarm.settled(going)
    expect(told()).toBe('hkq: --exec ended with 3 for 00001.HK\nhkq: --exec ended with 3 for 00002.HK\n')
  })

  it('ends a command that takes too long, with all that it has started', async () => {
    const { alarm, told } = alarmOf('sleep 60; touch survived', 50)
    alarm.raise(record(1))
    await alarm.settled(going)
    expect(told()).toBe('hkq: --exec ended with SIGKILL for 00001.HK\n')
    expect(existsSync(join(cwd, 'survived'))).toBe(false)
  })

  it('tells of the alerts that wait when the user ends it, and waits for those that run', async () => {
    const { alarm, told } = alarmOf('cat >> last.ndjson')
    for (let i = 1; i <= 6; i++) alarm.raise(record(i))
    const stop = new AbortController()
    const ended = alarm.settled(stop.signal)
    stop.abort()
    await ended
    expect(told()).toBe(
      'hkq: --exec not run for 00005.HK: ended before its turn\nhkq: --exec not run for 00006.HK: ended before its turn\n',
    )
    expect(written('last.ndjson')).toHaveLength(4)
  })

  it('gets the environment without a token', async () => {
    const { alarm } = alarmOf('env > environment')
    alarm.raise(record(1))
    await alarm.settled(going)
    expect(written('environment')).toContain('HKQ_TZ=UTC')
    expect(written('environment').join()).not.toMatch(/TOKEN|secret/)
  })

  it('absent does nothing', async () => {
    const { alarm } = alarmOf(undefined)
    alarm.raise(record(1))
    await alarm.settled(going)
  })
})
