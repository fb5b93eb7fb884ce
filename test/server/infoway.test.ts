import { request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Sessions } from '../../src/core/market/session.ts'
import type { QuoteServer } from '../../src/core/server/server.ts'
import { connect, ManualClock, type Message, OPEN, quote, serve, type TestClient, tick } from './support.ts'

const PATH = '/ws?business=stock&apikey=t'
const GREETING = ['You have permission to subscribe to all market data', '{"code":200,"msg":"ws connect success"}']
const PUSHES: ReadonlySet<number> = new Set([10002, 10005])

/** A client of this dialect: what it got behind the greeting. */
class Infoway {
  readonly client: TestClient

  constructor(client: TestClient) {
    this.client = client
  }

  get texts(): string[] {
    return this.client.texts.slice(GREETING.length)
  }

  get messages(): Message[] {
    return this.texts.map((text) => JSON.parse(text))
  }

  get pushes(): string[] {
    return this.texts.filter((text) => PUSHES.has(JSON.parse(text).code))
  }

  get answers(): Message[] {
    return this.messages.filter(({ code }) => !PUSHES.has(code))
  }

  async ask(message: unknown): Promise<Message> {
    const before = this.answers.length
    this.client.send(message)
    await this.client.until(() => this.answers.length > before)
    return this.answers[before]!
  }
}

async function open(server: QuoteServer, path = PATH): Promise<Infoway> {
  const client = await connect(server, path)
  await client.until(() => client.texts.length >= GREETING.length)
  expect(client.texts.slice(0, GREETING.length)).toEqual(GREETING)
  return new Infoway(client)
}

const trades = (codes: string, trace = 'x1') => ({ code: 10000, trace, data: { codes } })
const books = (codes: string) => ({ code: 10003, trace: 'x2', data: { codes } })
const heartbeat = { code: 10010, trace: 'h' }

describe('the Infoway dialect', () => {
  it('greets, acknowledges by trace, and pushes trades and books as the service does', async () => {
    const server = await serve()
    const session = await open(server)
    expect(await session.ask(trades('00700.HK,HSI.HK'))).toEqual({ code: 10001, trace: 'x1', msg: 'ok' })
    expect(await session.ask(books('00700.HK'))).toEqual({ code: 10004, trace: 'x2', msg: 'ok' })
    await server.publish([
      quote(1),
      tick(2, { side: 'sell', volume: 300, turnover: 154_050 }),
      tick(3, { symbol: 'HSI', last_price: 24_001.12, volume: null, turnover: null }),
      tick(4, { symbol: '00005.HK' }),
    ])
    await session.client.until(() => session.pushes.length === 3)
    expect(session.pushes).toEqual([
      `{"code":10005,"data":{"a":[["513.5","514"],["8800","21900"]],"b":[["513","512.5","512"],["12300","40100","500"]],"s":"00700.HK","t":${OPEN + 1}}}`,
      `{"code":10002,"data":{"p":"513.5","s":"00700.HK","t":${OPEN + 2},"td":2,"v":"300","vw":"154050"}}`,
      `{"code":10002,"data":{"p":"24001.12","s":"HSI.HK","t":${OPEN + 3},"td":0,"v":"0","vw":"0"}}`,
    ])
  })

  it('adds what is subscribed to what was, and cancels codes or all', async () => {
    const server = await serve()
    const session = await open(server)
    await session.ask(trades('00700.HK,00005.HK'))
    await session.ask(trades('09988.HK'))
    expect([...server.wanted]).toEqual(['00700.HK', '00005.HK', '09988.HK'])
    expect(await session.ask({ code: 11000, trace: 'c', data: { codes: '00005.HK' } })).toEqual({
      ...{ code: 11010, trace: 'c', msg: 'ok' },
    })
    expect([...server.wanted]).toEqual(['00700.HK', '09988.HK'])
    await session.ask(books('00700.HK'))
    await session.ask({ code: 11000, trace: 'c' })
    expect([...server.wanted]).toEqual(['00700.HK'])
    await session.ask({ code: 11001, trace: 'c' })
    expect([...server.wanted]).toEqual([])
  })

  it('sends late clients the history first', async () => {
    const server = await serve()
    await server.publish([tick(1), quote(2), tick(3)])
    const session = await open(server)
    await session.ask(trades('00700.HK'))
    await session.client.until(() => session.pushes.length === 2)
    expect(session.pushes.map((text) => JSON.parse(text).data.t)).toEqual([OPEN + 1, OPEN + 3])
  })

  it('accepts codes that it does not know, and other businesses, and is silent about them', async () => {
    const server = await serve()
    const session = await open(server)
    expect(await session.ask(trades('AAPL.US,nonsense'))).toMatchObject({ code: 10001, msg: 'ok' })
    const elsewhere = await open(server, '/ws?business=crypto&apikey=t')
    expect(await elsewhere.ask(trades('00700.HK'))).toMatchObject({ code: 10001 })
    expect(server.wanted.size).toBe(0)
  })

  it.each([
    ['no data', { code: 10000, trace: 'a' }, { traceId: 'a', code: 507, msg: 'Param lost：data' }],
    ['codes that are no text', { code: 10000, trace: 'a', data: { codes: ['00700.HK'] } }, { traceId: 'a', code: 507 }],
    ['an unknown code', { code: 99999, trace: 'b' }, { traceId: 'b', code: 506 }],
    ['no code', {}, { traceId: '', code: 506 }],
  ])('answers %s with an error that names the request', async (_, message, answer) => {
    expect(await (await open(await serve())).ask(message)).toMatchObject(answer)
  })

  it('says in plain text that a message is no JSON', async () => {
    const session = await open(await serve())
    session.client.send('hello')
    await session.client.until(() => session.texts.length === 1)
    expect(session.texts).toEqual(['Param not json'])
  })

  it('never answers a heartbeat, and closes with 513 after a minute without one', async () => {
    const clock = new ManualClock()
    const server = await serve({ clock })
    const [quiet, alive] = [await open(server), await open(server)]
    await clock.pass(50_000)
    alive.client.send(heartbeat)
    await alive.ask(trades('00700.HK'))
    await clock.pass(12_000)
    expect((await quiet.client.end()).code).toBe(1008)
    expect(quiet.messages).toMatchObject([{ code: 513, msg: 'no heartbeat for 60 s' }])
    expect(alive.client.closed).toBeNull()
    expect(alive.messages.map(({ code }) => code)).toEqual([10001])
  })

  it('is spoken on every path where the server has no other', async () => {
    const session = await open(await serve({ dialect: 'infoway' }), '/')
    expect(await session.ask(trades('00700.HK'))).toMatchObject({ code: 10001 })
  })
})

describe('a strict Infoway server', () => {
  it('lets 60 frames through a minute, heartbeats among them, then says 501 and closes', async () => {
    const clock = new ManualClock()
    const server = await serve({ strict: true, clock })
    const session = await open(server)
    for (let i = 0; i < 59; i++) session.client.send(heartbeat)
    expect(await session.ask(trades('00700.HK'))).toMatchObject({ code: 10001 })
    expect(await session.ask(heartbeat)).toMatchObject({ code: 501 })
    expect((await session.client.end()).code).toBe(1008)

    const paced = await open(server)
    const cancel = { code: 11000, trace: 'c' }
    for (let i = 0; i < 58; i++) await paced.ask(cancel)
    await clock.pass(31_000)
    paced.client.send(heartbeat)
    await paced.ask(cancel)
    await clock.pass(30_000)
    expect(await paced.ask(trades('00700.HK'))).toMatchObject({ code: 10001 })
  })

  it('refuses more symbols than the plan has, and keeps those it had', async () => {
    const server = await serve({ strict: true, plan: 'free' })
    const session = await open(server)
    const codes = (from: number, count: number): string =>
      Array.from({ length: count }, (_, i) => `${String(from + i).padStart(5, '0')}.HK`).join(',')
    expect(await session.ask(trades(codes(1, 10)))).toMatchObject({ code: 10001 })
    expect(await session.ask(trades(codes(20, 1)))).toMatchObject({ code: 505, traceId: 'x1' })
    expect(server.wanted.size).toBe(10)
  })

  it('wants five digits', async () => {
    const server = await serve({ strict: true })
    const session = await open(server)
    await session.ask(trades('700.HK,00005.HK,HSI.HK'))
    expect([...server.wanted]).toEqual(['00005.HK', 'HSI'])
  })

  it('has room for as many connections as the plan, and says 512 to the next', async () => {
    const server = await serve({ strict: true, plan: 'free' })
    await open(server)
    const next = await connect(server, PATH)
    expect((await next.end()).code).toBe(1008)
    expect(JSON.parse(next.texts.at(-1)!)).toMatchObject({ code: 512 })
  })

  it('lets nobody in without the key', async () => {
    const server = await serve({ strict: true, tokens: ['right'] })
    await expect(connect(server, '/ws?business=stock')).rejects.toThrow('401')
    await expect(connect(server, '/ws?business=stock&apikey=wrong')).rejects.toThrow('401')
    await open(server, '/ws?business=stock&apikey=right')
  })
})

async function get(server: QuoteServer, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const url = new URL(path, server.url.replace('ws:', 'http:'))
  return new Promise<{ status: number; body: Message }>((resolve, reject) => {
    const call = httpRequest(url, { method, headers }, async (response) => {
      let text = ''
      for await (const part of response) text += part
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
    })
    call.on('error', reject).end()
  })
}

describe('the HTTP interface of Infoway', () => {
  it('tells the latest trades and books of the codes it knows', async () => {
    const server = await serve()
    await server.publish([quote(1), tick(2, { side: 'buy' }), tick(3, { symbol: '00005.HK', last_price: 60 })])
    const { body } = await get(server, '/stock/batch_trade/00700.HK%2C00005.HK,01234.HK,nonsense')
    expect(body).toMatchObject({ ret: 200, msg: 'success' })
    expect(body.data).toEqual([
      { p: '513.5', s: '00700.HK', t: OPEN + 2, td: 1, v: '100', vw: '51350' },
      { p: '60', s: '00005.HK', t: OPEN + 3, td: 0, v: '100', vw: '6000' },
    ])
    const depth = await get(server, '/stock/batch_depth/00700.HK')
    expect(depth.body.data[0].b).toEqual([
      ['513', '512.5', '512'],
      ['12300', '40100', '500'],
    ])
  })

  it('tells K-lines newest first: of one code as many as asked for, of more the two newest', async () => {
    const server = await serve({ sessions: new Sessions() })
    const minute = (n: number, symbol = '00700.HK') =>
      tick(n, { symbol, timestamp: OPEN + n * 60_000, last_price: 500 + n })
    await server.publish([minute(0), minute(1), minute(2), minute(2, '00005.HK')])
    const one = await get(server, '/stock/batch_kline/1/500/00700.HK')
    expect(one.body.data[0].respList.map(({ t }: Message) => Number(t))).toEqual(
      [2, 1, 0].map((n) => OPEN / 1_000 + n * 60),
    )
    expect(one.body.data[0].respList[0]).toMatchObject({
      o: '502',
      h: '502',
      l: '502',
      c: '502',
      v: '100',
      vw: '50200',
    })
    const two = await get(server, '/stock/batch_kline/1/500/00700.HK,00005.HK')
    expect(two.body.data.map(({ s, respList }: Message) => [s, respList.length])).toEqual([
      ['00700.HK', 2],
      ['00005.HK', 1],
    ])
  })

  it.each([
    ['/stock/batch_trade/nonsense', 500],
    ['/stock/batch_kline/99/2/00700.HK', 500],
    ['/stock/batch_kline/1/501/00700.HK', 503],
    ['/stock/batch_kline/1/x/00700.HK', 503],
    ['/stock/batch_trade/%E0%A4%A', 500],
    [`/stock/batch_trade/${Array(101).fill('00700.HK').join(',')}`, 505],
  ])('refuses %.60s with %i', async (path, ret) => {
    expect((await get(await serve(), path)).body).toMatchObject({ ret, data: null })
  })

  it('tells static facts as far as the source knows them', async () => {
    const known = {
      ...{ symbol: '00700.HK', date: '2026-11-20', name_en: 'TENCENT', name_zh: '騰訊控股', currency: 'HKD' },
      ...{ lot_size: 100, kind: 'equity' as const, prev_close: 500, vendor: 'sim', vendor_code: '00700.HK' },
    }
    const server = await serve({ instruments: () => [known] })
    const { body } = await get(server, '/common/basic/symbols/info?type=STOCK_HK&symbols=00700.HK,00005.HK')
    expect(body.data).toMatchObject([{ symbol: '00700.HK', name_en: 'TENCENT', lot_size: 100, currency: 'HKD' }])
  })

  it('asks for the key in the header', async () => {
    const server = await serve({ tokens: ['right'] })
    expect((await get(server, '/stock/batch_trade/00700.HK')).status).toBe(401)
    expect((await get(server, '/stock/batch_trade/00700.HK', { apiKey: 'right' })).status).toBe(200)
    expect((await get(server, '/stock/batch_trade/00700.HK', { apiKey: 'right' }, 'POST')).status).toBe(405)
  })
})
