import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatLocal, parseTime } from '../../src/core/market/time.ts'
import { dayOfTicks, daysFrom, noise } from '../statistics/market.ts'
import { trade, wireServer } from '../support/alltick-wire.ts'
import { finished, hkq, hkqUntil, type Ran, rows, says, start, workdir } from './hkq.ts'

interface Row {
  symbol: string
  timestamp: string
  event: string | null
  volatility: number | null
  samples: number
}

const MARKET = 'sim:?seed=7&speed=max&rate=2&start=2026-11-20'

describe('volatility --exec', () => {
  it('runs at every enter of a batch with the record on standard input, and at none of the history that is followed', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    const alert = ['--exec', 'cat >> alerts.ndjson']
    const newest = rows<Row>((await hkq(['volatility', '--last'], { cwd })).stdout)[0]!.timestamp
    const hasAll = ({ stdout }: Ran): boolean => stdout.includes(newest)
    const followed = await hkqUntil(['volatility', '--follow', ...alert], { cwd }, hasAll)
    expect(followed.code).toBe(130)
    expect(existsSync(join(cwd, 'alerts.ndjson'))).toBe(false)
    const enters = rows<Row>(followed.stdout).filter(({ event }) => event === 'enter')
    expect(enters.length).toBeGreaterThan(0)
    await hkq(['volatility', ...alert], { cwd })
    const alerts = rows<Row>(readFileSync(join(cwd, 'alerts.ndjson'), 'utf8'))
    const times = (list: readonly Row[]): string[] => list.map(({ timestamp }) => timestamp).sort()
    expect(times(alerts)).toEqual(times(enters))
  })
})

describe('volatility by an estimator of bars', () => {
  it('gives of a file, ticks or bars, what it gives of the store: nothing of a bar that --until cuts', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    await hkq(['export', '--to', 'ticks.csv', '-q'], { cwd })
    const bars = await hkq(['resample', '--every', '1m', '--auctions', 'separate', '--format', 'csv'], { cwd })
    writeFileSync(join(cwd, 'bars.csv'), bars.stdout)
    const valuesOf = async (from: string, until: string) => {
      const args = ['volatility', '--from', from, '--estimator', 'parkinson', '--every', '5m', '--until', until]
      return rows<Row>((await hkq(args, { cwd })).stdout).map(({ timestamp, volatility }) => [timestamp, volatility])
    }
    for (const until of ['2026-11-20T10:35', '2026-11-20T10:37:30']) {
      const stored = await valuesOf('hk_market.db', until)
      expect(stored.at(-1)).toEqual(['2026-11-20T10:35:00.000+08:00', expect.any(Number)])
      expect(await valuesOf('ticks.csv', until)).toEqual(stored)
      expect(await valuesOf('bars.csv', until)).toEqual(stored)
    }
  })

  it('takes flagged ticks into its bars when they are included, from the stored minutes and from a file alike', async () => {
    const cwd = workdir()
    const price = (minute: number): number => (minute % 2 === 0 ? 100 : 100.5)
    const at = (minute: number): string =>
      `2026-11-20T${String(9 + Math.floor((30 + minute) / 60)).padStart(2, '0')}:${String((30 + minute) % 60).padStart(2, '0')}`
    const tick = (minute: number, second: string, last_price: number, flags: string[]) =>
      JSON.stringify({
        type: 'tick',
        symbol: '00700.HK',
        timestamp: `${at(minute)}:${second}+08:00`,
        last_price,
        volume: 100,
        flags,
      })
    const minutes = Array.from({ length: 40 }, (_, minute) => minute)
    const lines = minutes.flatMap((minute) => [
      tick(minute, '01', price(minute), []),
      tick(minute, '30', price(minute) + 1, ['suspect_price']),
      tick(minute, '40', price(minute) + 0.2, []),
    ])
    writeFileSync(join(cwd, 'ticks.ndjson'), lines.join('\n'))
    await hkq(['export', '--from', 'ndjson:ticks.ndjson', '--to', 'sqlite:hk_market.db', '-q'], { cwd })
    const last = async (...args: string[]): Promise<number> => {
      const { stdout } = await hkq(['volatility', '--estimator', 'parkinson', '--last', ...args], { cwd })
      return rows<{ volatility: number }>(stdout)[0]!.volatility
    }
    const parkinson = (low: number, high: number): number => Math.log(high / low) / Math.sqrt(4 * Math.LN2)
    const mean = (range: number): number =>
      Math.hypot(parkinson(100, 100 + range), parkinson(100.5, 100.5 + range)) / Math.SQRT2
    expect(await last()).toBeCloseTo(mean(0.2), 12)
    expect(await last('--include', 'suspect_price')).toBeCloseTo(mean(1), 12)
    expect(await last('--include', 'suspect_price', '--from', 'ndjson:ticks.ndjson')).toBeCloseTo(mean(1), 12)
  })
})

describe('volatility over a corporate action', () => {
  const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20']
  const closes = [500, 510, 505, 101.5, 100.9]
  const bars = DAYS.map((day, i) => `${day},700,${closes[i]},${closes[i]},${closes[i]},${closes[i]},1000`)
  const daily = ['--estimator', 'close-to-close', '--every', '1d', '--window', '5d', '--last', '--from', 'csv:days.csv']

  it('warns of the move over night, and with --adjust sees no move in it', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'days.csv'), ['date,symbol,open,high,low,close,volume', ...bars].join('\n'))
    writeFileSync(join(cwd, 'actions.csv'), 'date,symbol,factor\n2026-11-19,00700.HK,0.2\n')
    const raw = await hkq(['volatility', ...daily], { cwd })
    expect(raw.stderr).toContain('00700.HK moved -79.9% over the night to 2026-11-19')
    expect(raw.stderr).toContain('2026-11-19,00700.HK,FACTOR by --adjust')
    const adjusted = await hkq(['volatility', ...daily, '--adjust', 'actions.csv'], { cwd })
    expect(adjusted.stderr).toBe('')
    const prices = [100, 102, 101, 101.5, 100.9]
    const returns = prices.slice(1).map((price, i) => Math.log(price / prices[i]!))
    const mean = returns.reduce((sum, r) => sum + r, 0) / 4
    const deviation = Math.sqrt(returns.reduce((sum, r) => sum + (r - mean) ** 2, 0) / 3)
    expect(rows<{ volatility: number }>(adjusted.stdout)[0]!.volatility).toBeCloseTo(deviation, 12)
  })

  it('refuses a file of actions that is wrong before anything is opened', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'actions.csv'), 'when,what\n')
    for (const command of ['resample', 'volatility']) {
      const { code, stderr } = await hkq([command, '--adjust', 'actions.csv'], { cwd })
      expect(code).toBe(2)
      expect(stderr).toBe('hkq: "actions.csv" has the columns "when, what": it needs date, symbol and factor\n')
    }
  })
})

describe('volatility --annualize', () => {
  it.each([
    ['grid-std', [], 80_970, '80970 periods of 1m of continuous trading in 2026'],
    ['parkinson', ['--every', '1h', '--window', '6h'], 1_473, '1473 periods of 60m of continuous trading in 2026'],
    ['bipower', ['--every', '5m', '--window', '1h'], 16_194, '16194 periods of 5m of continuous trading in 2026'],
  ])('of %s gives the figure per year and says on stderr what it is counted by', async (name, more, periods, basis) => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q'], { cwd })
    const run = await hkq(['volatility', '--estimator', name, ...more, '--annualize'], { cwd })
    expect([run.code, run.stderr]).toEqual([0, `annualised by ${basis}\n`])
    const { volatility, annualized, ...record } = rows<Figures>(run.stdout).at(-1)!
    expect(annualized / volatility).toBeCloseTo(Math.sqrt(periods), 9)
    expect('jump_share' in record).toBe(name === 'bipower')
  })
})

interface Figures {
  volatility: number
  annualized: number
}

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

describe('--follow', () => {
  it.each(['resample', 'volatility'])('of %s is refused with --until, before anything is opened', async (command) => {
    const { code, stderr } = await hkq([command, '--follow', '--until', '11:00'], { cwd: workdir() })
    expect(code).toBe(2)
    expect(stderr).toBe('hkq: --follow goes on and --until ends: leave one out, or end by --duration\n')
  })
})

describe('volatility --follow that begins again', () => {
  it('knows the state that was left, tells an alert that stands once, and gives together what batch gives', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', MARKET, '-q', '--to', 'sqlite:whole.db'], { cwd })
    const batch = rows<Row>((await hkq(['volatility', '--from', 'whole.db'], { cwd })).stdout)
    const enter = batch.findIndex(({ event }) => event === 'enter')
    const leave = batch.findIndex(({ event }) => event === 'leave')
    const [since, midst] = [batch[enter]!.timestamp, batch[enter + 2]!.timestamp]
    expect(leave).toBeGreaterThan(enter + 3)

    const add = (...range: string[]) =>
      hkq(['export', '--from', 'whole.db', ...range, '--to', 'sqlite:grown.db', '-q'], { cwd })
    await add('--until', midst.slice(0, 19).replace(/..$/, '30'))
    const follow = ['volatility', '--from', 'grown.db', '--follow', '--exec', 'cat >> alerts.ndjson']
    const isRead = ({ stdout, stderr }: Ran): boolean => stdout.includes(midst) && stderr.includes('ALERT since')
    const first = await hkqUntil(follow, { cwd }, isRead)
    const told = first.stderr.split('\n').filter((line) => line.includes('ALERT'))
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(new RegExp(`^..:.. 00700.HK ALERT since \\S+ ${since.slice(11, 16)} volatility `))
    expect(existsSync(join(cwd, 'alerts.ndjson'))).toBe(false)

    const again = start(follow, { cwd })
    const ended = finished(again)
    await says(again, /ALERT since/)
    await add()
    await says(again, /back to normal[\s\S]*ALERT vol/)
    again.kill('SIGINT')
    const second = await ended
    expect(second.stderr.indexOf('back to normal')).toBeLessThan(second.stderr.indexOf('ALERT volatility'))
    const grown = new Map(batch.map((row) => [row.timestamp, row]))
    for (const row of [...rows<Row>(first.stdout), ...rows<Row>(second.stdout)]) {
      expect(row).toEqual(grown.get(row.timestamp))
    }
    expect(rows<Row>(first.stdout).at(-1)!.timestamp).toBe(midst)
    expect(rows<Row>(second.stdout).length).toBeGreaterThan(rows<Row>(first.stdout).length)
    expect(readFileSync(join(cwd, 'alerts.ndjson'), 'utf8')).toContain('"enter"')
  })
})

describe('a live feed', () => {
  const at = (time: string) => parseTime(`2026-11-20T${time}`)
  const minute = (n: number) => at('09:30:30') + n * 60_000
  const price = (n: number) => (600 + ((n * 7) % 11) / 5).toFixed(3)
  const trades = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => trade('700.HK', minute(from + i), from + i, price(from + i), 100))

  it('that repeats its last trades after a reconnect counts them once', async () => {
    const cwd = workdir()
    const server = await wireServer({
      frames: (connection) => [trades(0, 3), trades(1, 4), trades(2, 4)][connection],
      closeWith: 'reset',
    })
    const args = ['resample', '700', '--every', '1h', '--from', `alltick:?endpoint=${server.url}&token=off`]
    const { stdout } = await hkqUntil(args, { cwd }, () => server.requests.length > 2)
    expect(rows<object>(stdout).at(-1)).toMatchObject({ trades: 4, volume: 400 })
  })

  it('goes on where its --history ends: what neither has is a gap, and the rest counts once', async () => {
    const cwd = workdir()
    const past = await wireServer({ frames: () => trades(0, 40) })
    const record = ['record', '700', '--from', `alltick:?endpoint=${past.url}&token=off`, '--relay', 'off', '-q']
    await hkq([...record, '--max-retries', '0'], { cwd })
    const run = async (first: number) => {
      const server = await wireServer({ frames: () => trades(first, 60) })
      const from = `alltick:?endpoint=${server.url}&token=off`
      const live = ['volatility', '700', '--from', from, '--history', 'sqlite:hk_market.db', '--max-retries', '0']
      return new Map(rows<Row>((await hkq(live, { cwd })).stdout).map((row) => [row.timestamp.slice(11, 16), row]))
    }
    const [overlapping, apart] = [await run(35), await run(45)]
    const samples = (records: Map<string, Row>) =>
      ['10:10', '10:12', '10:15', '10:29'].map((time) => records.get(time)?.samples)
    expect(samples(overlapping)).toEqual([30, 30, 30, 30])
    expect(samples(apart)).toEqual([29, 27, 24, 23])
  })
})
