import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer as createTcp, type Socket as TcpSocket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { openFeed } from '../../src/core/connection/feed.ts'
import { redactUrl, scrubber } from '../../src/core/connection/secret.ts'
import { isLoopback, MAX_PAYLOAD } from '../../src/core/connection/socket.ts'
import type { Vendor } from '../../src/core/connection/vendor.ts'
import type { HkqError } from '../../src/core/errors.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { ManualClock, until } from '../support/manual-clock.ts'
import {
  fakeVendor,
  MORNING,
  openServer,
  type Peer,
  peer,
  type Reading,
  type ReadOptions,
  read,
  TOKEN,
} from './fake-vendor.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  BrokenSessions.broken = false
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function start(url: string, options: ReadOptions = {}): Reading {
  const reading = read([url], options)
  cleanups.push(() => {
    reading.stop.abort()
    return reading.done
  })
  return reading
}

function broken(): never {
  throw new Error(`disk full at ${TOKEN}`)
}

/** Sessions that fail when next asked, once told so. */
class BrokenSessions extends Sessions {
  static broken = false
  override day(time: number): ReturnType<Sessions['day']> {
    if (!BrokenSessions.broken) return super.day(time)
    BrokenSessions.broken = false
    return broken()
  }
}

/** The server's end of the TCP connection. */
function wireOf({ socket }: Peer): TcpSocket {
  return (socket as unknown as { _socket: TcpSocket })._socket
}

async function openHttp(listener: RequestListener): Promise<string> {
  const http: HttpServer = createServer(listener)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  cleanups.push(() => {
    http.closeAllConnections()
    http.close()
  })
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/quotes`
}

async function openTcp(onConnection: (socket: TcpSocket) => void): Promise<string> {
  const open = new Set<TcpSocket>()
  const tcp = createTcp((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  cleanups.push(() => {
    for (const socket of open) socket.destroy()
    tcp.close()
  })
  return `ws://127.0.0.1:${(tcp.address() as AddressInfo).port}/quotes`
}

describe('an answer that is no WebSocket', () => {
  it('leaves no connection open, however often it comes', async () => {
    const open = new Set<TcpSocket>()
    const url = await openHttp((request, response) => {
      open.add(request.socket)
      request.socket.once('close', () => open.delete(request.socket))
      response.writeHead(503, { 'content-length': 1_000 }).write('x')
    })
    const { clock, states } = start(url)
    for (let tries = 1; tries <= 3; tries++) {
      await until(() => states('lost').length >= tries)
      await clock.advance(3_000)
    }
    await until(() => open.size <= 1)
  })
})

describe('an address', () => {
  const opening = (url: string) => () =>
    openFeed(fakeVendor([url]), {
      symbols: [],
      depth: 0,
      sessions: new Sessions(),
      clock: new ManualClock(MORNING),
      random: () => 0,
      signal: new AbortController().signal,
    })

  it.each(['ws://quote.example/x', 'ws://127.0.0.1.example.com/', 'ws://10.0.0.1/', 'ws://[2001:db8::1]/'])(
    'without encryption to another machine is refused before anything is opened: %s',
    (url) => expect(opening(url)).toThrow(expect.objectContaining({ code: 'E_USAGE' })),
  )

  it.each(['http://127.0.0.1/', 'quote.example', '', 'file:///etc'])('that is none is refused: "%s"', (url) =>
    expect(opening(url)).toThrow(expect.objectContaining({ code: 'E_USAGE' })),
  )

  it.each(['ws://localhost:8765/', 'ws://[::1]:8765/', 'ws://127.8.9.1/', 'wss://quote.example/x'])(
    'on this machine, or encrypted, is taken: %s',
    (url) => expect(opening(url)).not.toThrow(),
  )

  it('that is none is not on this machine', () => {
    expect(['', 'localhost', 'not an address'].map(isLoopback)).toEqual([false, false, false])
  })

  it('with more symbols than the vendor carries is refused with the limit', () => {
    const symbols = Array.from({ length: 101 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)
    expect(() => read(['wss://quote.example/'], { symbols })).toThrow(/"101" symbols.*carries 100/)
  })
})

describe('a server that is not one', () => {
  it('is told by its HTTP answer', async () => {
    const { states } = start(await openHttp((_, response) => response.end('hello')))
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toMatch(/^HTTP 200 instead of a WebSocket: wrong host or path/)
  })

  it('that redirects is not followed', async () => {
    const target = await openServer()
    cleanups.push(target.close)
    const { states, clock } = start(
      await openHttp((request, response) => {
        response.writeHead(302, { location: `${target.url}?${request.url!.split('?')[1]}` }).end()
      }),
    )
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toContain(`HTTP 302 instead of a WebSocket: it redirects to "${target.url}"`)
    await clock.advance(0)
    expect(target.peers).toHaveLength(0)
  })

  it.each([401, 403])('that answers HTTP %i refuses the token: no further attempt', async (status) => {
    let attempts = 0
    const { done, states } = start(
      await openHttp((_, response) => {
        attempts++
        response.writeHead(status).end('{"msg":"token is required","ret":401}')
      }),
    )
    expect(await done).toMatchObject({
      code: 'E_TOKEN',
      exitCode: 4,
      message: expect.stringContaining(`HTTP ${status}`),
    })
    expect(attempts).toBe(1)
    expect(states('lost')).toEqual([])
  })

  it('that speaks no HTTP is an attempt that failed, once', async () => {
    const { states, clock } = start(await openTcp((socket) => socket.end('220 mail ready\r\n')))
    await until(() => states('lost').length === 1)
    await clock.advance(2_999)
    expect(states('lost')).toHaveLength(1)
  })

  it('that never answers is given up after 10 s', async () => {
    let connected = 0
    const { states, clock } = start(await openTcp(() => connected++))
    await until(() => connected === 1)
    await clock.advance(9_999)
    expect(states('lost')).toEqual([])
    await clock.advance(1)
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toMatch(/^no WebSocket within 10 s; next try in 0\.0 s$/)
  })
})

describe('a message', () => {
  it('of 1 MiB is taken, a larger one ends the connection', async () => {
    const server = await openServer()
    cleanups.push(server.close)
    const sizes: number[] = []
    const { states } = start(server.url, { onBytes: (bytes) => sizes.push(bytes) })
    const first = await peer(server)
    await until(() => sizes.length === 1)
    const pad = (size: number): string => `{"book":"${'x'.repeat(size - 11)}"}`
    first.socket.send(pad(MAX_PAYLOAD))
    first.socket.send(pad(MAX_PAYLOAD + 1))
    await until(() => states('lost').length === 1)
    expect(sizes.at(-1)).toBe(MAX_PAYLOAD)
    expect(states('lost')[0]).toContain('a message larger than 1 MiB was refused')
  })

  it('that cannot be handed on ends the feed with the reason', async () => {
    const server = await openServer()
    cleanups.push(server.close)
    const { done } = start(server.url, {
      onBytes: broken,
    })
    expect(await done).toMatchObject({ code: 'E_UNEXPECTED', message: 'disk full at ***' })
  })

  it.each([
    ['counted', { onBytes: (bytes: number) => (bytes > 20 ? broken() : undefined) }],
    ['handed on', { sessions: new BrokenSessions() }],
  ])('of the usual shape that cannot be %s ends the feed too', async (_, options) => {
    const server = await openServer()
    cleanups.push(server.close)
    const { done, states } = start(server.url, options)
    const first = await peer(server)
    await until(() => states('up').length === 1)
    BrokenSessions.broken = true
    first.send({ tick: [['00700.HK', MORNING, 1]] })
    expect(await done).toMatchObject({ code: 'E_UNEXPECTED', message: 'disk full at ***' })
  })

  it('of the usual shape is read where it stands, in its order among the others', async () => {
    const server = await openServer()
    cleanups.push(server.close)
    const ways: string[] = []
    const openDecoder: Vendor['openDecoder'] = (context) => {
      const decoder = fakeVendor([]).openDecoder(context)
      return {
        get unknown() {
          return decoder.unknown
        },
        decode: (frame, at, out) => {
          ways.push('decoded')
          return decoder.decode(frame, at, out)
        },
        scan: (bytes, begin, end, at, out) => {
          const isTaken = decoder.scan!(bytes, begin, end, at, out)
          if (isTaken) ways.push('scanned')
          return isTaken
        },
      }
    }
    const { events, ofType } = start(server.url, { vendor: { openDecoder }, sessions: new Sessions() })
    const first = await peer(server)
    await until(() => ways.length === 1)
    const wire = wireOf(first)
    wire.cork()
    first.send({ tick: [['00700.HK', MORNING, 1]] })
    first.send({ no: { id: null, code: 429, message: 'slower', verdict: 'backoff' } })
    first.send({ tick: [['00700.HK', MORNING, 2]] })
    first.socket.ping('still there?')
    first.send({ tick: [['00700.HK', MORNING, 3]] })
    wire.uncork()
    const pong = once(first.socket, 'pong')
    await until(() => ofType('tick').length === 3)
    expect(ways.slice(1)).toEqual(['scanned', 'decoded', 'scanned', 'scanned'])
    const told = events.map((event) => (event.type === 'status' ? event.state : event.type))
    expect(told).toEqual(['up', 'gap', 'tick', 'warning', 'tick', 'tick'])
    expect(ofType('tick').map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(String((await pong)[0])).toBe('still there?')
  })

  it.each([
    ['is masked', [0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d], 'MASK must be clear'],
    ['is no UTF-8', [0x81, 0x02, 0xc3, 0x28], 'invalid UTF-8 sequence'],
    ['says it is compressed', [0xc1, 0x02, 0x7b, 0x7d], 'RSV1 must be clear'],
    ['is of no known kind', [0x83, 0x02, 0x7b, 0x7d], 'invalid opcode 3'],
    ['goes on with nothing', [0x80, 0x02, 0x7b, 0x7d], 'invalid opcode 0'],
  ])('that %s ends the connection; what came before it counts', async (_, bytes, words) => {
    const server = await openServer()
    cleanups.push(server.close)
    const { states, ofType } = start(server.url)
    const first = await peer(server)
    const wire = wireOf(first)
    wire.cork()
    first.send({ tick: [['00700.HK', MORNING, 1]] })
    wire.write(Buffer.from(bytes))
    wire.uncork()
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toContain(words)
    expect(ofType('tick')).toHaveLength(1)
  })

  it('is never asked to be compressed', async () => {
    const server = await openServer()
    cleanups.push(server.close)
    start(server.url)
    expect((await peer(server)).socket.extensions).toBe('')
  })
})

describe('a proxy', () => {
  it('is used for other machines: its refusal is told without its password', async () => {
    const lines: string[] = []
    const url = await openTcp((socket) =>
      socket.once('data', (data) => {
        lines.push(String(data).split('\r\n')[0]!)
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      }),
    )
    const proxy = url.replace('ws://', 'http://someone:pass%40word@')
    const { states } = start('wss://quote.example/x', { proxyFor: () => proxy })
    await until(() => states('lost').length === 1)
    expect(lines[0]).toBe('CONNECT quote.example:443 HTTP/1.1')
    expect(states('lost')[0]).not.toMatch(/pass/)
  })

  it('is not used on this machine', async () => {
    const server = await openServer()
    cleanups.push(server.close)
    const { states } = start(server.url, { proxyFor: () => 'http://127.0.0.1:1' })
    await until(() => states('up').length === 1)
  })

  it('that is no address is an error of the configuration', async () => {
    const { done } = start('wss://quote.example/x', { proxyFor: () => 'no proxy' })
    expect(await done).toMatchObject({ code: 'E_CONFIG' })
  })
})

describe('a certificate that nobody vouches for', () => {
  const pem = readFileSync(new URL('../fixtures/connection/self-signed.pem', import.meta.url))

  async function openSelfSigned(): Promise<{ port: number; readonly requests: number }> {
    let requests = 0
    const tls = createTls({ key: pem, cert: pem }, (socket) => {
      socket.on('error', () => {})
      socket.on('data', () => requests++)
    })
    tls.on('tlsClientError', () => {})
    tls.listen(0, '127.0.0.1')
    await once(tls, 'listening')
    cleanups.push(() => tls.close())
    const { port } = tls.address() as AddressInfo
    return {
      port,
      get requests() {
        return requests
      },
    }
  }

  it('is refused, and no token is sent, even where the environment would allow it', async () => {
    const server = await openSelfSigned()
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    cleanups.push(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    const { states } = start(`wss://localhost:${server.port}/quotes`)
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toMatch(/self-signed certificate/)
    expect(server.requests).toBe(0)
  })

  it('is refused behind a proxy, too', async () => {
    const server = await openSelfSigned()
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    cleanups.push(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    const proxy = await openTcp((socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        const upstream = connect(server.port, '127.0.0.1')
        upstream.on('error', () => {})
        socket.pipe(upstream).pipe(socket)
      }),
    )
    const { states } = start('wss://quote.example/x', { proxyFor: () => proxy.replace('ws:', 'http:') })
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toMatch(/self-signed certificate|altnames/)
    expect(server.requests).toBe(0)
  })
})

describe('the token', () => {
  it('reaches the server and nothing else, whatever the server says', async () => {
    const server = await openServer()
    cleanups.push(server.close)
    server.answer = ({ id }, peer) =>
      peer.send({ no: { id, code: 606, message: `${TOKEN} ${encodeURIComponent(TOKEN)}`, verdict: 'backoff' } })
    const { events, states, clock, done } = start(server.url, { maxRetries: 1 })
    const first = await peer(server)
    expect(new URL(first.url, server.url).searchParams.get('token')).toBe(TOKEN)
    await until(() => states('warning').length === 1)
    first.socket.close(4000, `who is ${TOKEN}`)
    await until(() => states('lost').length === 1)
    await clock.advance(3_000)
    const second = await peer(server, 1)
    second.socket.close(4000, `go ${encodeURIComponent(TOKEN)}`)
    const error = (await done) as HkqError
    expect(JSON.stringify(events) + error.message).toContain('***')
  })

  it.each([
    ['as it is', TOKEN],
    ['percent-encoded', encodeURIComponent(TOKEN)],
    ['percent-encoded in small letters', encodeURIComponent(TOKEN).replace(/%../g, (sign) => sign.toLowerCase())],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(TOKEN))],
    ['every character percent-encoded', [...TOKEN].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('')],
    ['in a query', String(new URLSearchParams({ TOKEN }))],
    ['in JSON', JSON.stringify({ TOKEN })],
    ['in JSON with its strokes escaped', JSON.stringify({ TOKEN }).replaceAll('/', '\\/')],
    ['in JSON within JSON', JSON.stringify(JSON.stringify({ TOKEN }))],
    ['in escapes of JSON', [...TOKEN].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
    ['in base64', Buffer.from(TOKEN).toString('base64')],
  ])('is taken out of a text that has it %s', (_, text) => {
    for (const scrub of [scrubber([], { TOKEN }), scrubber([`wss://host/?${new URLSearchParams({ token: TOKEN })}`])])
      expect(scrub(`before ${text} after`)).toMatch(/^before \W*(?:TOKEN)?\W*\*\*\*\W* after$/)
  })

  it('is taken out of any text, with whatever else is secret', () => {
    const scrub = scrubber(['wss://u%40er:pa%20ss@host/p?token=a%2Fb%20c%2Bd&x=1'], {
      authorization: 'Bearer eyJhbGci',
    })
    expect(scrub('a/b c+d | a%2Fb%20c%2Bd | u@er | pa ss | eyJhbGci')).toBe('*** | *** | *** | *** | ***')
    expect(scrub('code 1')).toBe('code 1')
  })

  it('is not in the address that people see', () => {
    expect(redactUrl('wss://user:pass@host:8080/path?token=abcd#x')).toBe('wss://host:8080/path')
  })
})

it('the half of a connection that is gone is noticed by its reset', async () => {
  const server = await openServer()
  cleanups.push(server.close)
  const sockets: TcpSocket[] = []
  const through = await openTcp((socket) => {
    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1')
    upstream.on('error', () => {})
    sockets.push(socket)
    socket.pipe(upstream).pipe(socket)
  })
  const { states } = start(through)
  await until(() => states('up').length === 1)
  sockets[0]!.resetAndDestroy()
  await until(() => states('lost').length === 1)
  expect(states('lost')[0]).toMatch(/^the connection broke off; next try/)
})
