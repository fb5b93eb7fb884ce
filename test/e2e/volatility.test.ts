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
