import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { gap, rejected, tick, vendorMinute } from '../storage/sample.ts'
import { BIN, hkq, rows, workdir } from './hkq.ts'

const DAY = '2026-11-20'
const at = (time: string): number => Date.parse(`${DAY}T${time}+08:00`)

/** Every row of a view of a store, as text, sorted. */
function all(cwd: string, file: string, view: string): string[] {
  const db = new Sqlite(join(cwd, file), { readonly: true })
  const found = db.prepare(`SELECT * FROM ${view}`).safeIntegers().all()
  db.close()
  return found.map((row) => Object.values(row as object).join()).sort()
}

async function copied(cwd: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await hkq(['export', ...args], { cwd })
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^\d+ stored, \d+ there already, from [^\n]*\n$/)])
  return stderr
}

describe('copies of a recorded day', () => {
  /** A day of a share and an index with quotes, and a feed with a hole in it and a sequence number beyond 2^53. */
  async function recorded(): Promise<string> {
    const cwd = workdir()
    await hkq(['record', 'HSI', '700', '--from', 'sim:?speed=max&rate=0.05', '--depth', '3', '-q'], { cwd })
    const share = { symbol: '00005.HK', last_price: 105.1, volume: 400, source: 'alltick' }
    const events = [
      { ...share, type: 'tick', timestamp: `${DAY}T10:00:00.100+08:00`, seq: 1 },
      { ...share, type: 'tick', timestamp: `${DAY}T10:00:00.100+08:00`, seq: 2 },
      {
        type: 'gap',
        source: 'alltick',
        symbol: '00005.HK',
        from: `${DAY}T10:00:00.100+08:00`,
        to: `${DAY}T10:00:09.000+08:00`,
        cause: 'disconnect',
        volume: 700,
        filled_by: null,
      },
      { ...share, type: 'tick', timestamp: `${DAY}T10:00:09.000+08:00`, seq: '9007199254740993' },
    ]
    const input = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    await hkq(['export', '--from', '-', '--to', 'hk_market.db'], { cwd, input })
    return cwd
  }

  it('come back row for row: SQLite to CSV, NDJSON and SQLite, and from each into a store again', async () => {
    const cwd = await recorded()
    const kept = (file: string, ...views: string[]): unknown => views.map((view) => all(cwd, file, view))
    const views = ['ticks', 'quotes', 'gaps', 'bars_1m']
    expect(all(cwd, 'hk_market.db', 'quotes').length).toBeGreaterThan(100)
    expect(all(cwd, 'hk_market.db', 'ticks').join()).toContain('9007199254740993')
    expect(all(cwd, 'hk_market.db', "gaps WHERE cause = 'disconnect'")).toHaveLength(1)

    await copied(cwd, '--to', 'day.ndjson')
    await copied(cwd, '--from', 'day.ndjson', '--to', 'from-ndjson.db')
    expect(kept('from-ndjson.db', ...views)).toEqual(kept('hk_market.db', ...views))

    await copied(cwd, '--to', 'backup.db')
    expect(kept('backup.db', ...views)).toEqual(kept('hk_market.db', ...views))

    await copied(cwd, '--to', 'day.csv.gz')
    await copied(cwd, '--from', 'day.csv.gz', '--to', 'from-csv.db')
    expect(kept('from-csv.db', 'ticks')).toEqual(kept('hk_market.db', 'ticks'))

    mkdirSync(join(cwd, 'days'))
    await copied(cwd, '--to', 'csv:days')
    await copied(cwd, '--from', 'csv:days', '--to', 'from-days.db')
    expect(kept('from-days.db', 'ticks')).toEqual(kept('hk_market.db', 'ticks'))

    const bars = await Promise.all(
      ['hk_market.db', 'day.ndjson', 'from-csv.db'].map((from) => hkq(['resample', 'HSI', '--from', from], { cwd })),
    )
    expect(bars[1]!.stdout).toBe(bars[0]!.stdout)
    expect(bars[2]!.stdout).toBe(bars[0]!.stdout)
  })

  it('take along what is no event, from SQLite to Parquet and back: minutes that a vendor filled, and rejected records', async () => {
    const cwd = workdir()
    const hole = gap({ from: at('10:00:30'), to: at('10:02:30') })
    const store = await openSqlite(join(cwd, 'hk_market.db'), { mode: 'record' })
    await store.write([tick(), hole, rejected(), tick({ timestamp: at('10:02:30'), seq: 9 })])
    await store.fill(
      ['10:00:00', '10:01:00', '10:02:00'].map((time) => vendorMinute({ start: at(time) })),
      [hole],
    )
    await store.close()
    const views = ['ticks', 'gaps', 'bars_1m', 'rejected_ticks']
    const kept = (file: string): unknown => views.map((view) => all(cwd, file, view))

    await copied(cwd, '--to', 'parquet:lake')
    await copied(cwd, '--from', 'parquet:lake', '--to', 'copy.db')
    expect(kept('copy.db')).toEqual(kept('hk_market.db'))
    await copied(cwd, '--to', 'copy.db')
    expect(kept('copy.db')).toEqual(kept('hk_market.db'))

    const bars = (from: string) => hkq(['resample', '700', '--every', '1m', '--from', from, '--json'], { cwd })
    const [ours, theirs] = [await bars('hk_market.db'), await bars('parquet:lake')]
    expect(rows<{ volume: number }>(ours.stdout).map(({ volume }) => volume)).toEqual([4_000, 4_000, 4_000])
    expect(theirs.stdout).toBe(ours.stdout)
  })

  it('may be made twice into a store, not into a file: that is told', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.01', '-q'], { cwd })
    const stored = all(cwd, 'hk_market.db', 'ticks').length
    expect(await copied(cwd, '--to', 'copy.db')).toMatch(`${stored} stored, 0 there already`)
    expect(await copied(cwd, '--to', 'copy.db')).toMatch(`0 stored, ${stored} there already`)
    await copied(cwd, '--to', 'copy.csv')
    const { stderr } = await hkq(['export', '--to', 'copy.csv'], { cwd })
    expect(stderr).toMatch(/^hkq: "copy\.csv" is not empty: appending to it\n/)
    const { code } = await hkq(['export', '--to', './hk_market.db'], { cwd })
    expect(code).toBe(2)
  })

  it('are refused in one line where a file stands in the place of a folder', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.01', '-q'], { cwd })
    for (const name of ['hk_market.db/x.csv', 'hk_market.db/x.ndjson']) {
      const { code, stderr } = await hkq(['export', '--to', name], { cwd })
      expect(stderr).toMatch(/^hkq: [^\n]*"?hk_market\.db[^\n]*\n$/)
      expect(code).toBe(6)
    }
  })

  it.skipIf(process.platform !== 'linux')('go through a pipe as CSV, by its name among the devices', () => {
    const cwd = workdir()
    const line = '"$0" "$1" export 700 --from "sim:?speed=max&rate=0.01" --to csv:/dev/stdout | cat'
    const { stdout, stderr } = spawnSync('sh', ['-c', line, process.execPath, BIN], { cwd, encoding: 'utf8' })
    expect(stderr).toMatch(/^\d+ stored, 0 there already/)
    expect(stdout.split('\n').length - 2).toBe(Number.parseInt(stderr, 10))
  })

  it('go to several sinks at once, each with every event', async () => {
    const cwd = workdir()
    await copied(cwd, '700', '--from', 'sim:?speed=max&rate=0.01', '--to', 'a.db', '--to', 'a.csv', '--to', 'a.ndjson')
    for (const from of ['a.csv', 'a.ndjson']) {
      await copied(cwd, '--from', from, '--to', 'b.db')
      expect(all(cwd, 'b.db', 'ticks')).toEqual(all(cwd, 'a.db', 'ticks'))
    }
  })

  it('of a stretch of time take its start and leave its end', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.1&start=2026-11-20T09:30', '-q'], { cwd })
    const { stdout } = await hkq(
      ['export', '--since', '2026-11-20T10:00', '--until', '2026-11-20T10:30', '--to', '-'],
      { cwd },
    )
    const times = rows<{ timestamp: string }>(stdout).map(({ timestamp }) => Date.parse(timestamp))
    expect(times.length).toBeGreaterThan(10)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(at('10:00:00'))
    expect(Math.max(...times)).toBeLessThan(at('10:30:00'))
  })
})

describe("a database made by the tutorial's code", () => {
  function tutorial(): string {
    const cwd = workdir()
    const db = new Sqlite(join(cwd, 'hk_ticks.db'))
    db.exec(`CREATE TABLE ticks (symbol TEXT, timestamp DATETIME, last_price REAL, volume INTEGER, bid_price REAL,
      ask_price REAL, PRIMARY KEY (symbol, timestamp))`)
    const insert = db.prepare('INSERT INTO ticks VALUES (?, ?, ?, ?, ?, ?)')
    db.exec('BEGIN')
    for (let i = 0; i < 240; i++) {
      const time = `2023-08-15 14:${String(Math.floor(i / 4)).padStart(2, '0')}:${String((i % 4) * 15).padStart(2, '0')}.123`
      insert.run('00700.HK', time, 330 + Math.sin(i) / 3, 100 + i, 329.8, 330.2)
    }
    db.exec('COMMIT')
    db.close()
    return cwd
  }

  it('gives the same bars and volatility as it is, and when it has been brought over', async () => {
    const cwd = tutorial()
    await copied(cwd, '--from', 'hk_ticks.db', '--to', 'new.db')
    const columns = '(SELECT symbol, timestamp, last_price, volume, bid_price, ask_price FROM ticks)'
    expect(all(cwd, 'new.db', columns)).toEqual(all(cwd, 'hk_ticks.db', columns))
    for (const args of [
      ['resample'],
      ['resample', '--every', '5m', '--align', 'clock'],
      ['resample', '--every', '30s'],
      ['volatility', '--preset', 'tutorial'],
    ]) {
      const [before, after] = await Promise.all(
        ['hk_ticks.db', 'new.db'].map((from) => hkq([...args, '--from', from], { cwd })),
      )
      expect(rows(before!.stdout).length).toBeGreaterThan(0)
      expect(after).toEqual(before)
    }
  })

  it('is not changed by being read', async () => {
    const cwd = tutorial()
    const bytes = readFileSync(join(cwd, 'hk_ticks.db'))
    for (const command of ['resample', 'volatility', 'export']) {
      expect((await hkq([command, '700', '--from', 'hk_ticks.db'], { cwd })).code).toBe(0)
    }
    expect(readFileSync(join(cwd, 'hk_ticks.db'))).toEqual(bytes)
  })
})

describe("a vendor's one-minute bars", () => {
  function bars(): string {
    const cwd = workdir()
    copyFileSync(resolve(import.meta.dirname, '../fixtures/bars/hk-00388-1m.csv.gz'), join(cwd, 'hk-00388-1m.csv.gz'))
    return cwd
  }

  it('are merged to longer ones that end with each session, and to the days', async () => {
    const cwd = bars()
    const from = ['--from', 'hk-00388-1m.csv.gz']
    const hours = await hkq(['resample', '388', ...from, '--every', '1h'], { cwd })
    expect(rows(hours.stdout).slice(0, 3)).toMatchObject([
      { symbol: '00388.HK', start: '2019-12-24T09:30:00.000+08:00', end: '2019-12-24T10:30:00.000+08:00', open: 248.7 },
      { end: '2019-12-24T11:30:00.000+08:00' },
      { end: '2019-12-24T12:00:00.000+08:00', mean: null, trades: null },
    ])
    const days = await hkq(['resample', ...from, '--every', '1d'], { cwd })
    const sum = (text: string): number =>
      rows<{ volume: number }>(text).reduce((total, { volume }) => total + volume, 0)
    expect(rows(days.stdout)).toHaveLength(3)
    expect(sum(days.stdout)).toBe(sum(hours.stdout))
  })

  it('of years that the calendar does not cover come with one warning', async () => {
    const { stderr } = await hkq(['resample', '--from', 'hk-00388-1m.csv.gz'], { cwd: bars() })
    expect(stderr).toMatch(/^hkq: the calendar covers 2023-2027, not "2019": Monday to Friday count as full .*\n$/)
  })

  it('have a volatility by every estimator that needs no ticks', async () => {
    const cwd = bars()
    for (const estimator of ['grid-std', 'close-to-close', 'parkinson', 'yang-zhang']) {
      const args = ['volatility', '--from', 'hk-00388-1m.csv.gz', '--estimator', estimator, '--last']
      const { code, stdout } = await hkq(args, { cwd })
      expect(rows(stdout)).toMatchObject([{ symbol: '00388.HK', estimator, volatility: expect.any(Number) }])
      expect(code).toBe(0)
    }
    const five = ['volatility', '--from', 'hk-00388-1m.csv.gz', '--estimator', 'parkinson', '--every', '5m']
    const points = rows<{ timestamp: string }>((await hkq([...five, '--until', '2019-12-25'], { cwd })).stdout)
    expect(points.slice(0, 2).map(({ timestamp }) => timestamp.slice(11, 16))).toEqual(['09:35', '09:40'])
    expect(points).toHaveLength(30)
    const { code, stderr } = await hkq(['volatility', '--from', 'hk-00388-1m.csv.gz', '--preset', 'tutorial'], { cwd })
    expect(stderr).toBe('hkq: tick-std needs ticks and got bars: use --estimator grid-std\n')
    expect(code).toBe(2)
  })
})

describe('volumes that never fall', () => {
  it.each(['resample', 'export'])('are told by %s: they look like the running total of the day', async (command) => {
    const cwd = workdir()
    const lines = Array.from(
      { length: 60 },
      (_, i) => `700,2026-11-20 10:00:${String(i).padStart(2, '0')},500,${i + 1}00`,
    )
    writeFileSync(join(cwd, 'total.csv'), `symbol,timestamp,last_price,volume\n${lines.join('\n')}\n`)
    const { code, stderr } = await hkq(
      [command, '--from', 'total.csv', ...(command === 'export' ? ['--to', '-'] : [])],
      { cwd },
    )
    expect(stderr).toMatch(/^\S+ csv 00700\.HK warning: volume never falls.*\?volume=day\n$/)
    expect(code).toBe(0)
  })
})
