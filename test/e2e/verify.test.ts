import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { parseFault } from '../../src/core/server/faults.ts'
import { openServer, type QuoteServer, type ServerOptions } from '../../src/core/server/server.ts'
import { fullDay } from '../holes/held.ts'
import { tick } from '../storage/sample.ts'
import { finished, hkq, rows, start, workdir } from './hkq.ts'

const [MONDAY, TUESDAY, WEDNESDAY] = ['2023-08-14', '2023-08-15', '2023-08-16']
const at = (text: string) => parseTime(text)

interface Row {
  type: string
  symbol: string
  date: string
  from: string
  to: string
  cause: string
  filled_by: string | null
  coverage: number
  missing: number
  backfilled: number
  completeness: number
  sound: boolean
}

/** Two trades a minute of whole days. */
function tape(...dates: string[]): Tick[] {
  return dates.flatMap(fullDay).flatMap((minute, i) =>
    [5_000, 40_000].map((ms, k) =>
      tick({
        ...{ timestamp: minute + ms, seq: 2 * i + k, volume: 100 * (1 + (i % 9)), quote: null },
        last_price: 600 + ((7 * i + 3 * k) % 50) / 5,
      }),
    ),
  )
}

async function vendor(options: Partial<ServerOptions> = {}): Promise<QuoteServer> {
  const server = await openServer({ sessions: new Sessions(), historyMs: 0, ...options })
  onTestFinished(() => server.close(1001))
  return server
}

const feed = (server: QuoteServer) => `alltick:?plan=pro&endpoint=${server.url}/quote-stock-b-ws-api`
const recorder = (cwd: string, server: QuoteServer, ...more: string[]) =>
  start(['record', '700', '--from', feed(server), '--relay', 'off', '--json', ...more], { cwd })

/** Polls what the store holds, as another program would. */
async function holds(cwd: string, sql: string, wanted: number): Promise<void> {
  for (;;) {
    let db: Sqlite.Database | undefined
    try {
      db = new Sqlite(join(cwd, 'hk_market.db'), { readonly: true })
      if (Number(db.prepare(sql).pluck().get()) >= wanted) return
    } catch {
      // it is not there yet
    } finally {
      db?.close()
    }
    await sleep(20)
  }
}
const ticksStored = (cwd: string, count: number) => holds(cwd, 'SELECT count(*) FROM tick', count)
const gapsFilled = (cwd: string, count: number) =>
  holds(cwd, "SELECT count(*) FROM gap WHERE filled_by = 'backfill'", count)

async function subscribed(server: QuoteServer): Promise<void> {
  while (server.wanted.size === 0) await sleep(10)
}
async function alone(server: QuoteServer): Promise<void> {
  while (server.clients > 0) await sleep(10)
}

async function verify(cwd: string, ...args: string[]) {
  const ran = await hkq(['verify', ...args], { cwd, env: { HKQ_ALLTICK_TOKEN: '' } })
  const found = args.includes('--format') ? [] : rows<Row>(ran.stdout)
  return { ...ran, of: (type: string) => found.filter((row) => row.type === type) }
}

/** Records the trades before one time and from another on; what lies between, the vendor alone has. */
async function recordedWithHole(cwd: string, server: QuoteServer, all: readonly Tick[], from: number, to: number) {
  const before = all.filter(({ timestamp }) => timestamp < from)
  const first = recorder(cwd, server)
  await subscribed(server)
  await server.publish(before)
  await ticksStored(cwd, before.length)
  first.kill('SIGKILL')
  await alone(server)
  await server.publish(all.filter(({ timestamp }) => timestamp >= from && timestamp < to))
  const second = recorder(cwd, server)
  await subscribed(server)
  return { second, ended: finished(second), before }
}

describe('a recording that was killed', () => {
  const all = tape(TUESDAY)
  const [from, to] = [at(`${TUESDAY}T10:00`), at(`${TUESDAY}T10:20`)]
  const after = all.filter(({ timestamp }) => timestamp >= to)

  it('shows its hole, is filled by what the vendor has, and shows none any more', async () => {
    const cwd = workdir()
    const server = await vendor()
    const { second, ended, before } = await recordedWithHole(cwd, server, all, from, to)
    await server.publish(after.slice(0, 1))
    await ticksStored(cwd, before.length + 1)
    second.kill('SIGTERM')
    expect((await ended).code, 'ended with a hole').toBe(3)
    await server.publish(after.slice(1))

    const found = await verify(cwd)
    expect(found.code).toBe(3)
    expect(found.of('integrity')).toMatchObject([{ sound: true }])
    expect(found.of('gap').map(({ cause, filled_by }) => [cause, filled_by])).toContainEqual(['restart', null])
    expect(found.of('mismatch')).toEqual([])
    expect(found.of('coverage')[0]!.coverage).toBeLessThan(0.2)

    const filled = await verify(cwd, '--backfill', '--vendor', feed(server))
    expect(filled.stderr, filled.stdout).toBe('')
    expect(filled.code, filled.stdout).toBe(0)
    const again = await verify(cwd)
    expect(again.code).toBe(0)
    expect(again.stdout).toBe(filled.stdout)
    expect(new Set(again.of('gap').map(({ filled_by }) => filled_by))).toEqual(new Set(['backfill']))
    expect(again.of('coverage')[0]).toMatchObject({ missing: 0 })
    expect(
      (await verify(cwd, '--backfill', '--vendor', 'alltick:?endpoint=ws://127.0.0.1:1')).code,
      'nothing to ask',
    ).toBe(0)

    const whole = await hkq(['export', '--from', '-', '--to', 'sqlite:whole.db', '-q'], {
      cwd,
      input: all
        .map((one) => `${JSON.stringify({ ...one, timestamp: new Date(one.timestamp).toISOString() })}\n`)
        .join(''),
    })
    expect(whole.code).toBe(0)
    const bars = async (db: string) =>
      rows((await hkq(['resample', '700', '--from', db, '--every', '5m'], { cwd })).stdout).map(
        ({ mean: _, trades: __, vwap: ___, ...bar }) => bar,
      )
    expect(await bars('hk_market.db')).toEqual(await bars('whole.db'))
  })

  it('is filled beside the next recording, which ends without a hole', async () => {
    const cwd = workdir()
    const server = await vendor()
    const { second, ended, before } = await recordedWithHole(cwd, server, all, from, to)
    await server.publish(after)
    await ticksStored(cwd, before.length + after.length)
    await gapsFilled(cwd, 1)
    second.kill('SIGTERM')
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ gaps: 1, stored: after.length })
    expect((await verify(cwd)).code).toBe(0)
  })

  it('is filled as far back as the run before the last', async () => {
    const cwd = workdir()
    const server = await vendor()
    const { second, ended, before } = await recordedWithHole(cwd, server, all, from, to)
    await server.publish(after.slice(0, 1))
    await ticksStored(cwd, before.length + 1)
    second.kill('SIGTERM')
    await ended
    const third = recorder(cwd, server)
    const thirdEnded = finished(third)
    await subscribed(server)
    await server.publish(after.slice(1))
    await gapsFilled(cwd, 1)
    third.kill('SIGTERM')
    expect((await thirdEnded).code).toBe(0)
  })

  it('is nobody else’s to fill while it records', async () => {
    const cwd = workdir()
    const server = await vendor()
    const child = recorder(cwd, server)
    await subscribed(server)
    await server.publish(all.slice(0, 100))
    await ticksStored(cwd, 100)
    for (const option of [['--backfill'], ['--against', 'vendor']]) {
      const { code, stderr } = await verify(cwd, ...option, '--vendor', feed(server))
      expect([code, stderr]).toEqual([7, expect.stringMatching(/^hkq: another recorder[^\n]*\n$/)])
    }
    expect((await verify(cwd)).code, 'reading is free').toBe(3)
    child.kill('SIGKILL')
  })
})

describe('a connection that is lost', () => {
  it('leaves a hole that the vendor fills while the recording goes on', async () => {
    const cwd = workdir()
    const all = tape(TUESDAY)
    const first = await vendor()
    const child = recorder(cwd, first)
    const ended = finished(child)
    await subscribed(first)
    const [before, between] = [all.slice(0, 200), all.slice(200, 240)]
    await first.publish(before)
    await ticksStored(cwd, before.length)
    const { port } = first
    await first.close(1001)
    const second = await vendor({ port })
    await second.publish([...before, ...between])
    await subscribed(second)
    await second.publish(all.slice(240))
    await gapsFilled(cwd, 1)
    await ticksStored(cwd, all.length - between.length)
    child.kill('SIGTERM')
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ gaps: 1, reconnects: 1, stored: all.length - between.length })
    const { of, code: verdict } = await verify(cwd)
    expect(verdict).toBe(0)
    expect(of('gap')).toMatchObject([{ cause: 'disconnect', filled_by: 'backfill' }])
  })
})

describe("a hole beyond the vendor's 500 bars", () => {
  it('is refused with that reason and stays, and what is nearer is filled', async () => {
    const cwd = workdir()
    const all = tape(MONDAY, TUESDAY, WEDNESDAY)
    const kept = all.filter(
      ({ timestamp }) => timestamp < at(`${MONDAY}T10:00`) || timestamp >= at(`${WEDNESDAY}T10:00`),
    )
    const lines = kept.map((one) => `${JSON.stringify({ ...one, timestamp: new Date(one.timestamp).toISOString() })}\n`)
    await hkq(['export', '--from', '-', '--to', 'sqlite:hk_market.db', '-q'], { cwd, input: lines.join('') })
    const server = await vendor()
    await server.publish(all)
    const { code, stderr, of } = await verify(cwd, '--backfill', '--vendor', feed(server))
    expect(code).toBe(3)
    const refusals = stderr.trim().split('\n')
    for (const line of refusals) {
      expect(line).toMatch(/^hkq: stays: .*beyond the vendor's 500 bars, which begin at 2023-08-15 \d\d:\d\d$/)
    }
    const gaps = of('gap')
    const left = gaps.filter(({ filled_by }) => filled_by === null)
    expect(left).toHaveLength(refusals.length)
    expect(left[0]).toMatchObject({ cause: 'restart', from: expect.stringMatching(/^2023-08-14/) })
    expect(gaps.filter(({ filled_by }) => filled_by === 'backfill').map(({ from }) => from.slice(0, 16))).toEqual([
      '2023-08-16T09:20',
    ])
  })
})

describe('a vendor that does not pass on every trade', () => {
  it('is found by its own bars, though no hole tells; the store keeps how complete it was', async () => {
    const cwd = workdir()
    const all = tape(TUESDAY)
    const server = await vendor({ faults: [parseFault('drop=0.3')] })
    const child = recorder(cwd, server)
    const ended = finished(child)
    await subscribed(server)
    await server.publish(all)
    await ticksStored(cwd, all.length * 0.6)
    child.kill('SIGTERM')
    await ended
    expect((await verify(cwd)).of('gap')).toEqual([])

    const { code, of } = await verify(cwd, '--against', 'vendor', '--vendor', feed(server))
    expect(code).toBe(3)
    const [row] = of('completeness')
    expect(row!.completeness).toBeGreaterThan(0.5)
    expect(row!.completeness).toBeLessThan(0.9)
    expect((await verify(cwd)).of('coverage')[0]!.completeness).toBe(row!.completeness)
    const db = new Sqlite(join(cwd, 'hk_market.db'), { readonly: true })
    onTestFinished(() => void db.close())
    expect(db.prepare('SELECT symbol, date, vendor, completeness FROM completeness').all()).toEqual([
      { symbol: '00700.HK', date: TUESDAY, vendor: 'alltick', completeness: row!.completeness },
    ])
  })
})

describe('verify', () => {
  it('prints every format, and in a CSV one kind of record', async () => {
    const cwd = workdir()
    const lines = tape(MONDAY, WEDNESDAY).map(
      (one) => `${JSON.stringify({ ...one, timestamp: new Date(one.timestamp).toISOString() })}\n`,
    )
    await hkq(['export', '--from', '-', '--to', 'sqlite:hk_market.db', '-q'], { cwd, input: lines.join('') })
    const table = await verify(cwd, '--format', 'table')
    expect(table.code).toBe(3)
    expect(table.stdout).toMatch(/✓ the file is sound\n\ncoverage\n[\s\S]*2023-08-15 +0\.0%[\s\S]*\nholes\n/)
    expect(table.stdout).not.toMatch(/NaN|undefined|null/)
    const csv = await verify(cwd, '--format', 'csv')
    expect(
      csv.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(',')[1]),
    ).toEqual(['date', MONDAY, TUESDAY, WEDNESDAY])
    const json = JSON.parse((await verify(cwd, '--format', 'json')).stdout) as Row[]
    expect(json.map(({ type }) => type)).toEqual(['integrity', 'gap', 'gap', 'coverage', 'coverage', 'coverage'])
    const narrow = await verify(cwd, '--since', WEDNESDAY)
    expect([narrow.code, narrow.of('coverage').length]).toEqual([0, 1])
    const other = await verify(cwd, '9988')
    expect([other.code, other.stderr]).toEqual([3, expect.stringMatching(/^hkq: no data of 09988\.HK[^\n]*\n$/)])
  })

  it('finds a minute that is not what its trades make', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?start=2023-08-15&speed=max', '-q'], { cwd })
    expect((await verify(cwd)).code).toBe(0)
    const db = new Sqlite(join(cwd, 'hk_market.db'))
    db.exec('UPDATE minute SET volume = volume + 100 WHERE start = (SELECT max(start) FROM minute)')
    db.close()
    const { code, of } = await verify(cwd)
    expect(code).toBe(3)
    expect(of('mismatch')).toMatchObject([{ field: 'volume', start: expect.stringMatching(/T16:0[89]/) }])
  })

  it('refuses what is no store, a file that is not there, a vendor that answers nothing: nothing is made', async () => {
    const cwd = workdir()
    const refusals: [string[], number, RegExp][] = [
      [['--from', 'csv:ticks.csv'], 2, /no store/],
      [['--from', 'none.db'], 6, /no such file/],
      [['--from', 'none.db', '--backfill', '--vendor', 'alltick:?endpoint=ws://127.0.0.1:1'], 6, /no such file/],
      [['--backfill', '--vendor', 'tutorial:'], 2, /answers no questions/],
      [['--backfill'], 4, /no AllTick token/],
    ]
    for (const [args, code, reason] of refusals) {
      const ran = await verify(cwd, ...args)
      expect([ran.code, ran.stdout], args.join(' ')).toEqual([code, ''])
      expect(ran.stderr).toMatch(reason)
    }
  })
})
