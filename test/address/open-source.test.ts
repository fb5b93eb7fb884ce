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
