import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { formatDate, parseTime } from '../../src/core/market/time.ts'
import { book, trade, type WireOptions, wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/free-port.ts'
import { finished, hkq, hkqUntil, numbersIn, query, rows, start, workdir } from './hkq.ts'

const SHIFTED = resolve(import.meta.dirname, '../harness/preload/shifted-clock.cjs')
const ENV = { HKQ_ALLTICK_TOKEN: CANARY }

interface Row {
  type: string
  symbol: string
  seq: number | string
  timestamp: string
  last_price: number
  bid_price: number | null
  flags: string[]
}

async function recorded(cwd: string, symbols: string[], wire: WireOptions, ...more: string[]) {
  const server = await wireServer(wire)
  const from = `alltick:?endpoint=${server.url}`
  const ran = await hkq(
    ['record', ...symbols, '--from', from, '--max-retries', '0', '--relay', 'off', '--json', ...more],
    { cwd, env: ENV },
  )
  return { ...ran, summary: ran.stdout ? JSON.parse(ran.stdout) : null }
}

async function stored(cwd: string, from = 'hk_market.db') {
  const { stdout } = await hkq(['export', '--from', from, '--to', '-'], { cwd })
  return rows<Row>(stdout)
}

describe('a recording that is never connected', () => {
  it.each([
    ['while the market trades ends with 3, and says that', '2026-11-20T10:00', 3],
    ['at night ends with 0', '2026-11-20T22:00', 0],
  ])('%s', async (_, time, ends) => {
    const cwd = workdir()
    const CLOCK_OFFSET = String(parseTime(time) - Date.now())
    const from = ['--from', `alltick:?endpoint=ws://127.0.0.1:${await freePort()}/`]
    const { code, stderr } = await hkq(['record', '700', ...from, '--relay', 'off', '--duration', '1s'], {
      cwd,
      env: { ...ENV, CLOCK_OFFSET, NODE_OPTIONS: `--require ${SHIFTED}` },
    })
    expect(code).toBe(ends)
    expect(stderr.includes('no connection came about, and the market traded')).toBe(ends === 3)
  })
})

describe('what the market really sends', () => {
  it('is stored: a crossed auction book, a resumption 30 % lower, disorder, two sequence numbers of one double', async () => {
    const cwd = workdir()
    const at = (time: string) => parseTime(`2026-11-20T${time}`)
    const big = 9_007_199_254_740_992n
    const { summary, code } = await recorded(cwd, ['00700.HK'], {
      frames: () => [
        book('700.HK', at('09:22'), 1, [['600.200', 500]], [['600.000', 700]]),
        trade('700.HK', at('09:30:00.010'), 10, '600.100', 100),
        trade('700.HK', at('10:00:00.007'), 13, '600.300', 300),
        trade('700.HK', at('10:00:00.005'), 12, '600.200', 200),
        trade('700.HK', at('10:00:00.007'), 13, '600.300', 300),
        trade('700.HK', at('11:00'), 14, '420.000', 100),
        trade('700.HK', at('11:00:01'), 15, '420.200', 100),
        trade('700.HK', at('13:30'), String(big), '420.200', 100),
        trade('700.HK', at('13:30'), String(big + 1n), '420.200', 100),
      ],
    })
    expect(code).toBe(0)
    expect(summary).toMatchObject({ received: 8, stored: 7, duplicates: 1, gaps: 0, latency_p50: null })
    const kept = await stored(cwd)
    expect(kept.map(({ seq }) => seq)).toEqual([10, 12, 13, 14, 15, String(big), String(big + 1n)])
    expect(kept[0]).toMatchObject({ bid_price: null, timestamp: '2026-11-20T09:30:00.010+08:00' })

    await hkq(['export', '--from', 'hk_market.db', '--to', 'ndjson:copy.ndjson'], { cwd })
    await hkq(['export', '--from', 'ndjson:copy.ndjson', '--to', 'sqlite:again.db'], { cwd })
    expect(await stored(cwd, 'again.db')).toEqual(kept)
  })

  it('is stored with a local clock 10 s slow, unflagged for its time, with one warning', async () => {
    const cwd = workdir()
    const ahead = Date.now() + 10_000
    const frames = Array.from({ length: 200 }, (_, i) => trade('700.HK', ahead + i, i, '600.000', 100))
    const { summary, stderr } = await recorded(cwd, ['00700.HK'], { frames: () => frames })
    expect(summary).toMatchObject({ received: 200, stored: 200, rejected: {} })
    expect(summary.flagged).not.toHaveProperty('suspect_time')
    expect(stderr.match(/the local clock is \d+\.\d s behind/g)).toHaveLength(1)
    expect((await stored(cwd)).filter(({ type }) => type === 'tick')).toHaveLength(200)
  })

  it('is stored but for a code that the vendor refuses, which is named', async () => {
    const cwd = workdir()
    const server = await wireServer({
      frames: () => [trade('700.HK', parseTime('2026-11-20T10:00'), 1, '600.000', 100)],
      unknownCodes: new Set(['9999.HK']),
      closeWith: null,
    })
    const from = ['--from', `alltick:?endpoint=${server.url}`, '--relay', 'off', '--json']
    const isStored = (): boolean => numbersIn(join(cwd, 'hk_market.db')).length > 0
    const { code, stdout, stderr } = await hkqUntil(
      ['record', '00700.HK', '09999.HK', ...from],
      { cwd, env: ENV },
      ({ stderr }) => stderr.includes('09999.HK') && isStored(),
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ stored: 1, gaps: 0, reconnects: 0 })
    expect(stderr).toMatch(/09999\.HK/)
  })
})

describe('several sinks', () => {
  const frames = () =>
    Array.from({ length: 50 }, (_, i) => trade('700.HK', parseTime('2026-11-20T10:00') + i, i, '600.000', 100))

  it('each get every event', async () => {
    const cwd = workdir()
    mkdirSync(join(cwd, 'csv'))
    const sinks = ['sqlite:a.db', 'ndjson:a.ndjson', 'csv:csv'].flatMap((sink) => ['--to', sink])
    const { summary, code } = await recorded(cwd, ['00700.HK'], { frames }, ...sinks)
    expect(code).toBe(0)
    expect(summary).toMatchObject({ received: 50, stored: 50 })
    const kept = await stored(cwd, 'a.db')
    expect(kept).toHaveLength(50)
    expect(rows(readFileSync(join(cwd, 'a.ndjson'), 'utf8'))).toEqual(kept)
    expect((await stored(cwd, 'csv:csv')).map(({ seq }) => seq)).toEqual(kept.map(({ seq }) => seq))
  })

  it('stay whole when another fails, which ends the run with 6 and one line', async () => {
    const cwd = workdir()
    const { summary, code, stderr } = await recorded(
      cwd,
      ['00700.HK'],
      { frames },
      '--to',
      'sqlite:a.db',
      '--to',
      'ndjson:/dev/full',
    )
    expect(code).toBe(6)
    expect(stderr.split('\n').filter((line) => line.startsWith('hkq: '))).toEqual([
      expect.stringMatching(/\/dev\/full/),
    ])
    const kept = (await stored(cwd, 'a.db')).map(({ seq }) => seq)
    expect(kept.length).toBeGreaterThan(0)
    expect(kept).toEqual(Array.from(kept, (_, i) => i))
    expect(summary.stored).toBeLessThanOrEqual(kept.length)
  })

  it('that are stores go on from the furthest; what one alone lacks is a hole of it alone', async () => {
    const cwd = workdir()
    const at = (time: string) => parseTime(`2026-11-20T${time}`)
    const run = async (time: string, first: number, ...stores: string[]) => {
      const frames = () => [0, 1].map((i) => trade('700.HK', at(time) + i, first + i, '600.000', 100))
      const server = await wireServer({ frames })
      const CLOCK_OFFSET = String(at(time) - Date.now())
      const env = { ...ENV, CLOCK_OFFSET, NODE_OPTIONS: `--require ${SHIFTED}` }
      const to = stores.flatMap((store) => ['--to', store])
      const from = ['--from', `alltick:?endpoint=${server.url}`, '--max-retries', '0', '--relay', 'off']
      return hkq(['record', '700', ...from, ...to], { cwd, env })
    }
    await run('10:00', 1, 'a.db', 'b.db')
    await run('10:20', 11, 'a.db')
    const { stderr } = await run('10:40', 21, 'b.db', 'a.db')
    expect(stderr).toContain('one of the stores ends before another does')
    const holes = (file: string) =>
      query<{ cause: string; start: number; finish: number }>(
        join(cwd, file),
        'SELECT cause, start, finish FROM gap ORDER BY start, finish',
      ).map(({ cause, start, finish }) => [cause, start, finish])
    const late = ['late_start', at('09:20'), at('10:00')]
    const restart = ['restart', at('10:20') + 1, at('10:40')]
    expect(holes('a.db')).toEqual([late, ['restart', at('10:00') + 1, at('10:20')], restart])
    expect(holes('b.db')).toEqual([late, ['restart', at('10:00') + 1, at('10:20') + 1], restart])
    expect([numbersIn(join(cwd, 'a.db')), numbersIn(join(cwd, 'b.db'))]).toEqual([
      [1, 2, 11, 12, 21, 22],
      [1, 2, 21, 22],
    ])
  })

  it('print data alone when one is standard output', async () => {
    const cwd = workdir()
    const server = await wireServer({ frames })
    const { stdout, code } = await hkq(
      [
        'record',
        '700',
        '--from',
        `alltick:?endpoint=${server.url}`,
        '--max-retries',
        '0',
        '--relay',
        'off',
        '--to',
        '-',
      ],
      { cwd, env: ENV },
    )
    expect(code).toBe(0)
    expect(rows(stdout).map(({ type }) => type)).toEqual(Array(50).fill('tick'))
    expect(existsSync(join(cwd, 'hk_market.db'))).toBe(false)
  })
})

describe('the end of a recording', () => {
  const live = { live: { code: '700.HK', perSecond: 500, from: parseTime('2026-11-20T10:00') } }

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s keeps what was received and is a success', async (signal) => {
    const cwd = workdir()
    const server = await wireServer(live)
    const child = start(['record', '700', '--from', `alltick:?endpoint=${server.url}`, '--relay', 'off', '--json'], {
      cwd,
      env: ENV,
    })
    const ended = finished(child)
    await expect.poll(() => numbersIn(join(cwd, 'hk_market.db')).length).toBeGreaterThan(100)
    child.kill('SIGHUP')
    child.kill(signal)
    const { code, stdout } = await ended
    const summary = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(summary.stored).toBe(summary.received)
    const kept = (await stored(cwd)).map(({ seq }) => seq)
    expect(kept).toEqual(server.sent.slice(0, summary.stored).map(({ seq }) => seq))
  })

  it('comes at once with the second Ctrl-C', async () => {
    const cwd = workdir()
    const child = start(['record', '700', '--from', 'sim:?speed=max', '--to', '-'], { cwd })
    await new Promise((said) => child.stdout!.once('readable', said))
    child.kill('SIGINT')
    await new Promise((later) => setTimeout(later, 100))
    expect(child.exitCode, 'waits for the reader').toBeNull()
    const pressing = setInterval(() => child.kill('SIGINT'), 100)
    onTestFinished(() => clearInterval(pressing))
    expect(await new Promise((done) => child.once('exit', done))).toBe(130)
  })

  it('does not come with a terminal that goes away', async () => {
    const cwd = workdir()
    const server = await wireServer(live)
    const child = start(['record', '700', '--from', `alltick:?endpoint=${server.url}`, '-v'], {
      cwd,
      env: ENV,
    })
    const ended = new Promise((done) => child.once('exit', done))
    const count = (): number => numbersIn(join(cwd, 'hk_market.db')).length
    await new Promise((said) => child.stderr!.once('data', said))
    child.stderr!.destroy()
    child.stdout!.destroy()
    child.kill('SIGHUP')
    const before = count()
    await expect.poll(count).toBeGreaterThan(before + 500)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe('from cron', () => {
  const year = Number(formatDate(Date.now()).slice(0, 4))
  const days = Array.from({ length: 366 }, (_, i) => formatDate(Date.UTC(year, 0, 1 + i))).filter((day) =>
    day.startsWith(String(year)),
  )

  function closedAllYear(cwd: string) {
    writeFileSync(join(cwd, 'calendar.json'), JSON.stringify({ [year]: { closed: days, half: [] } }))
    return { ...ENV, HKQ_CALENDAR: 'calendar.json' }
  }
  const dead = ['--from', 'alltick:?endpoint=ws://127.0.0.1:1']

  it('a day without trading is told and makes no file', async () => {
    const cwd = workdir()
    const ran = await hkq(['record', '700', ...dead, '--until', 'close'], { cwd, env: closedAllYear(cwd) })
    expect(ran).toMatchObject({ code: 0, stdout: '' })
    expect(ran.stderr).toMatch(/^nothing to record: \S+ is a day without trading\n$/)
    expect(existsSync(join(cwd, 'hk_market.db'))).toBe(false)
  })

  it('waiting for an opening that is far can be stopped', async () => {
    const cwd = workdir()
    const child = start(['record', '700', ...dead, '--wait-open'], { cwd, env: closedAllYear(cwd) })
    const ended = finished(child)
    await new Promise((said) => child.stderr!.once('data', said))
    child.kill('SIGTERM')
    const { code, stderr } = await ended
    expect(code).toBe(0)
    expect(stderr).toMatch(/^waiting for the opening at \S+\n$/)
    expect(existsSync(join(cwd, 'hk_market.db'))).toBe(false)
  })
})
