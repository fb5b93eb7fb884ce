import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatLocal } from '../../src/core/market/time.ts'
import { dayOfTicks, daysFrom, noise } from '../statistics/market.ts'
import { hkq, rows, workdir } from './hkq.ts'

interface Row {
  symbol: string
  timestamp: string
  event: string | null
}

const MARKET = 'sim:?seed=7&speed=max&rate=2&start=2026-11-20'

describe('volatility --exec', () => {
  it('runs at every enter of a batch with the record on standard input, and at none of the history that is followed', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    const alert = ['--exec', 'cat >> alerts.ndjson']
    const followed = await hkq(['volatility', '--follow', '--duration', '2s', ...alert], { cwd })
    expect(followed.code).toBe(0)
    expect(existsSync(join(cwd, 'alerts.ndjson'))).toBe(false)
    const enters = rows<Row>(followed.stdout).filter(({ event }) => event === 'enter')
    expect(enters.length).toBeGreaterThan(0)
    await hkq(['volatility', ...alert], { cwd })
    const alerts = rows<Row>(readFileSync(join(cwd, 'alerts.ndjson'), 'utf8'))
    const times = (list: readonly Row[]): string[] => list.map(({ timestamp }) => timestamp).sort()
    expect(times(alerts)).toEqual(times(enters))
  })
})

const SYMBOLS = ['00700.HK', '09988.HK']
const DAYS = daysFrom('2026-09-01', 10)
const SINCE = ['--since', DAYS[7]!]

/** A file of one-minute bars of both symbols, named by their ends, with storms that trade more. */
function barFile(cwd: string): string {
  const lines = DAYS.flatMap((date, day) =>
    SYMBOLS.flatMap((symbol, which) => {
      const storm = (minute: number) => (noise(day * 97 + which * 31 + Math.floor(minute / 40)) > 0.35 ? 4 : 1)
      const move = (minute: number) => 1e-3 * storm(minute)
      return dayOfTicks(date, { symbol, move, volume: (minute) => 1000 * storm(minute) }).slice(0, -1)
    }),
  ).map(({ symbol, timestamp, last_price: price, volume, turnover }) => {
    const end = formatLocal(timestamp + 30_000).slice(0, 19)
    return [symbol, end, price, price, price, price, volume, turnover].join()
  })
  const file = join(cwd, 'bars.csv')
  writeFileSync(file, ['symbol,time_key,open,high,low,close,volume,turnover', ...lines, ''].join('\n'))
  return file
}

interface BacktestRow extends Row {
  threshold: string
  quantile: number
  alerts: number
}

describe('volatility --since', () => {
  it('is warmed up by what a file holds before it', async () => {
    const cwd = workdir()
    const from = ['--from', barFile(cwd), '--json']
    const whole = rows<Row>((await hkq(['volatility', ...from], { cwd })).stdout)
    const since = rows<Row>((await hkq(['volatility', ...from, ...SINCE], { cwd })).stdout)
    expect(since.length).toBe(3 * 330 * 2 - 6)
    expect(since).toEqual(whole.filter(({ timestamp }) => timestamp >= DAYS[7]!))
  })
})

describe('volatility --backtest', () => {
  it('counts what a run alerts, of a file of bars in one pass and of a store', async () => {
    const cwd = workdir()
    await hkq(['record', ...SYMBOLS, '--from', 'sim:?seed=7&speed=max&rate=0.2&start=2026-11-09&days=8', '-q'], { cwd })
    for (const from of [
      [barFile(cwd), ...SINCE],
      ['hk_market.db', '--since', '2026-11-17'],
    ] as const) {
      const run = ['volatility', '--from', ...from, '--confirm-volume', 'off', '--json']
      const enters = rows<Row>((await hkq(run, { cwd })).stdout).filter(({ event }) => event === 'enter')
      const { code, stdout } = await hkq([...run, '--backtest'], { cwd })
      expect(code).toBe(0)
      const table = rows<BacktestRow>(stdout)
      expect(table.length).toBe(3 * 2 * 7)
      const counted = table.filter(({ threshold, quantile }) => threshold === 'seasonal' && quantile === 0.9)
      const found = SYMBOLS.map((symbol) => enters.filter((row) => row.symbol === symbol).length)
      expect(enters.length).toBeGreaterThan(3)
      expect(counted.map(({ symbol, alerts }) => [symbol, alerts])).toEqual([
        ...SYMBOLS.map((symbol, i) => [symbol, found[i]]),
        [null, enters.length],
      ])
    }
  })

  it('is a table for people with its legend on stderr, and the fields of its schema in every machine format', async () => {
    const cwd = workdir()
    const run = ['volatility', '--backtest', '--threshold', 'flat', '--from', barFile(cwd)]
    const table = await hkq([...run, '--format', 'table'], { cwd })
    expect(table.stdout.split('\n')[0]).toMatch(/^symbol +threshold +q .*lift$/)
    expect(table.stdout).toMatch(/^together +flat +0\.99 /m)
    expect(table.stderr).toMatch(/^early: .*\nbase, hit: the next 30m /)
    const { properties, required } = JSON.parse((await hkq(['volatility', '--backtest', '--schema'], { cwd })).stdout)
    const [row] = rows((await hkq([...run, '--json'], { cwd })).stdout)
    expect(Object.keys(row!)).toEqual(Object.keys(properties))
    expect(required).toEqual(Object.keys(properties))
    const { stdout } = await hkq([...run, '--format', 'csv'], { cwd })
    expect(stdout.split('\n')[0]).toBe(Object.keys(row!).slice(1).join())
    const { properties: plain } = JSON.parse((await hkq(['volatility', '--schema'], { cwd })).stdout)
    expect(plain).toHaveProperty('percentile')
  })

  it('of no data in the range is exit 3 and one line', async () => {
    const cwd = workdir()
    const { code, stdout, stderr } = await hkq(
      ['volatility', '--backtest', '--from', barFile(cwd), '--since', '2026-12-01'],
      { cwd },
    )
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/^hkq: no data in ".*bars\.csv" for this range\n$/)
  })
})
