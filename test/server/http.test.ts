import { describe, expect, it } from 'vitest'
import type { Instrument } from '../../src/core/market/instrument.ts'
import type { QuoteServer } from '../../src/core/server/server.ts'
import { type Message, OPEN, quote, serve, tick } from './support.ts'

const MINUTE = 60_000

async function get(server: QuoteServer, name: string, data: unknown, trace = 't1', token = 't'): Promise<Message> {
  const query = encodeURIComponent(JSON.stringify({ trace, data }))
  const url = `${server.url.replace('ws:', 'http:')}/quote-stock-b-api/${name}?token=${token}&query=${query}`
  return (await fetch(url)).json() as Promise<Message>
}

async function post(server: QuoteServer, body: string | undefined, name = 'batch-kline'): Promise<Message> {
  const url = `${server.url.replace('ws:', 'http:')}/quote-stock-b-api/${name}?token=t`
  return (await fetch(url, { method: 'POST', ...(body === undefined ? {} : { body }) })).json() as Promise<Message>
}

const TENCENT: Instrument = {
  symbol: '00700.HK',
  date: '2026-11-20',
  name_en: 'TENCENT',
  name_zh: '騰訊控股',
  currency: 'HKD',
  lot_size: 100,
  kind: 'equity',
  prev_close: 510,
  vendor: 'test',
  vendor_code: '700.HK',
}

const kline = (kline_type: number, query_kline_num = 500, code = '700.HK') => ({
  code,
  kline_type,
  kline_timestamp_end: 0,
  query_kline_num,
  adjust_type: 0,
})

/** Prices at minutes after the opening, numbered in order. */
const at = (minute: number, last_price: number, fields = {}) =>
  tick(minute * MINUTE, { timestamp: OPEN + minute * MINUTE, last_price, turnover: last_price * 100, ...fields })

const bar = (
  minute: number,
  open: number,
  high: number,
  low: number,
  close: number,
  lots: number,
  turnover: number,
) => ({
  timestamp: String((OPEN + minute * MINUTE) / 1000),
  open_price: String(open),
  close_price: String(close),
  high_price: String(high),
  low_price: String(low),
  volume: String(lots * 100),
  turnover: String(turnover),
})

describe('kline', () => {
  it('has the minutes published, oldest first, every value a text', async () => {
    const server = await serve()
    await server.publish([at(0, 500), at(0.5, 502), at(0.9, 501.2), at(1, 499)])
    expect(await get(server, 'kline', kline(1))).toEqual({
      ret: 200,
      msg: 'ok',
      trace: 't1',
      data: {
        code: '700.HK',
        kline_type: 1,
        kline_list: [bar(0, 500, 502, 500, 501.2, 3, 150_320), bar(1, 499, 499, 499, 499, 1, 49_900)],
      },
    })
  })

  it('merges minutes into longer bars that begin with the session, the auctions in the bars beside them', async () => {
    const server = await serve()
    await server.publish([at(-8, 498), at(0, 500), at(59, 501), at(60, 502), at(149, 503), at(210, 504), at(389, 505)])
    await server.publish([at(398, 506, { phase: 'closing_auction' })])
    const { data } = await get(server, 'kline', kline(5))
    expect(data.kline_list).toEqual([
      bar(0, 498, 501, 498, 501, 3, 149_900),
      bar(60, 502, 502, 502, 502, 1, 50_200),
      bar(120, 503, 503, 503, 503, 1, 50_300),
      bar(210, 504, 504, 504, 504, 1, 50_400),
      bar(330, 505, 506, 505, 506, 2, 101_100),
    ])
    const day = await get(server, 'kline', kline(8))
    const midnight = String(Date.parse('2026-11-20T00:00:00+08:00') / 1000)
    expect(day.data.kline_list).toEqual([{ ...bar(0, 498, 506, 498, 506, 8, 401_900), timestamp: midnight }])
  })

  it('puts late trades where they belong and leaves out what bars leave out', async () => {
    const server = await serve()
    await server.publish([at(1, 501), at(2, 502), at(1.5, 503), at(0, 500), at(2.5, 900, { flags: ['suspect_price'] })])
    const { data } = await get(server, 'kline', kline(1))
    expect(data.kline_list).toEqual([
      bar(0, 500, 500, 500, 500, 1, 50_000),
      bar(1, 501, 503, 501, 503, 2, 100_400),
      bar(2, 502, 502, 502, 502, 1, 50_200),
    ])
  })

  it('gives the newest bars asked for, at most 500, and days whole though their first minutes are forgotten', async () => {
    const server = await serve()
    const session = Array.from({ length: 330 }, (_, i) => (i < 150 ? i : i + 60))
    await server.publish([-2, -1, 0].flatMap((day) => session.map((minute, i) => at(day * 1_440 + minute, 500 + i))))
    const newest = await get(server, 'kline', kline(1, 2))
    expect(newest.data.kline_list.map((each: Message) => each.open_price)).toEqual(['828', '829'])
    expect((await get(server, 'kline', kline(1, 9_999))).data.kline_list).toHaveLength(500)
    const { data } = await get(server, 'kline', kline(8))
    const day = { open_price: '500', high_price: '829', close_price: '829', volume: '33000' }
    expect(data.kline_list).toMatchObject([day, day, day])
  })

  it('tells the previous close as the bar of the day before, where the source knows it and the server did not see it', async () => {
    const server = await serve({ instruments: () => [TENCENT] })
    await server.publish([at(0, 500)])
    const days = async () => (await get(server, 'kline', kline(8, 2))).data.kline_list
    const thursday = String(Date.parse('2026-11-19T00:00:00+08:00') / 1000)
    expect(await days()).toEqual([
      { ...bar(0, 510, 510, 510, 510, 0, 0), timestamp: thursday },
      expect.objectContaining({ close_price: '500' }),
    ])
    await server.publish([at(-1_440, 505)])
    expect(await days()).toMatchObject([{ timestamp: thursday, close_price: '505' }, { close_price: '500' }])
  })

  it('has no bar of what comes during lunch or after the close, but the trade just after twelve', async () => {
    const server = await serve()
    await server.publish([at(149, 500), at(150.04, 501), at(170, 600), at(400.5, 700)])
    const { data } = await get(server, 'kline', kline(1))
    expect(data.kline_list).toEqual([bar(149, 500, 501, 500, 501, 2, 100_100)])
  })

  it('is an empty list where nothing was published, and 0 for the volume of an index', async () => {
    const server = await serve()
    expect((await get(server, 'kline', kline(1))).data.kline_list).toEqual([])
    await server.publish([at(0, 18_000, { symbol: 'HSI', volume: null, turnover: null })])
    const { data } = await get(server, 'kline', kline(1, 1, 'HSI.HK'))
    expect(data.kline_list).toMatchObject([{ open_price: '18000', volume: '0', turnover: '0' }])
  })

  it.each([
    ['two hours, which stocks do not have', kline(6), 400],
    ['no type', { code: '700.HK', query_kline_num: 1 }, 400],
    ['no bars', kline(1, 0), 400],
    ['no symbol', kline(1, 1, 'AAPL.US'), 600],
    ['no object', [], 400],
  ])('asked for %s is an error', async (_, data, ret) => {
    expect(await get(await serve(), 'kline', data)).toMatchObject({ ret, trace: 't1', data: {} })
  })
})

describe('batch-kline', () => {
  it('answers several codes with at most two bars each', async () => {
    const server = await serve()
    await server.publish([at(0, 500), at(1, 501), at(2, 502)])
    const body = { trace: 't2', data: { data_list: [kline(1, 9), kline(8, 1, '1.HK')] } }
    expect(await post(server, JSON.stringify(body))).toEqual({
      ret: 200,
      msg: 'ok',
      trace: 't2',
      data: {
        kline_list: [
          {
            code: '700.HK',
            kline_type: 1,
            kline_data: [bar(1, 501, 501, 501, 501, 1, 50_100), bar(2, 502, 502, 502, 502, 1, 50_200)],
          },
          { code: '1.HK', kline_type: 8, kline_data: [] },
        ],
      },
    })
  })

  it.each([
    ['no body', undefined, 601],
    ['broken JSON', '{', 400],
    ['data that is no object', '{"trace":"t","data":[]}', 400],
    ['no list', '{"trace":"t","data":{}}', 400],
    ['a body beyond the limit', ' '.repeat(300_000), 601],
  ])('with %s is an error', async (_, body, ret) => {
    const server = await serve()
    await expect(post(server, body).catch(() => ({ ret: 601 }))).resolves.toMatchObject({ ret })
  })
})

describe('the latest', () => {
  it('trades and books are given with texts for numbers', async () => {
    const server = await serve()
    await server.publish([quote(1), tick(2, { seq: 9_007_199_254_740_993n, side: 'buy' })])
    const list = { symbol_list: [{ code: '700.HK' }, { code: '1.HK' }, { code: 'x' }] }
    expect((await get(server, 'trade-tick', list)).data.tick_list).toEqual([
      {
        code: '700.HK',
        seq: '9007199254740993',
        tick_time: String(OPEN + 2),
        price: '513.5',
        volume: '100',
        turnover: '51350',
        trade_direction: 1,
      },
    ])
    const { data } = await get(server, 'depth-tick', list)
    expect(data.tick_list).toMatchObject([
      { code: '700.HK', seq: '1', bids: [{ price: '513', volume: '12300' }, {}, {}] },
    ])
  })

  it('static information is given where the source has it, unknown figures as 0', async () => {
    const server = await serve({ instruments: () => [TENCENT] })
    const { data } = await get(server, 'static_info', { symbol_list: [{ code: '700.HK' }, { code: '1.HK' }] })
    expect(data.static_info_list).toHaveLength(1)
    expect(data.static_info_list[0]).toMatchObject({
      symbol: '700.HK',
      name_en: 'TENCENT',
      name_cn: '騰訊控股',
      exchange: 'SEHK',
      lot_size: '100',
      eps: '0',
    })
    for (const value of Object.values(data.static_info_list[0])) expect(value).toBeTypeOf('string')
  })
})

describe('a request', () => {
  it.each([
    ['/quote-stock-b-api/kline', 402],
    ['/quote-stock-b-api/kline?query=%7B', 402],
    ['/quote-stock-b-api/trade-tick?query={"trace":"t","data":{"symbol_list":null}}', 400],
    ['/quote-b-api/trade-tick?query={"trace":"t","data":{"symbol_list":[]}}', 200],
    ['/quote-stock-b-api/constructor', 404],
    ['/', 404],
    ['/quote-stock-b-api/batch-kline', 405],
    ['//', 404],
  ])('of %s is answered with ret %i', async (path, ret) => {
    const server = await serve()
    const response = await fetch(server.url.replace('ws:', 'http:') + path)
    expect(await response.json()).toMatchObject({ ret })
  })

  it('needs the token where one is required', async () => {
    const server = await serve({ tokens: ['secret'] })
    const list = { symbol_list: [] }
    expect(await get(server, 'trade-tick', list)).toEqual({ ret: 401, msg: 'token invalid' })
    expect(await get(server, 'trade-tick', list, 't', '')).toEqual({ ret: 401, msg: 'token is required' })
    expect((await get(server, 'trade-tick', list, 't', 'secret')).ret).toBe(200)
  })

  it('for an unknown code is refused when strict', async () => {
    const server = await serve({ strict: true })
    expect((await get(server, 'trade-tick', { symbol_list: [{ code: '00700.HK' }] })).ret).toBe(600)
  })
})
