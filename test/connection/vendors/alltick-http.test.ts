import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/core/clock.ts'
import { AllTickHttp, type HttpOptions, httpBase } from '../../../src/core/connection/vendors/alltick/http.ts'
import { parseTime } from '../../../src/core/market/time.ts'
import { CANARY, traces } from '../../support/canary.ts'

const TOKEN = CANARY

/** A clock that jumps over every wait and writes it down. */
function jumpingClock(): Clock & { waits: number[] } {
  let time = 0
  const waits: number[] = []
  return {
    waits,
    now: () => parseTime('2026-06-23T10:00') + time,
    monotonic: () => time,
    sleep: async (ms) => {
      waits.push(ms)
      time += ms
    },
  }
}

interface Call {
  method: string
  path: string
  token: string | null
  /** `data` of the query or body. */
  data: { symbol_list: { code: string }[]; data_list: { code: string }[]; code: string }
}

type Answer = (call: Call, response: ServerResponse) => object | undefined

let close = (): void => {}
afterEach(() => close())

/** A server that answers in AllTick's form with what `answer` returns, or leaves the response to it. */
async function serve(answer: Answer, more: Partial<HttpOptions> = {}) {
  const calls: Call[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    let body = ''
    for await (const part of request) body += part
    const { data } = JSON.parse(body || (url.searchParams.get('query') ?? '{}'))
    const call = { method: request.method ?? '', path: url.pathname, token: url.searchParams.get('token'), data }
    calls.push(call)
    const answered = answer(call, response)
    if (answered) response.end(JSON.stringify({ ret: 200, msg: 'ok', trace: 't', data: answered }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const { port } = server.address() as AddressInfo
  const clock = jumpingClock()
  const http = new AllTickHttp({
    endpoint: `ws://127.0.0.1:${port}/quote-stock-b-ws-api`,
    token: TOKEN,
    clock,
    ...more,
  })
  return { http, calls, clock }
}

const bar = (day: string, close: string): object => ({
  timestamp: String(parseTime(day) / 1000),
  open_price: '1',
  close_price: close,
  high_price: '2',
  low_price: '1',
  volume: '100',
  turnover: '150',
})

const info = (code: string): object => ({
  symbol: code,
  name_cn: '腾讯控股',
  name_hk: '騰訊控股',
  name_en: 'TENCENT',
  exchange: 'SEHK',
  board: 'HKEquity',
  currency: 'HKD',
  lot_size: '100',
})

const failed = async (promise: Promise<unknown>): Promise<{ code: string; message: string }> =>
  promise.then(
    () => ({ code: 'none', message: '' }),
    ({ code, message }) => ({ code, message }),
  )

describe("AllTick's HTTP interface", () => {
  it('is on the host and port of the WebSocket address', () => {
    expect(httpBase('wss://quote.alltick.co/quote-stock-b-ws-api')).toBe('https://quote.alltick.co/quote-stock-b-api')
    expect(httpBase('ws://127.0.0.1:8765')).toBe('http://127.0.0.1:8765/quote-stock-b-api')
    expect(() => httpBase('nonsense')).toThrow('endpoint "nonsense" is not an address')
  })

  it('asks for K-lines in the documented form and gives them oldest first', async () => {
    const { http, calls } = await serve(() => ({
      kline_list: [bar('2026-06-23', '5.5'), bar('2026-06-22', '5'), {}, null],
    }))
    expect(await http.klines('00700.HK', '1m', 9_999)).toMatchObject([
      { time: parseTime('2026-06-22'), open: 1, high: 2, low: 1, close: 5, volume: 100, turnover: 150 },
      { time: parseTime('2026-06-23'), close: 5.5 },
    ])
    const data = { code: '700.HK', kline_type: 1, kline_timestamp_end: 0, query_kline_num: 500, adjust_type: 0 }
    expect(calls).toEqual([{ method: 'GET', path: '/quote-stock-b-api/kline', token: TOKEN, data }])
  })

  it('reads the latest trades and books, whatever the type of their numbers', async () => {
    const { http } = await serve(({ path }) => {
      const base = { code: '700.HK', seq: '9007199254740993', tick_time: '1782180164123' }
      const trade = { ...base, price: '513.5', volume: '300', turnover: 154050, trade_direction: '2' }
      const book = {
        ...base,
        bids: [
          { price: '1', volume: '5' },
          { price: 2, volume: 6 },
        ],
        asks: null,
      }
      return { tick_list: [path.endsWith('trade-tick') ? trade : book, { code: 'AAPL.US' }, 'x', { code: '5.HK' }] }
    })
    const head = { symbol: '00700.HK', seq: 9007199254740993n, time: 1782180164123 }
    expect(await http.latestTrades(['00700.HK'])).toEqual([
      { ...head, price: 513.5, volume: 300, turnover: 154050, side: 'sell' },
    ])
    expect(await http.depthTick(['00700.HK'])).toEqual([
      {
        ...head,
        bids: [
          [2, 6],
          [1, 5],
        ],
        asks: [],
      },
    ])
  })

  it('tells names, lot and the previous close: that of the older daily bar once today has one', async () => {
    const { http } = await serve(({ path, data }) =>
      path.endsWith('static_info')
        ? { static_info_list: data.symbol_list.map(({ code }) => info(code)) }
        : {
            kline_list: data.data_list.map(({ code }) => ({
              code,
              kline_type: 8,
              kline_data: [bar('2026-06-23', '520'), bar('2026-06-22', '513.5')],
            })),
          },
    )
    expect(await http.staticInfo(['00700.HK'])).toEqual([
      {
        symbol: '00700.HK',
        date: '2026-06-23',
        name_en: 'TENCENT',
        name_zh: '騰訊控股',
        currency: 'HKD',
        lot_size: 100,
        kind: 'equity',
        prev_close: 513.5,
        vendor: 'alltick',
        vendor_code: '700.HK',
      },
    ])
  })

  it('takes the newest daily bar as the previous close while a trading day has none of its own', async () => {
    const { http } = await serve(({ path }) =>
      path.endsWith('static_info')
        ? {}
        : {
            kline_list: [
              { code: '700.HK', kline_type: 8, kline_data: [bar('2026-06-18', '5'), bar('2026-06-22', '6')] },
            ],
          },
    )
    expect(await http.staticInfo(['00700.HK'])).toMatchObject([{ prev_close: 6 }])
  })

  it('asks K-lines one by one where the server knows no batches', async () => {
    const { http, calls } = await serve(({ path }, response) => {
      if (path.endsWith('/kline')) return { kline_list: [bar('2026-06-22', '5'), bar('2026-06-23', '6')] }
      response.statusCode = 404
      response.end('not found')
      return undefined
    })
    expect(await http.staticInfo(['00700.HK', 'HSI'])).toMatchObject([
      { symbol: '00700.HK', name_en: null, lot_size: null, kind: 'unknown', prev_close: 5 },
      { symbol: 'HSI', kind: 'index', prev_close: 5 },
    ])
    expect(calls.map(({ path }) => path.split('/').at(-1))).toEqual(['static_info', 'batch-kline', 'kline', 'kline'])
  })

  it('guesses nothing: a broken lot size is unknown, a symbol of which nothing came is left out', async () => {
    const { http } = await serve(({ path }) =>
      path.endsWith('static_info') ? { static_info_list: [{ ...info('700.HK'), lot_size: '0', name_hk: ' ' }] } : {},
    )
    expect(await http.staticInfo(['00700.HK', '00005.HK'])).toMatchObject([
      { symbol: '00700.HK', lot_size: null, name_zh: '腾讯控股', prev_close: null },
    ])
  })

  it('returns nothing when the server is away, and never rejects', async () => {
    const http = new AllTickHttp({ endpoint: 'ws://127.0.0.1:1/x', clock: jumpingClock() })
    expect(await http.staticInfo(['00700.HK'])).toEqual([])
  })

  it.each([
    ['free', [10_000, 10_000]],
    ['basic', [1_000, 1_000]],
    ['premium', [100, 100]],
    ['pro', [50, 50]],
  ] as const)('calls one at a time at the pace of the plan: %s', async (plan, waits) => {
    const { http, clock } = await serve(() => ({ kline_list: [] }), { plan })
    await Promise.all([1, 2, 3].map(() => http.klines('00700.HK', '1m')))
    expect(clock.waits).toEqual(waits)
  })

  it('asks for at most as many symbols a call as the plan takes', async () => {
    const { http, calls } = await serve(() => ({ tick_list: [] }), { plan: 'free' })
    await http.latestTrades(Array.from({ length: 12 }, (_, i) => `0000${i + 1}.HK`.slice(-8)))
    expect(calls.map(({ data }) => data.symbol_list.length)).toEqual([5, 5, 2])
  })

  it('says what the vendor refused, and the token never', async () => {
    const { http } = await serve((_, response) => {
      response.statusCode = 401
      response.end(JSON.stringify({ ret: 401, msg: `token ${TOKEN} invalid` }).replaceAll('/', '\\/'))
      return undefined
    })
    const error = await failed(http.klines('00700.HK', '1m'))
    expect(error).toMatchObject({ code: 'E_TOKEN', message: expect.stringContaining('401 "token *** invalid"') })
    const none = await failed(
      new AllTickHttp({ endpoint: 'ws://127.0.0.1:1/x', token: TOKEN, clock: jumpingClock() }).klines('00700.HK', '1m'),
    )
    expect(none.code).toBe('E_NETWORK')
    expect(traces(inspect([error, none], { depth: 9 }))).toEqual([])
  })

  it('follows no redirect', async () => {
    const { http, calls } = await serve((_, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end()
      return undefined
    })
    expect(await failed(http.klines('00700.HK', '1m'))).toMatchObject({
      code: 'E_NETWORK',
      message: expect.stringMatching(/HTTP 302/),
    })
    expect(calls).toHaveLength(1)
  })

  it('stops reading an answer beyond 4 MiB', async () => {
    const { http } = await serve((_, response) => {
      response.end(Buffer.alloc(5 * 1024 * 1024, 0x20))
      return undefined
    })
    expect(await failed(http.klines('00700.HK', '1m'))).toMatchObject({
      message: expect.stringMatching(/larger than 4194304 bytes/),
    })
  })

  it('gives up after the time-out, and the next call goes on', async () => {
    let count = 0
    const { http } = await serve(() => (++count === 1 ? undefined : { kline_list: [] }), { timeoutMs: 1_000 })
    expect(await failed(http.klines('00700.HK', '1m'))).toMatchObject({
      message: expect.stringMatching(/no answer within 1000 ms/),
    })
    expect(await http.klines('00700.HK', '1m')).toEqual([])
  })

  it('ends with its signal', async () => {
    const stop = new AbortController()
    const { http } = await serve(
      () => {
        stop.abort()
        return undefined
      },
      { signal: stop.signal },
    )
    expect(await failed(http.klines('00700.HK', '1m'))).toMatchObject({ code: 'E_NETWORK' })
  })
})
