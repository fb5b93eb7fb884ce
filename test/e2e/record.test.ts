import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type WireOptions, wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { hkq, hkqUntil, numbersIn, rows, workdir } from './hkq.ts'

/** Real trades in tape order: see the README beside the file. */
const FRAMES = gunzipSync(readFileSync(resolve(import.meta.dirname, '../fixtures/real-trades.alltick.ndjson.gz')))
  .toString()
  .trim()
  .split('\n')
const TRADES = FRAMES.map(
  (line) => JSON.parse(line).data as { seq: number; tick_time: number; price: string; volume: string },
)

async function record(cwd: string, options: WireOptions, ...more: string[]) {
  const server = await wireServer(options)
  const ran = await hkq(
    [
      'record',
      '1299.HK',
      '--from',
      `alltick:?endpoint=${server.url}`,
      '--max-retries',
      '0',
      '--relay',
      'off',
      '--json',
      ...more,
    ],
    { cwd, env: { HKQ_ALLTICK_TOKEN: CANARY } },
  )
  return { ...ran, server, summary: JSON.parse(ran.stdout) }
}

async function stored(cwd: string) {
  const { stdout } = await hkq(['export', '--from', 'hk_market.db', '--to', '-'], { cwd })
  return rows<{ type: string; seq: number; last_price: number; volume: number; timestamp: string }>(stdout).filter(
    ({ type }) => type === 'tick',
  )
}

/** One-minute bars straight from the trades. */
function minutes() {
  const bars = new Map<
    number,
    { open: number; high: number; low: number; close: number; volume: number; trades: number }
  >()
  for (const { tick_time, price, volume } of TRADES) {
    const start = Math.floor(tick_time / 60_000) * 60_000
    const p = Number(price)
    const bar = bars.get(start) ?? { open: p, high: p, low: p, close: p, volume: 0, trades: 0 }
    bar.high = Math.max(bar.high, p)
    bar.low = Math.min(bar.low, p)
    bar.close = p
    bar.volume += Number(volume)
    bar.trades++
    bars.set(start, bar)
  }
  return [...bars].map(([start, bar]) => ({ start, ...bar }))
}

describe('recording real trades from an AllTick server', () => {
  it('stores every trade in order, those of the same millisecond too, and makes the exact bars', async () => {
    const cwd = workdir()
    const { summary, code } = await record(cwd, { frames: () => FRAMES })
    expect(code).toBe(0)
    expect(summary).toMatchObject({ received: TRADES.length, stored: TRADES.length, duplicates: 0, gaps: 0 })
    expect((await stored(cwd)).map(({ seq, last_price, volume }) => [seq, last_price, volume])).toEqual(
      TRADES.map(({ seq, price, volume }) => [seq, Number(price), Number(volume)]),
    )
    const bars = await hkq(['resample', '1299.HK', '--every', '1m'], { cwd })
    expect(
      rows<Record<string, number | string>>(bars.stdout).map(({ start, open, high, low, close, volume, trades }) => ({
        ...{ start: Date.parse(String(start)), open, high, low, close, volume, trades },
      })),
    ).toEqual(minutes())
  })

  it('changes nothing when the same trades come again', async () => {
    const cwd = workdir()
    await record(cwd, { frames: () => FRAMES })
    const before = await stored(cwd)
    const { summary, code } = await record(cwd, { frames: () => FRAMES })
    expect(summary).toMatchObject({ stored: 0, duplicates: TRADES.length, gaps: 0 })
    expect(code).toBe(0)
    expect(await stored(cwd)).toEqual(before)
  })

  it('leaves no hole and no double when the line is cut again and again and resumes with overlap', async () => {
    const cwd = workdir()
    const [pieces, overlap] = [3, 50]
    const size = Math.ceil(FRAMES.length / pieces)
    const server = await wireServer({
      frames: (n) => FRAMES.slice(Math.max(0, n * size - overlap), (n + 1) * size),
      closeWith: 'reset',
    })
    const args = ['record', '1299.HK', '--from', `alltick:?endpoint=${server.url}`, '--relay', 'off', '--json']
    const hasAll = (): boolean => numbersIn(join(cwd, 'hk_market.db')).length >= TRADES.length
    const ran = await hkqUntil(args, { cwd, env: { HKQ_ALLTICK_TOKEN: CANARY } }, hasAll)
    expect(JSON.parse(ran.stdout)).toMatchObject({ stored: TRADES.length, gaps: 0 })
    expect((await stored(cwd)).map(({ seq }) => seq)).toEqual(TRADES.map(({ seq }) => seq))
  })

  it('asks with the token', async () => {
    const { server } = await record(workdir(), { frames: () => FRAMES.slice(0, 5) }, '-v')
    expect(new URL(server.queries[0]!, server.url).searchParams.get('token')).toBe(CANARY)
  })
})
