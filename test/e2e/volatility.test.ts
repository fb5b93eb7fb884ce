import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { trade, wireServer } from '../support/alltick-wire.ts'
import { finished, hkq, rows, says, start, workdir } from './hkq.ts'

interface Row {
  symbol: string
  timestamp: string
  event: string | null
  samples: number
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
    const first = await hkq([...follow, '--duration', '1s'], { cwd })
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
    const from = ['--from', `alltick:?endpoint=${server.url}&token=off`, '--duration', '7s']
    const { stdout } = await hkq(['resample', '700', '--every', '1h', ...from], { cwd })
    expect(server.requests.length).toBeGreaterThan(1)
    expect(rows<object>(stdout).at(-1)).toMatchObject({ trades: 4, volume: 400 })
  }, 20_000)

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
  }, 20_000)
})
