import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, vi } from 'vitest'
import type { RecordingSummary } from '../../src/core/recorder.ts'
import { finished, hkq, rows, says, start, workdir } from './hkq.ts'

const MARKET = 'sim:?seed=7&start=2026-11-20T09:35&rate=100'
const SYMBOLS = ['00700.HK', '00005.HK', 'HSI']
const ENV = { HKQ_ALLTICK_TOKEN: 'secret-token' }

interface Row {
  symbol: string
  timestamp: string
  last_price: number
  volume: number | null
  source: string
}

const trade = ({ symbol, timestamp, last_price, volume }: Row): string =>
  `${timestamp} ${symbol} ${last_price} ${volume}`

/** What the simulated market traded in its first minute or two. */
async function truthOf(cwd: string): Promise<string[]> {
  const args = ['stream', ...SYMBOLS, '--from', `${MARKET}&speed=max`, '--count', '20000']
  return rows<Row>((await hkq(args, { cwd })).stdout).map(trade)
}

async function serve(cwd: string): Promise<{ server: ChildProcess; url: string }> {
  const args = ['serve', ...SYMBOLS, '--from', MARKET, '--to', 'ws://127.0.0.1:0', '--history', '100ms']
  const server = start(args, { cwd, env: ENV })
  const [, url] = await says(server, /serving on (\S+)/)
  return { server, url: url! }
}

/** Waits until the store holds what this source traded in so many further seconds. */
async function holds(cwd: string, source: string, seconds: number): Promise<void> {
  const sql = `SELECT max(time) AS newest FROM tick JOIN source ON source.id = tick.source WHERE source.name = ?`
  let from: number | null = null
  await vi.waitFor(
    () => {
      const db = new Sqlite(join(cwd, 'hk_market.db'), { readonly: true })
      try {
        const { newest } = db.prepare<[string], { newest: number | null }>(sql).get(source)!
        from ??= newest
        expect(newest! - from!).toBeGreaterThanOrEqual(seconds * 1_000)
      } finally {
        db.close()
      }
    },
    { timeout: 50_000, interval: 100 },
  )
}

/** A feed of the two: how it is addressed, and how long it is stored before the next thing happens. */
interface Feed {
  readonly source: string
  readonly seconds: number
  address(url: string): string
}

/**
 * Records from two servers of one market. The first is killed once it was stored long enough and the recorder has said `ready`;
 * the second goes on until it was too.
 */
async function recordThrough(first: Feed, second: Feed, ready: RegExp) {
  const cwd = workdir()
  const [a, b] = await Promise.all([serve(cwd), serve(cwd)])
  const from = ['--from', first.address(a.url), '--from', second.address(b.url)]
  const recorder = start(['record', ...SYMBOLS, ...from, '--relay', 'off', '--json'], { cwd, env: ENV })
  const ran = finished(recorder)
  const lost = says(recorder, / lost: /)
  await says(recorder, ready)
  await holds(cwd, first.source, first.seconds)
  a.server.kill('SIGKILL')
  await lost
  await holds(cwd, second.source, second.seconds)
  recorder.kill('SIGINT')
  const { code, stdout, stderr } = await ran
  const kept = await hkq(['export', '--from', 'hk_market.db', '--to', '-'], { cwd })
  const stored = rows<Row & { type: string }>(kept.stdout).filter(({ type }) => type === 'tick')
  const truth = between(stored.map(trade), await truthOf(cwd))
  return { code, stderr, summary: JSON.parse(stdout) as RecordingSummary, stored, truth }
}

/** The market from the first stored trade of each symbol to its last one. */
function between(stored: readonly string[], truth: readonly string[]): string[] {
  return SYMBOLS.flatMap((symbol) => {
    const own = truth.filter((text) => text.includes(symbol))
    const mine = stored.filter((text) => text.includes(symbol))
    return own.slice(own.indexOf(mine[0]!), own.lastIndexOf(mine.at(-1)!) + 1)
  })
}

const alltick = (seconds: number): Feed => {
  return { source: 'alltick', seconds, address: (url) => `alltick:?endpoint=${url}/quote-stock-b-ws-api` }
}
const tutorial = (seconds: number): Feed => {
  return { source: 'tutorial', seconds, address: (url) => `tutorial:?endpoint=${url}/realtime/hk` }
}

// of two vendors the clocks are known after some seconds
describe('two feeds of one market, the first of them killed', { timeout: 120_000 }, () => {
  it('of two vendors the second goes on where the first broke off: nothing is missing, nothing is there twice', async () => {
    const { code, stderr, summary, stored, truth } = await recordThrough(tutorial(8), alltick(1), / up: [\s\S]* up: /)
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain('merged')
    expect(stored.length).toBeGreaterThanOrEqual(400)
    expect(new Set(stored.map(({ source }) => source))).toEqual(new Set(['tutorial', 'alltick']))
    expect(stored.map(trade).sort()).toEqual(truth.sort())
    expect(summary).toMatchObject({ duplicates: 0, received: stored.length, reconnects: 0 })
    expect(summary.feeds).toMatchObject([{ source: 'tutorial' }, { source: 'alltick' }])
    expect(summary.feeds![0]!.given + summary.feeds![1]!.given).toBe(stored.length)
    expect(summary.feeds![0]!.missed).toBeGreaterThan(0)
    expect(summary.feeds![0]!.coverage).toBeLessThan(1)
  })

  it('two lines of one vendor are merged: losing one is no gap', async () => {
    const { code, stderr, summary, stored, truth } = await recordThrough(
      alltick(1),
      alltick(2),
      /its sequence is that of the first feed/,
    )
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('its sequence is that of the first feed')
    expect(stored.map(trade).sort()).toEqual(truth.sort())
    expect(summary).toMatchObject({ duplicates: 0, received: stored.length, gaps: 0, reconnects: 0 })
  })
})
