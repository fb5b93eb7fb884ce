import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { connect, ManualClock, OPEN, quote, request, STOCK, serve, type TestClient, tick } from './support.ts'

const seqs = (client: TestClient) => client.trades.map(({ seq }) => seq)
/** A book of ten wide levels: about a thousand bytes on the wire. */
const levels = Array.from({ length: 10 }, (_, level) => [500.125 + level, 1e12 + 1] as const)
const LARGE = { bids: levels, asks: levels }
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('a late client', () => {
  it('gets the last five minutes first, then live, nothing missing and nothing twice', async () => {
    const server = await serve()
    const minutes = range(0, 11).map((minute) => tick(minute * 60_000))
    await server.publish(minutes)
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([tick(600_001)])
    await client.settled()
    expect(seqs(client)).toEqual([...range(6, 11).map((minute) => minute * 60_000), 600_001])
  })

  it('gets its answer before the history', async () => {
    const server = await serve()
    await server.publish([tick(1)])
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await client.settled()
    expect(client.messages.map(({ cmd_id }) => cmd_id)).toEqual([22005, 22998, 22001])
  })

  it('gets the symbols and kinds it subscribes, in order of publication', async () => {
    const server = await serve()
    const [a, b] = [{ symbol: '00001.HK' }, { symbol: '00002.HK' }]
    await server.publish([tick(1, a), tick(2, b), quote(3, a), tick(4, { symbol: '00003.HK' }), tick(5, a)])
    const client = await connect(server)
    await client.subscribeTrades('2.HK', '1.HK')
    await client.settled()
    expect(seqs(client)).toEqual([1, 2, 5])
    await client.subscribeBooks(10, '1.HK')
    await client.settled()
    expect(client.books).toMatchObject([{ code: '1.HK', seq: 3 }])
  })

  it('subscribing more gets the history of what is new alone', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('1.HK')
    await server.publish([tick(1, { symbol: '00001.HK' }), tick(2, { symbol: '00002.HK' })])
    await client.subscribeTrades('1.HK', '2.HK')
    await client.subscribeTrades('1.HK', '2.HK')
    await client.settled()
    expect(seqs(client)).toEqual([1, 2])
  })

  it('coming back to a symbol gets what it missed, not what it had', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([tick(1)])
    await client.ask(request(22006, { cancel_type: 0 }))
    await server.publish([tick(2)])
    await client.subscribeTrades('700.HK')
    await server.publish([tick(3)])
    await client.settled()
    expect(seqs(client)).toEqual([1, 2, 3])
  })

  it('gets trades in the order of publication though their times go back', async () => {
    const server = await serve()
    await server.publish([tick(5), tick(3), tick(4)])
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await client.settled()
    expect(seqs(client)).toEqual([5, 3, 4])
  })

  it('is not robbed of the history by one absurd time', async () => {
    const server = await serve()
    await server.publish([tick(1, { timestamp: OPEN + 1e12 }), tick(2), tick(3)])
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await client.settled()
    expect(seqs(client)).toContain(3)
    expect(seqs(client)).toContain(2)
  })

  it('gets a long history while others are served: their new trades come at once, its own after the history', async () => {
    const server = await serve()
    await server.publish(range(0, 5_000).map((seq) => tick(seq)))
    const other = await connect(server)
    await other.subscribeTrades('1.HK')
    const client = await connect(server)
    client.send(request(22004, { symbol_list: [{ code: '700.HK' }] }))
    await expect.poll(() => server.wanted.size).toBe(2)
    await server.publish([tick(5_000), tick(5_001, { symbol: '00001.HK' })])
    client.send(request(22004, { symbol_list: [{ code: '700.HK' }, { code: '1.HK' }] }))
    await server.publish([tick(5_002)])
    await client.until(() => client.texts.length === 5_005)
    expect(seqs(client).filter((seq) => seq !== 5_001)).toEqual([...range(0, 5_001), 5_002])
    expect(seqs(client)).toContain(5_001)
    await other.settled()
    expect(seqs(other)).toEqual([5_001])
  })

  it('gets the whole history though the server closes meanwhile', async () => {
    const server = await serve()
    await server.publish(range(0, 5_000).map((seq) => tick(seq)))
    const client = await connect(server)
    client.send(request(22004, { symbol_list: [{ code: '700.HK' }] }))
    while (server.wanted.size === 0) await new Promise((resolve) => setImmediate(resolve))
    await server.close()
    expect(seqs(client)).toEqual(range(0, 5_000))
  })

  it('gets live data alone when no history is kept', async () => {
    const server = await serve({ historyMs: 0 })
    await server.publish([tick(1)])
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([tick(2)])
    await client.settled()
    expect(seqs(client)).toEqual([2])
  })

  it('sees every trade once, wherever its subscriptions fall between the batches', async () => {
    const step = fc.oneof(
      fc.record({ publish: fc.nat({ max: 30 }) }),
      fc.record({ subscribe: fc.subarray(['1.HK', '2.HK', '3.HK']) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const server = await serve()
        const client = await connect(server)
        let seq = 0
        for (const step of steps) {
          if ('subscribe' in step) await client.subscribeTrades(...step.subscribe)
          else
            await server.publish(range(0, step.publish).map(() => tick(++seq, { symbol: `0000${1 + (seq % 3)}.HK` })))
        }
        await client.subscribeTrades('1.HK', '2.HK', '3.HK')
        await client.settled()
        expect(seqs(client).sort((a, b) => a - b)).toEqual(range(1, seq + 1))
        client.ws.terminate()
        await server.close()
      }),
      { numRuns: 30 },
    )
  })
})

describe('a paced publisher', () => {
  it('waits for the first subscriber, who gets everything', async () => {
    const server = await serve({ paced: true })
    let published = false
    const publishing = server.publish([tick(1), tick(2)]).then(() => {
      published = true
    })
    const client = await connect(server)
    await client.settled()
    expect(published).toBe(false)
    await client.subscribeTrades('700.HK')
    await publishing
    await client.settled()
    expect(seqs(client)).toEqual([1, 2])
  })

  it('waits until a client that subscribed trades has subscribed books too, or for the time to settle', async () => {
    const clock = new ManualClock()
    const server = await serve({ paced: true, settleMs: 2_000, clock })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    const publishing = server.publish([quote(1), tick(2)])
    await clock.pass(1_000)
    await client.settled()
    expect(seqs(client)).toEqual([])
    await client.subscribeBooks(5, '700.HK')
    await publishing
    await client.settled()
    expect(client.books).toHaveLength(1)

    const lone = await connect(server)
    await lone.subscribeTrades('1.HK')
    const next = server.publish([tick(3)])
    await clock.pass(2_000)
    await next
    await client.settled()
    expect(seqs(client)).toEqual([2, 3])
  })

  it('sleeps meanwhile, whoever else comes: the server answers', async () => {
    const clock = new ManualClock()
    const server = await serve({ paced: true, settleMs: 2_000, clock })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    const publishing = server.publish([tick(1)])
    const other = await connect(server)
    await other.subscribeTrades('700.HK')
    await client.settled()
    expect(seqs(client)).toEqual([])
    await clock.pass(2_000)
    await publishing
    await other.settled()
    expect([seqs(client), seqs(other)]).toEqual([[1], [1]])
  })

  it('waits for a client that reads slowly, and loses nothing', async () => {
    const server = await serve({ paced: true, historyMs: 0 })
    const client = await connect(server)
    await client.subscribeBooks(10, '700.HK')
    client.ws.pause()
    let published = false
    const publishing = server.publish(range(0, 20_000).map((seq) => quote(seq, LARGE))).then(() => {
      published = true
    })
    const other = await connect(server)
    for (let i = 0; i < 20; i++) await other.settled()
    expect(published).toBe(false)
    client.ws.resume()
    await publishing
    await client.settled()
    expect(client.books.map(({ seq }) => seq)).toEqual(range(0, 20_000))
  })

  it.each([[1_001], [2_500]])('waits for a client that gets a history of %i first, and goes on', async (past) => {
    const server = await serve({ paced: true })
    const [first, second] = [await connect(server), await connect(server)]
    await first.subscribeTrades('700.HK')
    await server.publish(range(0, past).map((seq) => tick(seq)))
    second.send(request(22004, { symbol_list: [{ code: '700.HK' }] }))
    await second.until(() => second.texts.length > 0)
    await server.publish([tick(past)])
    await second.until(() => second.texts.length === past + 2)
    expect(seqs(second)).toEqual(range(0, past + 1))
  })

  it('stops waiting when the server closes', async () => {
    const server = await serve({ paced: true })
    const publishing = server.publish([tick(1)])
    await server.close()
    await expect(publishing).resolves.toBeUndefined()
  })
})

describe('a live publisher', () => {
  it('never waits: a client that does not read is disconnected, the others miss nothing', async () => {
    const server = await serve({ historyMs: 0, maxWaiting: 1 << 20 })
    const [slow, quick] = [await connect(server), await connect(server)]
    const symbol_list = { symbol_list: [{ code: '700.HK', depth_level: 10 }] }
    await slow.ask(request(22002, symbol_list))
    await quick.subscribeTrades('700.HK')
    slow.ws.pause()
    const batch: MarketEvent[] = range(0, 1_000).map((seq) => quote(seq, LARGE))
    for (let i = 0; i < 25; i++) await server.publish(batch)
    await server.publish([tick(1)])
    await quick.settled()
    expect(seqs(quick)).toEqual([1])
    slow.ws.resume()
    const { code, reason } = await slow.end()
    expect(code).toBe(1013)
    expect(reason).toMatch(/^reads too slowly: \d+ bytes wait$/)
  })
})

describe('the end', () => {
  it('comes after everything published, with code 1000', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish(range(0, 5_000).map((seq) => tick(seq)))
    await server.close()
    expect(await client.end()).toEqual({ code: 1000, reason: 'end of data' })
    expect(seqs(client)).toEqual(range(0, 5_000))
  })

  it('is code 1001 when the server goes away', async () => {
    const server = await serve()
    const client = await connect(server)
    await server.close(1001)
    expect(await client.end()).toEqual({ code: 1001, reason: 'server going away' })
  })

  it('comes once, whoever asks again', async () => {
    const server = await serve()
    const client = await connect(server)
    await Promise.all([server.close(1001), server.close()])
    expect((await client.end()).code).toBe(1001)
  })

  it('comes though a client does not read', async () => {
    const clock = new ManualClock()
    const server = await serve({ clock, historyMs: 0 })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    client.ws.pause()
    await server.publish(range(0, 50_000).map((seq) => tick(seq)))
    const closing = server.close(1001)
    await clock.pass(2_000)
    await closing
    expect(server.clients).toBe(0)
  })

  it.each([
    [
      'a request that never ends',
      'POST /quote-stock-b-api/batch-kline HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
    ],
    ['a connection that says nothing', ''],
    [
      'a refused upgrade that is not let go',
      'GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://elsewhere\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
  ])('comes though there is %s', async (_, text) => {
    const clock = new ManualClock()
    const server = await serve({ clock })
    const socket = connectTcp({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    if (text !== '') socket.write(text)
    socket.resume()
    await fetch(`http://127.0.0.1:${server.port}/`, { headers: { connection: 'close' } })
    const closing = server.close()
    await clock.pass(2_000)
    await closing
  })

  it('of a port already taken is an error with the remedy', async () => {
    const { port } = await serve()
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'E_NETWORK',
      message: expect.stringMatching(/^cannot listen on "127.0.0.1:\d+" .*EADDRINUSE.*: choose another port/),
    })
  })
})

describe('the door', () => {
  it.each([
    ['no token', '/quote-stock-b-ws-api', 'token is required'],
    ['an empty token', '/quote-stock-b-ws-api?token=', 'token is required'],
    ['a wrong token', '/quote-stock-b-ws-api?token=secreT', 'token invalid'],
    ['no token on the tutorial path', '/realtime/hk', 'token is required'],
  ])('with tokens refuses %s with HTTP 401 and its reason', async (_, path, msg) => {
    const server = await serve({ tokens: ['other', 'secret'] })
    const client = await import('node:http')
    const { status, body } = await new Promise<{ status: number | undefined; body: string }>((resolve) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      }
      client.get(server.url.replace('ws:', 'http:') + path, { headers }, async (response) => {
        let body = ''
        for await (const chunk of response) body += chunk
        resolve({ status: response.statusCode, body })
      })
    })
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 401, body: { msg, ret: 401 } })
    await expect(connect(server, '/quote-stock-b-ws-api?token=secret')).resolves.toBeDefined()
  })

  it.each([
    ['https://example.com', 403],
    ['http://example.com:8765', 403],
    ['null', 403],
    ['http://127.0.0.1.example.com', 403],
    ['http://localhost:3000', 101],
    ['http://127.0.0.1:8050', 101],
    ['http://[::1]:8050', 101],
  ])('answers an upgrade from the page %s with %i', async (origin, status) => {
    const server = await serve()
    const attempt = connect(server, STOCK, { origin })
    if (status === 101) await expect(attempt).resolves.toBeDefined()
    else await expect(attempt).rejects.toThrow(String(status))
  })

  it('on loopback does not believe a name that was bent to it', async () => {
    const server = await serve()
    const host = `rebound.example:${server.port}`
    await expect(connect(server, STOCK, { host, origin: `http://${host}` })).rejects.toThrow('403')
  })
})
