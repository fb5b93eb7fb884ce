import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { bestEndpoint, type EndpointProbe, probeEndpoints } from '../../src/core/connection/probe.ts'
import { probeSession, probeSessions } from '../../src/core/connection/probe-session.ts'
import { alltick } from '../../src/core/connection/vendors/alltick.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { wireServer } from '../support/alltick-wire.ts'
import { CANARY, traces } from '../support/canary.ts'

const TWICE = { samples: 2, timeoutMs: 20_000 }

async function listen(server: Server, path = '/x', scheme = 'ws'): Promise<string> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => open.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
}

const webSocket = async (): Promise<string> => {
  const server = createHttp()
  new WebSocketServer({ server })
  return listen(server)
}
const http = (listener: RequestListener): Promise<string> => {
  const server = createHttp(listener)
  server.on('upgrade', (request, socket) => {
    const answer = { statusCode: 200 }
    listener(request, Object.assign(answer, { end: () => {} }) as never)
    socket.end(`HTTP/1.1 ${answer.statusCode} X\r\nContent-Length: 0\r\n\r\n`)
  })
  return listen(server)
}
const answering = (status: number): Promise<string> =>
  http((_request, response) => {
    response.statusCode = status
    response.end()
  })
/** Accepts connections and never says a word. */
const silent = (): Promise<string> => listen(createTcp())
const NOBODY = 'ws://127.0.0.1:1/x'

const one = async (url: string, options = TWICE): Promise<EndpointProbe> => (await probeEndpoints([url], options))[0]!

describe('probing an endpoint', () => {
  it('measures every phase of the way to a WebSocket', async () => {
    const probe = await one(await webSocket())
    expect(probe).toMatchObject({ reached: true, status: 101, samples: 2, tls: null, failed: null, remedy: null })
    for (const time of [probe.dns, probe.tcp, probe.upgrade, probe.total]) expect(time).toBeGreaterThanOrEqual(0)
    expect(probe.total).toBeGreaterThanOrEqual(Math.max(probe.tcp!, probe.upgrade!))
  })

  it.each([
    [401, /wants a token: set HKQ_ALLTICK_TOKEN/],
    [404, /nothing at this path/],
    [302, /redirects/],
    [503, /service is down/],
    [200, /no WebSocket/],
  ])('counts HTTP %i as reached and says what it means', async (status, remedy) => {
    expect(await one(await answering(status))).toMatchObject({
      reached: true,
      status,
      failed: null,
      remedy: expect.stringMatching(remedy),
    })
  })

  it('names the phase that failed and the remedy: nobody listens', async () => {
    expect(await one(NOBODY)).toMatchObject({
      reached: false,
      total: null,
      failed: { phase: 'tcp', code: 'ECONNREFUSED' },
      remedy: expect.stringMatching(/nothing listens on port \d+/),
    })
  })

  it('names the phase that failed and the remedy: no such name', async () => {
    const { failed, remedy } = await one('wss://no-such-host.invalid/x')
    expect(failed?.phase).toBe('dns')
    expect(remedy).toContain('"no-such-host.invalid"')
  })

  it('names the phase that failed and the remedy: no TLS on this port', async () => {
    const url = (await answering(200)).replace('ws:', 'wss:')
    expect(await one(url)).toMatchObject({
      failed: { phase: 'tls' },
      remedy: expect.stringMatching(/may not speak TLS/),
    })
  })

  it('names the phase that failed and the remedy: connected, but silent, closing, or something else', async () => {
    expect(await one(await silent(), { ...TWICE, timeoutMs: 300 })).toMatchObject({
      failed: { phase: 'upgrade', code: 'TIMEOUT' },
    })
    const closing = await listen(createTcp((socket) => socket.end()))
    expect(await one(closing)).toMatchObject({ failed: { phase: 'upgrade', code: 'CLOSED' } })
    const ssh = await listen(createTcp((socket) => socket.write('SSH-2.0-x\r\n')))
    expect(await one(ssh)).toMatchObject({
      failed: { code: 'NOT_HTTP' },
      remedy: expect.stringMatching(/no web server/),
    })
  })

  it('refuses what is no WebSocket address before anything is opened', async () => {
    await expect(probeEndpoints(['nonsense'])).rejects.toThrow('is not a WebSocket address')
    await expect(bestEndpoint(['https://quote.alltick.co/x'])).rejects.toThrow('is not a WebSocket address')
  })

  it('shows no token', async () => {
    const probe = await one(`${await webSocket()}?token=secret`)
    expect(JSON.stringify(probe)).not.toContain('secret')
    expect(probe.reached).toBe(true)
  })

  it('goes through a proxy to other machines and says when the proxy refuses', async () => {
    const asked: string[] = []
    const proxy = await listen(
      createTcp((socket) => {
        socket.on('error', () => {})
        socket.once('data', (data) => {
          asked.push(data.toString())
          socket.write('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
        })
      }),
    )
    const proxyFor = () => proxy.replace('ws://', 'http://user:pass@')
    const [probe] = await probeEndpoints(['wss://quote.example:8443/x'], { ...TWICE, proxyFor })
    expect(asked[0]).toContain('CONNECT quote.example:8443 HTTP/1.1')
    expect(asked[0]).toContain(`Proxy-Authorization: Basic ${btoa('user:pass')}`)
    expect(probe).toMatchObject({
      failed: { phase: 'proxy', code: '407' },
      remedy: expect.stringMatching(/user and password/),
    })
    expect(await probeEndpoints([await webSocket()], { ...TWICE, proxyFor })).toMatchObject([{ status: 101 }])
  })
})

describe('probing many', () => {
  it('ranks WebSockets first, then other answers, then what was not reached, and tells each as it comes', async () => {
    const [dead, missing, good] = [NOBODY, await answering(404), await webSocket()]
    const told: string[] = []
    const probes = await probeEndpoints([dead, missing, good], { ...TWICE, onResult: ({ url }) => told.push(url) })
    expect(probes.map(({ url }) => url)).toEqual([good, missing, dead])
    expect(told.sort()).toEqual([dead, missing, good].sort())
  })

  it('knows the best one without waiting for a dead one', async () => {
    const urls = [await silent(), await webSocket()]
    const stop = new AbortController()
    const best = await bestEndpoint(urls, { samples: 2, timeoutMs: 3_600_000, signal: stop.signal })
    expect(best).toMatchObject({ url: urls[1], status: 101 })
  })

  it('finds no best one where none is reached, and one with an odd answer where there is no better', async () => {
    expect(await bestEndpoint([NOBODY], TWICE)).toBeNull()
    expect(await bestEndpoint([NOBODY, await answering(404)], TWICE)).toMatchObject({ status: 404 })
  })

  it('ends with its signal', async () => {
    const stop = new AbortController()
    const probing = probeEndpoints([await silent()], { timeoutMs: 3_600_000, signal: stop.signal })
    stop.abort()
    expect(await probing).toMatchObject([{ reached: false }])
  })
})

describe('a session with the token', () => {
  const TOKEN = CANARY
  const trade = (seq: number): string =>
    JSON.stringify({
      cmd_id: 22998,
      data: {
        code: '700.HK',
        seq,
        tick_time: 1782180164000 + seq,
        price: '5',
        volume: '100',
        turnover: '500',
        trade_direction: 0,
      },
    })
  const options = () => ({
    symbols: ['00700.HK'],
    sessions: new Sessions(),
    clock: systemClock,
    heartbeats: 2,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
  })
  const vendorOf = (url: string) => ({ ...alltick({ token: TOKEN, endpoints: [url] }), frameGapMs: 1 })

  it('measures heartbeats and the first tick, having subscribed first', async () => {
    const { url, requests } = await wireServer({ frames: () => [trade(1)], closeWith: null })
    const probe = await probeSession(vendorOf(url), url, options())
    expect(probe).toMatchObject({ failed: null })
    for (const time of [probe.connect, probe.heartbeat, probe.first_tick]) expect(time).toBeGreaterThanOrEqual(0)
    expect(requests[0]!.map(({ frame }) => frame.cmd_id)).toEqual([22004, 22000, 22000])
  })

  it('says why it ended early, without the token', async () => {
    const { url } = await wireServer({ frames: () => [], unknownCodes: new Set(['700.HK']) })
    const probe = await probeSession(vendorOf(url), url, options())
    expect(probe).toMatchObject({ first_tick: null, failed: 'the vendor refused: 600 "code invalid"' })
    const refused = await probeSession(vendorOf(await answering(401)), await answering(401), options())
    expect(refused).toMatchObject({ connect: null, failed: expect.stringMatching(/401/) })
    expect(traces(JSON.stringify([probe, refused]))).toEqual([])
  })

  it('visits one endpoint after the other, no closer than the vendor allows', async () => {
    const urls = [(await wireServer({ frames: () => [trade(1)], closeWith: null })).url, NOBODY]
    const waits: number[] = []
    const clock = { ...systemClock, monotonic: () => 0, sleep: async (ms: number) => void waits.push(ms) }
    const vendor = { ...alltick({ token: TOKEN, endpoints: urls }), frameGapMs: 0 }
    const probes = []
    for await (const probe of probeSessions(vendor, { ...options(), clock, timeoutMs: 0 })) probes.push(probe)
    expect(probes.map(({ url }) => url)).toEqual(urls)
    expect(waits.filter((ms) => ms > 0)).toEqual([3_000])
  })
})
