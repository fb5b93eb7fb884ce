import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { openSource } from '../../src/core/address/open-source.ts'

/** The path with which a feed of this address connects, by someone whose token is `secret`. */
async function pathAsked(options: string): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const stop = new AbortController()
  onTestFinished(() => {
    stop.abort()
    server.close()
  })
  await once(server, 'listening')
  const address = `alltick:?endpoint=ws://127.0.0.1:${(server.address() as AddressInfo).port}/x${options}`
  const alltick = () => ({ token: 'secret' })
  const source = await openSource(address, { symbols: ['00700.HK'], alltick, signal: stop.signal })
  void source[Symbol.asyncIterator]().next()
  const [, request] = await once(server, 'connection')
  return request.url
}

describe('the token of AllTick', () => {
  it('goes to the endpoint that the user names', async () => {
    expect(await pathAsked('')).toBe('/x?token=secret')
  })

  it('stays at home where the address says so', async () => {
    expect(await pathAsked('&token=off')).toBe('/x')
  })
})

describe('a simulated market', () => {
  it('of a stretch of time is its start and what comes before its end', async () => {
    const since = Date.parse('2026-11-20T10:00+08:00')
    const until = since + 300_000
    const source = await openSource('sim:?speed=max&start=2026-11-20', { symbols: ['00700.HK'], since, until })
    const times: number[] = []
    for await (const batch of source) for (const event of batch) if (event.type === 'tick') times.push(event.timestamp)
    expect(times.length).toBeGreaterThan(10)
    expect(Math.min(...times) - since).toBeGreaterThanOrEqual(0)
    expect(Math.max(...times) - until).toBeLessThan(0)
  })
})
