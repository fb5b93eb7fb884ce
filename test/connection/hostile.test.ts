import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AllTickHttp } from '../../src/core/connection/vendors/alltick/http.ts'
import { HkqError } from '../../src/core/errors.ts'
import { CANARY, traces } from '../support/canary.ts'
import { HOSTILE_VALUES, polluted } from '../support/hostile.ts'
import { ManualClock, until } from '../support/manual-clock.ts'
import { MORNING, openServer, type Peer, peer, read } from './fake-vendor.ts'

const FRAME = JSON.stringify({ tick: [['00700.HK', MORNING, 1]] })

/** A frame of a server as bytes; lengths up to 125. */
function frame(first: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([Buffer.from([first, bytes.length]), bytes])
}

function write({ socket }: Peer, bytes: Buffer): void {
  ;(socket as unknown as { _socket: Socket })._socket.write(bytes)
}

/** A feed that is up, and the server's end of it. */
async function connected() {
  const server = await openServer()
  const reading = read([server.url], { maxRetries: 9 })
  onTestFinished(async () => {
    reading.stop.abort()
    await reading.done
    await server.close()
  })
  const first = await peer(server)
  await until(() => reading.states('up').length === 1)
  return { server, first, ...reading }
}

describe('a vendor’s connection', () => {
  it.each([
    ['a compressed message, which nobody agreed on', frame(0xc1, 'x'), /RSV1 must be clear/],
    ['text that is no UTF-8', frame(0x81, Buffer.from([0x7b, 0xff])), /invalid UTF-8/],
    ['a kind of frame that is none', frame(0x83, 'x'), /invalid opcode 3/],
    ['a masked frame', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]), /MASK must be clear/],
    ['a length beyond all memory', Buffer.from([0x81, 127, 0xff, 255, 255, 255, 255, 255, 255, 255]), /2\^53|1 MiB/],
    ['a message of 10 MB', Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0x98, 0x96, 0x80]), /larger than 1 MiB/],
    ['100,000 fragments', Buffer.concat([frame(0x01, ''), ...Array(100_000).fill(frame(0x00, 'x'))]), /fragments/i],
    ['fragments of nothing', Buffer.concat([frame(0x01, ''), ...Array(100_000).fill(frame(0x00, ''))]), /fragments/i],
    ['a ping of too many bytes', Buffer.from([0x89, 126, 0, 126]), /invalid payload length 126/],
    ['a close of half a code', frame(0x88, 'x'), /invalid payload length 1/],
  ])('that brings %s is given up at once, and the next one is as good as ever', async (_, bytes, words) => {
    const { server, first, states, ofType, clock } = await connected()
    write(first, bytes)
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toMatch(words)
    await clock.advance(9_000)
    const second = await peer(server, 1)
    await until(() => states('up').length === 2)
    second.socket.send(FRAME)
    await until(() => ofType('tick').length === 1)
  })

  it('that floods with pings and reads no answer holds no memory', async () => {
    const { first, states } = await connected()
    const raw = (first.socket as unknown as { _socket: Socket })._socket
    raw.pause()
    const pings = Buffer.concat(Array(10_000).fill(frame(0x89, 'x'.repeat(125))))
    const flood = (): void => {
      while (!raw.destroyed && raw.write(pings));
    }
    raw.on('drain', flood).on('error', () => {})
    flood()
    await until(() => states('lost').length === 1)
  })
})

describe('an answer of HTTP', () => {
  async function asking(answer: (response: ServerResponse) => void): Promise<AllTickHttp> {
    const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const endpoint = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/x`
    const clock = new ManualClock(MORNING)
    return new AllTickHttp({ endpoint, token: CANARY, clock: { ...bound(clock), sleep: async () => {} } })
  }

  const bound = (clock: ManualClock) => ({ now: () => clock.now(), monotonic: () => clock.monotonic() })

  it.each(HOSTILE_VALUES)('with %s anywhere is data, nothing, or an error with its reason', async (_, value) => {
    const bodies = [
      value,
      `{"ret":${value},"msg":"x","data":{}}`,
      `{"ret":600,"msg":${value},"data":{}}`,
      `{"ret":200,"data":${value}}`,
      `{"ret":200,"data":{"kline_list":${value},"tick_list":${value},"static_info_list":${value}}}`,
      `{"ret":200,"data":{"kline_list":[${value}],"tick_list":[${value}],"static_info_list":[${value}]}}`,
      `{"ret":200,"data":{"kline_list":[{"code":${value},"kline_data":${value}}],"tick_list":[{"code":"700.HK","seq":${value},"tick_time":${value},"price":${value},"bids":${value},"asks":[${value}]}],"static_info_list":[{"symbol":"700.HK","name_en":${value},"lot_size":${value},"board":${value}}]}}`,
    ]
    for (const body of bodies) {
      const http = await asking((response) => response.end(body))
      const answers = await Promise.allSettled([
        http.klines('00700.HK', '1m'),
        http.latestTrades(['00700.HK']),
        http.depthTick(['00700.HK']),
        http.staticInfo(['00700.HK']),
      ])
      for (const answer of answers) {
        if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(HkqError)
      }
    }
    expect(polluted()).toBe(false)
  })

  it.each([
    [
      'that is compressed though nobody asked',
      (response: ServerResponse) => {
        response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(50_000_000, ' ')))
      },
      /without AllTick's form/,
    ],
    [
      'of 10 MB',
      (response: ServerResponse) => response.end(Buffer.alloc(10_000_000, ' ')),
      /larger than 4194304 bytes/,
    ],
    [
      'that leads elsewhere',
      (response: ServerResponse) => {
        response.writeHead(302, { location: `http://evil.example/?token=${encodeURIComponent(CANARY)}` }).end()
      },
      /answered HTTP 302 without/,
    ],
    [
      'that repeats the request',
      (response: ServerResponse) => {
        response.end(JSON.stringify({ ret: 400, msg: response.req.url, data: {} }))
      },
      /\*\*\*/,
    ],
    [
      'that breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': 100 }).write('{')
        response.destroy()
      },
      /no data from/,
    ],
  ] as const)('%s is an error with its reason, and without the token', async (_, answer, words) => {
    const http = await asking(answer)
    const error = (await http.klines('00700.HK', '1m').catch((reason: unknown) => reason)) as HkqError
    expect(error.message).toMatch(words)
    expect(traces(`${error.message}${error.stack}${String(error.cause)}`)).toEqual([])
  })
})
