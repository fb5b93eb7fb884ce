import { type ChildProcess, execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { type WireServer, wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { canMount, smallDisk } from '../support/small-disk.ts'
import { finished, hkq, hkqUntil, numbersIn, says, start, startLimited, workdir } from './hkq.ts'

const LIVE = { code: '700.HK', perSecond: 2_000, from: parseTime('2023-08-15T10:00') }
const env = { HKQ_ALLTICK_TOKEN: CANARY }

interface Stored {
  ticks: { seq: number; time: number }[]
  gaps: { start: number; finish: number; cause: string }[]
  integrity: unknown
}

function stored(file: string): Stored {
  const db = new Sqlite(file, { readonly: true })
  const ticks = db.prepare<[], Stored['ticks'][0]>('SELECT seq, time FROM tick ORDER BY time, seq').all()
  const gaps = db.prepare<[], Stored['gaps'][0]>('SELECT start, finish, cause FROM gap ORDER BY start').all()
  const integrity = db.pragma('integrity_check', { simple: true })
  db.close()
  return { ticks, gaps, integrity }
}

const live = (server: WireServer, ...more: string[]): string[] => [
  ...['record', '700', '--from', `alltick:?endpoint=${server.url}`, '--relay', 'off', '--json', ...more],
]

/** Ends the recorder as its user would, and gives its summary. */
async function end(child: ChildProcess): Promise<{ code: number | null; summary: Record<string, number> }> {
  const ran = finished(child)
  child.kill('SIGINT')
  const { code, stdout } = await ran
  return { code, summary: JSON.parse(stdout) }
}

/** What one connection was sent is stored, every number of it, up to the moment the recorder was ended. */
function expectWhole(server: WireServer, { ticks, gaps, integrity }: Stored, summary: Record<string, number>): void {
  expect(integrity).toBe('ok')
  expect(gaps).toEqual([])
  expect(server.requests, 'one connection throughout').toHaveLength(1)
  expect(ticks.map(({ seq }) => seq)).toEqual(server.sent.slice(0, ticks.length).map(({ seq }) => seq))
  expect([summary.received, summary.stored]).toEqual([ticks.length, ticks.length])
}

describe('a disk that is full', () => {
  it('ends the recording with 6 after its time; what was called stored is there, and the next run goes on', async () => {
    const cwd = workdir()
    const args = ['record', '700', '--from', 'sim:?speed=max&rate=20', '--json']
    const full = await finished(startLimited(2_000, [...args, '--patience', '300ms'], { cwd }))
    expect(full.code).toBe(6)
    expect(full.stderr.split('\n')).toEqual([
      expect.stringMatching(/^hkq: "hk_market.db" [^\n]*free[^\n]*nothing is stored until that passes/),
      expect.stringMatching(/^hkq: "hk_market.db" [^\n]*still so after 0\.\d s; \d+ ticks or more from \d\d:/),
      '',
    ])
    const summary = JSON.parse(full.stdout)
    expect(summary.stored).toBeGreaterThan(1_000)
    const file = join(cwd, 'hk_market.db')
    const kept = stored(file).ticks
    expect(kept).toHaveLength(summary.stored)

    const next = await hkq(args, { cwd })
    expect(next.code).toBe(0)
    expect(JSON.parse(next.stdout).duplicates).toBe(summary.stored)
    expect(stored(file).ticks.slice(0, kept.length)).toEqual(kept)
  })

  it('leaves a hole that the next run writes down, from the last tick stored', async () => {
    const cwd = workdir()
    const server = await wireServer({ live: LIVE })
    const full = await finished(startLimited(600, live(server, '--patience', '200ms'), { cwd, env }))
    expect(full.code).toBe(6)
    const file = join(cwd, 'hk_market.db')
    const { ticks, gaps } = stored(file)
    const last = ticks.at(-1)!
    expect(server.sent.filter(({ connection }) => connection === 0).at(-1)!.seq).toBeGreaterThan(last.seq)

    const next = await hkqUntil(live(server), { cwd, env }, () => numbersIn(file).length > ticks.length)
    expect(next.code, 'a hole in the session').toBe(3)
    const now = stored(file)
    const first = now.ticks[ticks.length]!
    expect(first.seq).toBeGreaterThan(last.seq + 1)
    expect(now.gaps.slice(gaps.length)).toEqual([{ start: last.time, finish: first.time, cause: 'restart' }])
  })

  it.skipIf(!canMount)('pauses the recording until there is space: nothing is lost, nothing out of order', async () => {
    const cwd = workdir()
    const disk = smallDisk(cwd, 8)
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(7 * 2 ** 20))
    const server = await wireServer({ live: LIVE })
    const recorder = start(live(server, '--to', `sqlite:${join(disk, 'a.db')}`), { cwd, env })
    await says(recorder, /cannot grow: the disk is full.*nothing is stored until that passes; trying again for 60 s/)
    rmSync(ballast)
    await says(recorder, /stored again after [\d.]+ s/)
    await sleep(300)
    const { summary } = await end(recorder)
    expectWhole(server, stored(join(disk, 'a.db')), summary)
  })
})

describe('a disk that fails', () => {
  it.skipIf(process.platform !== 'linux')('pauses the recording until it works again', async () => {
    const cwd = workdir()
    const server = await wireServer({ live: LIVE })
    const recorder = startLimited(600, live(server), { cwd, env })
    await says(recorder, /met an input\/output error.*nothing is stored until that passes/)
    execFileSync('prlimit', ['--pid', String(recorder.pid), '--fsize=unlimited'])
    await says(recorder, /stored again after [\d.]+ s/)
    await sleep(300)
    const { summary } = await end(recorder)
    expectWhole(server, stored(join(cwd, 'hk_market.db')), summary)
  })
})

describe('a store that is removed while it is recorded into', () => {
  it('ends the recording with 6, which a new one follows', async () => {
    const cwd = workdir()
    const server = await wireServer({ live: LIVE })
    const child = start(live(server), { cwd, env })
    const ran = finished(child)
    const file = join(cwd, 'hk_market.db')
    while (numbersIn(file).length === 0) await sleep(20)
    for (const end of ['', '-wal', '-shm']) rmSync(file + end)
    const { code, stderr } = await ran
    expect([code, stderr.split('\n').at(-2)]).toEqual([6, expect.stringMatching(/^hkq: "hk_market.db" .*was removed/)])
    const next = await hkqUntil(live(server), { cwd, env }, () => numbersIn(file).length > 0)
    expect(next.code).toBe(0)
  })
})

describe("another program's lock", () => {
  it('is waited out, told when it lasts, and costs nothing, even where more comes than memory may hold', async () => {
    const cwd = workdir()
    const file = join(cwd, 'hk_market.db')
    const server = await wireServer({ live: { ...LIVE, perSecond: 30_000 } })
    const recorder = start(live(server), { cwd, env })
    while (server.sent.length < 500) await sleep(5)
    const other = new Sqlite(file)
    other.exec('BEGIN EXCLUSIVE')
    await says(recorder, /is locked by another program.*nothing is stored until that passes/)
    const before = server.sent.length
    while (server.sent.length < before + 70_000) await sleep(50)
    other.exec('ROLLBACK')
    other.close()
    await says(recorder, /stored again after [\d.]+ s/)
    await sleep(200)
    const { summary } = await end(recorder)
    expectWhole(server, stored(file), summary)
  })

  it('that is there at the start, and stays, ends the command with 6', async () => {
    const cwd = workdir()
    const file = join(cwd, 'hk_market.db')
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=1'], { cwd })
    const other = new Sqlite(file)
    other.exec('BEGIN IMMEDIATE')
    const args = ['record', '5', '--from', 'sim:?speed=max&rate=1', '--patience', '200ms']
    expect((await hkq(args, { cwd })).code).toBe(6)
    other.close()
  })
})
