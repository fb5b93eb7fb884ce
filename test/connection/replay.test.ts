import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { Capture } from '../../src/core/connection/capture.ts'
import { openFeed } from '../../src/core/connection/feed.ts'
import { openRaw } from '../../src/core/connection/raw.ts'
import { AllTickHttp } from '../../src/core/connection/vendors/alltick/http.ts'
import { alltick } from '../../src/core/connection/vendors/alltick.ts'
import { tutorial } from '../../src/core/connection/vendors/tutorial.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { openServer } from '../../src/core/server/server.ts'
import { openSimulator } from '../../src/core/simulator/simulator.ts'

const sessions = new Sessions()
const SYMBOLS = ['00700.HK', 'HSI']

/** A server that plays a minute of a simulated market to its first client. */
async function market(path: string) {
  const stop = new AbortController()
  const start = parseTime('2026-06-23T09:30')
  const simulator = openSimulator({
    symbols: SYMBOLS,
    seed: 7,
    speed: 'max',
    start,
    sessions,
    clock: systemClock,
    signal: stop.signal,
  })
  const instruments = (await simulator.instruments?.()) ?? []
  const server = await openServer({ sessions, paced: true, instruments: () => instruments })
  onTestFinished(async () => {
    stop.abort()
    await server.close()
  })
  void (async () => {
    for await (const batch of simulator) {
      await server.publish(batch)
      if (batch.some((event) => event.type === 'tick' && event.timestamp > start + 60_000)) break
    }
  })()
  return { endpoint: `ws://127.0.0.1:${server.port}${path}` }
}

const trades = (events: readonly MarketEvent[]): MarketEvent[] =>
  events.filter(({ type }) => type === 'tick' || type === 'quote' || type === 'rejected')

describe('a feed captured and decoded again', () => {
  it.each([
    ['alltick', '/quote-stock-b-ws-api', 5],
    ['tutorial', '/realtime/hk', 0],
  ] as const)('yields identical rows: %s', async (name, path, depth) => {
    const dir = mkdtempSync(join(tmpdir(), 'hkq-replay-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const { endpoint } = await market(path)
    const made = name === 'alltick' ? alltick({ endpoints: [endpoint] }) : tutorial({ endpoints: [endpoint] })
    const onFailure = (error: Error): never => {
      throw error
    }
    const capture = new Capture(dir, made, { clock: systemClock, id: 1, onFailure })
    const stop = new AbortController()
    const options = { symbols: SYMBOLS, depth, sessions, clock: systemClock, random: () => 0, signal: stop.signal }
    const received: MarketEvent[] = []
    for await (const batch of openFeed(capture.vendor, options)) {
      received.push(...trades(batch))
      if (received.filter(({ type }) => type === 'tick').length >= 500) stop.abort()
    }
    capture.close()
    const replayed: MarketEvent[] = []
    for await (const batch of openRaw(dir, { sessions })) replayed.push(...trades(batch))
    expect(received.filter(({ type }) => type === 'tick').length).toBeGreaterThanOrEqual(500)
    expect(received.some((event) => event.type === 'tick' && event.bid_price !== null)).toBe(true)
    expect(replayed).toEqual(received)
  })

  it('has static facts of the same server', async () => {
    const { endpoint } = await market('/quote-stock-b-ws-api')
    const http = new AllTickHttp({ endpoint, plan: 'pro', clock: systemClock })
    const facts = await http.staticInfo(['00700.HK'])
    expect(facts).toMatchObject([{ symbol: '00700.HK', currency: 'HKD', lot_size: 100, vendor_code: '700.HK' }])
  })
})
