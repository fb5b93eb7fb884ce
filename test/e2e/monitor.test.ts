import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { formatDate, parseTime } from '../../src/core/market/time.ts'
import type { HealthRecord } from '../../src/core/monitor/record.ts'
import { parseExposition } from '../monitor/prometheus-text.ts'
import { CANARY } from '../support/canary.ts'
import { BIN, finished, hkq, rows, says, start, startLimited, workdir } from './hkq.ts'

type Health = Omit<HealthRecord, 'timestamp'> & { timestamp: string }

const SHIFTED = resolve(import.meta.dirname, '../harness/preload/shifted-clock.cjs')
const SIM = ['--from', 'sim:?rate=20', '--metrics', '0']

async function metricsOf(child: ChildProcess): Promise<string> {
  const [, url] = await says(child, /metrics at (http:\S+)\/metrics/)
  return url!
}

async function healthOf(url: string): Promise<{ status: number; health: Health }> {
  const answer = await fetch(`${url}/healthz`)
  return { status: answer.status, health: (await answer.json()) as Health }
}

/** Asks again and again; the test's own time limit is the only other end. */
async function until(url: string, holds: (health: Health) => boolean): Promise<{ status: number; health: Health }> {
  for (;;) {
    const found = await healthOf(url)
    if (holds(found.health)) return found
    await sleep(20)
  }
}

async function once(cwd: string, ...more: string[]): Promise<{ code: number | null; health: Health; stderr: string }> {
  const { code, stdout, stderr } = await hkq(['monitor', '--once', '--json', ...more], { cwd })
  return { code, health: rows<Health>(stdout)[0]!, stderr }
}

/** A recorder whose wall clock shows the morning of a trading day, and goes on from there. */
function startInSession(args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(process.execPath, ['--require', SHIFTED, BIN, ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: cwd, XDG_RUNTIME_DIR: cwd, HKQ_ALLTICK_TOKEN: CANARY },
      CLOCK_OFFSET: String(parseTime('2026-11-20T10:00') - Date.now()),
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe('a recorder', () => {
  it('tells Prometheus and /healthz how it does, and hkq monitor without being asked to', async () => {
    const cwd = workdir()
    const recorder = start(['record', '700', 'HSI', ...SIM], { cwd })
    const url = await metricsOf(recorder)
    const { status, health } = await until(
      url,
      ({ state, received, symbols }) => state === 'ok' && (received ?? 0) > 100 && symbols![1]!.age !== null,
    )
    expect(status).toBe(200)
    expect(health).toMatchObject({
      type: 'health',
      state: 'ok',
      reasons: [],
      pid: recorder.pid,
      source: 'sim',
      gaps_today: 0,
    })
    expect(health.symbols!.map(({ symbol }) => symbol).toSorted()).toEqual(['00700.HK', 'HSI'])
    expect([health.store_bytes! > 0, health.wal_bytes! > 0, health.memory_limit > health.memory_used]).toEqual(
      Array(3).fill(true),
    )

    const families = parseExposition(await (await fetch(`${url}/metrics`)).text())
    expect(families.get('hkq_ticks_received_total')!.samples[0]!.value).toBeGreaterThan(100)
    const state = families.get('hkq_state')!.samples.find(({ value }) => value === 1)
    expect(state!.labels).toEqual({ state: 'ok' })
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)

    const glance = await hkq(['monitor', '--once', '--format', 'table'], { cwd })
    expect(glance.code).toBe(0)
    expect(glance.stdout).toMatch(new RegExp(`^recorder ${recorder.pid} {2}ok since \\d\\d:\\d\\d:\\d\\d\\n`))
    for (const word of ['sqlite:hk_market.db', 'received', 'to commit', '00700.HK', 'today', 'memory'])
      expect(glance.stdout).toContain(word)
    expect(await once(cwd)).toMatchObject({ code: 0, health: { pid: recorder.pid, state: 'ok' } })

    const ended = finished(recorder)
    recorder.kill('SIGTERM')
    expect((await ended).code).toBe(0)
    const after = await hkq(['monitor', '--once', '--format', 'table'], { cwd })
    expect(after).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^no recorder runs on this machine\n +machine/),
    })
  })

  it('whose source is killed is degraded at once, then fails, and is connected again when that is back', async () => {
    const cwd = workdir()
    const serve = ['serve', '--from', 'sim:?rate=50&speed=1', '--to']
    const source = start([...serve, 'ws://127.0.0.1:0'], { cwd })
    const [, address] = await says(source, /serving on (\S+)/)
    const from = ['--from', `alltick:?endpoint=${address}/quote-stock-b-ws-api`]
    const recorder = startInSession(['record', '700', ...from, '--metrics', '0'], cwd)
    const url = await metricsOf(recorder)
    await until(url, ({ received }) => (received ?? 0) > 10)

    source.kill('SIGKILL')
    const lost = await until(url, ({ reasons }) => reasons.includes('disconnected'))
    expect(lost).toMatchObject({ status: 200, health: { state: 'degraded' } })
    expect(lost.health.detail).toMatch(/alltick lost for \S+ s: /)
    recorder.kill('SIGUSR2')
    const failed = await until(url, ({ state }) => state === 'failing')
    expect(failed).toMatchObject({ status: 503, health: { reasons: expect.arrayContaining(['disconnected']) } })
    expect(await once(cwd)).toMatchObject({ code: 5, health: { state: 'failing' } })

    await says(start([...serve, address!], { cwd }), /serving on/)
    const before = failed.health.received!
    const back = await until(url, ({ reasons, received }) => !reasons.includes('disconnected') && received! > before)
    expect(back).toMatchObject({ status: 200, health: { reconnects: 1 } })
  }, 120_000)

  it('whose store can take nothing fails, and says why', async () => {
    const cwd = workdir()
    const args = ['record', '700', '--from', 'sim:?speed=max&rate=20', '--metrics', '0']
    const recorder = startLimited(2_000, args, { cwd })
    const url = await metricsOf(recorder)
    const { status, health } = await until(url, ({ reasons }) => reasons.includes('store_paused'))
    expect([status, health.state]).toEqual([503, 'failing'])
    expect(health.detail).toMatch(/nothing is stored: "hk_market\.db" .*free/)
    expect(await once(cwd)).toMatchObject({ code: 6, health: { reasons: expect.arrayContaining(['store_paused']) } })
  })

  it('that hangs does not answer, and that is said', async () => {
    const cwd = workdir()
    const recorder = start(['record', '700', ...SIM], { cwd })
    await until(await metricsOf(recorder), ({ received }) => (received ?? 0) > 0)
    recorder.kill('SIGSTOP')
    const { code, health } = await once(cwd)
    expect(code).toBe(5)
    expect(health).toMatchObject({
      state: 'failing',
      reasons: ['no_answer'],
      pid: recorder.pid,
      store: 'sqlite:hk_market.db',
    })
    expect(health.cpus).toBeGreaterThan(0)
    expect(health.memory_used).toBeGreaterThan(0)
    recorder.kill('SIGCONT')
    expect(await once(cwd)).toMatchObject({ code: 0 })
  })

  it('that waits for the opening says so', async () => {
    const cwd = workdir()
    const year = Number(formatDate(Date.now()).slice(0, 4))
    const days = Array.from({ length: 366 }, (_, i) => formatDate(Date.UTC(year, 0, 1 + i)))
    const closed = days.filter((day) => day.startsWith(String(year)))
    writeFileSync(join(cwd, 'calendar.json'), JSON.stringify({ [year]: { closed, half: [] } }))
    const args = ['record', '700', '--wait-open', '--from', 'alltick:?endpoint=ws://127.0.0.1:1', '--metrics', '0']
    const recorder = start(args, { cwd, env: { HKQ_CALENDAR: 'calendar.json' } })
    const url = await metricsOf(recorder)
    const { status, health } = await until(url, ({ state }) => state === 'closed')
    expect([status, health.detail]).toEqual([200, expect.stringMatching(/^waiting for the opening at \S+$/)])
    parseExposition(await (await fetch(`${url}/metrics`)).text())
    expect(await once(cwd)).toMatchObject({ code: 0, health: { state: 'closed', pid: recorder.pid } })
  })

  it('is refused a port that is in use, before it opens anything', async () => {
    const cwd = workdir()
    const first = start(['record', '700', ...SIM, '--to', 'sqlite:first.db'], { cwd })
    const { port } = new URL(await metricsOf(first))
    const second = await hkq(['record', '700', '--from', 'sim:', '--metrics', port, '--to', 'sqlite:second.db'], {
      cwd,
    })
    expect(second.code).toBe(5)
    expect(second.stderr).toMatch(
      /^hkq: cannot serve metrics on "127\.0\.0\.1:\d+" .*choose another port, or 0 for a free one\n$/,
    )
    expect(existsSync(join(cwd, 'second.db'))).toBe(false)
    const wrong = await hkq(['record', '700', '--from', 'sim:', '--metrics', 'x'], { cwd })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--metrics: unknown port "x"') })
  })
})

describe('what a dead recorder has left', () => {
  it('counts for none, whoever has its number and its port by now', async () => {
    const cwd = workdir()
    const recorder = start(['record', '700', ...SIM], { cwd })
    const url = await metricsOf(recorder)
    await until(url, ({ received }) => received !== null)
    const ended = finished(recorder)
    recorder.kill('SIGKILL')
    await ended
    const folder = join(cwd, `hkq-${userInfo().uid}`)
    const left = (pid: number) => JSON.stringify({ pid, url, store: 'sqlite:hk_market.db' })
    writeFileSync(join(folder, 'health-1.json'), left(process.pid))
    expect(readdirSync(folder)).toHaveLength(2)
    expect(await once(cwd)).toMatchObject({ code: 3, health: { state: null } })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('what a store has kept', () => {
  it('is there when the recording has ended, for SQL and for hkq monitor', async () => {
    const cwd = workdir()
    const recorder = start(['record', '700', ...SIM], { cwd })
    const ended = finished(recorder)
    await until(await metricsOf(recorder), ({ state, received }) => state === 'ok' && received! > 0)
    recorder.kill('SIGINT')
    expect((await ended).code).toBe(0)
    const db = new Sqlite(join(cwd, 'hk_market.db'), { readonly: true })
    const received = db.prepare("SELECT value FROM metrics WHERE name = 'received'").pluck().all()
    db.close()
    const kept = await hkq(['monitor', '--from', 'hk_market.db', '--json'], { cwd })
    const [record] = rows<Health>(kept.stdout)
    expect(kept.code).toBe(0)
    expect(record).toMatchObject({ type: 'health', state: 'ok', reasons: [], received: received[0], rejected: {} })
    expect(record!.memory_limit).toBeGreaterThan(0)
    const last = await hkq(['monitor', '--from', 'hk_market.db', '--once', '--format', 'csv'], { cwd })
    expect(last.stdout.split('\n')).toHaveLength(3)
    const later = await hkq(['monitor', '--from', 'hk_market.db', '--since', 'now'], { cwd })
    expect(later).toMatchObject({ code: 3, stderr: expect.stringContaining('has kept no health in this range') })
  })

  it('is asked of stores alone, and a range of what was kept', async () => {
    const cwd = workdir()
    const refused = async (...args: string[]) => (await hkq(['monitor', ...args], { cwd })).code
    expect(await refused('--from', 'csv:a.csv')).toBe(2)
    expect(await refused('--from', 'none.db')).toBe(6)
    expect(await refused('--since', '-1h')).toBe(2)
    expect(await refused('--to', 'ndjson:a.ndjson')).toBe(2)
    expect(await refused('--every', '10ms')).toBe(2)
    expect(await refused('--once', '--schema')).toBe(0)
  })
})

describe('a machine without a recorder', () => {
  it('is watched alone: a line each time, kept where that is asked for, until it is stopped', async () => {
    const cwd = workdir()
    const child = start(['monitor', '--every', '1s', '--to', 'sqlite:machine.db'], { cwd })
    const printed: string[] = []
    const ended = finished(child)
    child.stdout!.on('data', (text: string) => printed.push(...text.split('\n').filter(Boolean)))
    while (printed.length < 2) await sleep(20)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
    const seen = printed.map((line) => JSON.parse(line) as Health)
    expect(seen[0]).toMatchObject({ type: 'health', state: null, pid: null, received: null, symbols: null })
    expect(seen[0]!.cpu).toBeGreaterThanOrEqual(0)
    const kept = await hkq(['monitor', '--from', 'machine.db', '--json'], { cwd })
    expect(rows<Health>(kept.stdout)[0]).toEqual(seen[0])
  })

  it('keeps nothing where a recorder keeps its own', async () => {
    const cwd = workdir()
    const recorder = start(['record', '700', ...SIM], { cwd })
    await until(await metricsOf(recorder), ({ received }) => (received ?? 0) > 0)
    const ran = await hkq(['monitor', '--once', '--to', 'hk_market.db'], { cwd })
    expect(ran).toMatchObject({ code: 7, stderr: expect.stringContaining('it keeps its own health there') })
  })

  it('tells the fields of its records', async () => {
    const cwd = workdir()
    const { stdout } = await hkq(['monitor', '--schema'], { cwd })
    const schema = JSON.parse(stdout) as { required: string[] }
    const { stdout: line } = await hkq(['monitor', '--once', '--json'], { cwd })
    expect(Object.keys(JSON.parse(line)).toSorted()).toEqual(schema.required.toSorted())
  })
})
