import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { main } from '../../src/cli.ts'
import type { Io } from '../../src/commands/_io.ts'
import { Questions } from '../../src/commands/_vendor.ts'
import { systemClock } from '../../src/core/clock.ts'
import { HkqError } from '../../src/core/errors.ts'
import { openServer } from '../../src/core/server/server.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { at, fullDay, sessions } from '../holes/held.ts'
import { tick } from '../storage/sample.ts'
import { printed } from '../support/printed.ts'

/** The command at a time of the clock on the wall, in a folder with a store of these days. */
async function verifyAt(now: string, dates: readonly string[], ...more: (string | ((path: string) => void))[]) {
  const cwd = mkdtempSync(join(tmpdir(), 'hkq-verify-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  const ticks = dates.flatMap(fullDay).map((start, seq) => tick({ timestamp: start + 1_000, seq }))
  const kept = ticks.filter(({ timestamp }) => timestamp < at(now))
  const store = await openSqlite(join(cwd, 'a.db'), { mode: 'record' })
  await store.write(kept)
  await store.close()
  const args = more.filter((one) => typeof one === 'string')
  for (const change of more) if (typeof change === 'function') change(join(cwd, 'a.db'))
  const server = await openServer({ sessions })
  onTestFinished(() => server.close())
  await server.publish(kept)
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const io: Io = {
    ...{
      stdin,
      stdout,
      stderr,
      env: {},
      cwd,
      home: cwd,
      built: cwd,
      clock: { ...systemClock, now: () => at(now) },
      random: () => 0.5,
    },
    ...{ interrupted: new AbortController().signal, meantToBeStopped: false, ignoresHangup: false, exitCode: 0 },
  }
  const vendor = `alltick:?plan=pro&endpoint=${server.url}/quote-stock-b-ws-api`
  await main(['verify', '--from', join(cwd, 'a.db'), '--vendor', vendor, ...args], io)
  return { text: printed(stdout), said: printed(stderr), code: io.exitCode }
}

describe('verify --against', () => {
  it('is refused before 16:15 with the reason, and prints nothing', async () => {
    const { code, text, said } = await verifyAt('2026-11-20T16:14', ['2026-11-20'], '--against', 'vendor')
    expect([code, text]).toEqual([2, ''])
    expect(said).toBe(
      'hkq: "2026-11-20" is not over: --against compares whole days, after 16:15; or leave it out with --until\n',
    )
  })

  it('is refused before 12:15 on a half day', async () => {
    const { said } = await verifyAt('2026-12-24T11:00', ['2026-12-24'], '--against', 'vendor')
    expect(said).toMatch(/"2026-12-24" is not over: [^\n]* after 12:15;/)
  })

  it('compares the days before all the same, and the day itself from 16:15 on', async () => {
    const days = ['2026-11-19', '2026-11-20'] as const
    const before = await verifyAt(
      '2026-11-20T11:00',
      days,
      '--against',
      'vendor',
      '--until',
      '2026-11-20',
      '--format',
      'csv',
    )
    expect(before.text.split('\n').slice(1, -1)).toHaveLength(1)
    const { code, text } = await verifyAt('2026-11-20T16:15', days, '--against', 'vendor', '--format', 'csv')
    expect(code).toBe(0)
    expect(
      text
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(',').slice(0, 3)),
    ).toEqual([
      ['00700.HK', '2026-11-19', 'alltick'],
      ['00700.HK', '2026-11-20', 'alltick'],
    ])
  })
})

describe('verify of a day that is not over', () => {
  it('misses nothing that is still to come', async () => {
    const { code, text } = await verifyAt('2026-11-20T14:00:30', ['2026-11-20'])
    expect(code).toBe(0)
    expect(JSON.parse(text.split('\n')[1]!)).toMatchObject({ type: 'coverage', scheduled: 12_630, coverage: 1 })
  })
})

describe('verify of a damaged file', () => {
  it('tells what the store finds wrong, and reads it no further', async () => {
    const { code, text } = await verifyAt('2026-11-20T17:00', ['2026-11-20'], (path) => {
      const db = new Sqlite(path)
      const page = db.prepare<[], number>("SELECT rootpage FROM sqlite_master WHERE name = 'rejected'").pluck().get()!
      const size = db.pragma('page_size', { simple: true }) as number
      db.close()
      const file = openSync(path, 'r+')
      writeSync(file, Buffer.alloc(64, 0xff), 0, 64, (page - 1) * size)
      closeSync(file)
    })
    expect(code).toBe(3)
    const [found, ...more] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(more).toEqual([])
    expect(found).toMatchObject({ type: 'integrity', sound: false })
    expect(found.problems.length).toBeGreaterThan(0)
  })
})

describe('questions of many symbols', () => {
  const fails = () => Promise.reject(new HkqError('E_NETWORK', 'code invalid'))

  it('go on after one that is refused', async () => {
    const said: string[] = []
    const questions = new Questions((line) => said.push(line))
    expect(await questions.ask('00001.HK', fails)).toBeNull()
    expect(await questions.ask('00700.HK', async () => 7)).toBe(7)
    expect(await questions.ask('00002.HK', fails)).toBeNull()
    questions.end()
    expect(said).toEqual(['hkq: 00001.HK: code invalid', 'hkq: 00002.HK: code invalid'])
  })

  it('end with the third failure in a row, with none answered, and with a refused token at once', async () => {
    const questions = new Questions(() => {})
    await questions.ask('00001.HK', fails)
    expect(() => questions.end()).toThrow('code invalid')
    await questions.ask('00002.HK', fails)
    await expect(questions.ask('00003.HK', fails)).rejects.toThrow('code invalid')
    const token = () => Promise.reject(new HkqError('E_TOKEN', 'refused'))
    await expect(new Questions(() => {}).ask('00700.HK', token)).rejects.toThrow('refused')
  })
})
