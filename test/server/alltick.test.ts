import { describe, expect, it } from 'vitest'
import { connect, FOREX, ManualClock, quote, request, STOCK, serve, tick } from './support.ts'

const HEADER_INVALID = {
  ret: 400,
  msg: 'request header param invalid',
  cmd_id: 0,
  seq_id: 0,
  trace: '',
  data: {},
}

describe('answers', () => {
  it('echo seq_id and trace, with the command that answers the request', async () => {
    const client = await connect(await serve())
    const list = { symbol_list: [{ code: '700.HK', depth_level: 5 }] }
    const answers = [
      await client.ask(request(22000, {}, 123, 'asdfsdfa')),
      await client.ask(request(22002, list, 124, 'b')),
      await client.ask(request(22004, list, 4_294_967_295, 'c')),
      await client.ask(request(22006, { cancel_type: 0 }, 0, '')),
    ]
    expect(answers).toEqual([
      { ret: 200, msg: 'ok', cmd_id: 22001, seq_id: 123, trace: 'asdfsdfa', data: {} },
      { ret: 200, msg: 'ok', cmd_id: 22003, seq_id: 124, trace: 'b', data: {} },
      { ret: 200, msg: 'ok', cmd_id: 22005, seq_id: 4_294_967_295, trace: 'c', data: {} },
      { ret: 200, msg: 'ok', cmd_id: 22007, seq_id: 0, trace: '', data: {} },
    ])
  })

  it('carry any trace back unharmed', async () => {
    const client = await connect(await serve())
    const trace = '"\\ 騰訊 \ud83d\ude00 \ud800 \u2028 null'
    expect((await client.ask(request(22000, {}, 1, trace))).trace).toBe(trace)
  })

  it.each([[100], [125], [126], [127], [65_535], [65_536], [200_000]])(
    'of %i bytes arrive whole: the length of a frame is written in three ways',
    async (length) => {
      const client = await connect(await serve())
      await client.ask(request(22000, {}, 1, ''))
      const trace = 'x'.repeat(length - client.texts[0]!.length)
      expect((await client.ask(request(22000, {}, 1, trace))).trace).toBe(trace)
      expect(client.texts[1]).toHaveLength(length)
    },
  )

  it.each([
    ['a bare ping', 'ping'],
    ['broken JSON', '{"cmd_id":22000,'],
    ['an empty message', ''],
    ['null', 'null'],
    ['a list', '[22000]'],
    ['a number', '22000'],
    ['a text as cmd_id', '{"cmd_id":"subscribe"}'],
    ['a negative cmd_id', '{"cmd_id":-1}'],
    ['deep nesting', '['.repeat(60_000)],
    ['keys of the prototype', '{"__proto__":{"cmd_id":22000},"constructor":1}'],
    ['binary garbage', Buffer.from([0xff, 0xfe, 0, 1])],
  ])('to %s are 400 with nothing echoed, and the connection lives on', async (_, message) => {
    const client = await connect(await serve())
    expect(await client.ask(message)).toEqual(HEADER_INVALID)
    expect((await client.subscribeTrades('700.HK')).ret).toBe(200)
  })

  it('to an unknown command are 400', async () => {
    const client = await connect(await serve())
    expect(await client.ask(request(22008, {}))).toMatchObject({ ret: 400, cmd_id: 22008, seq_id: 7 })
  })

  it.each([
    ['null', null],
    ['a list', []],
    ['without symbol_list', {}],
    ['with symbol_list null', { symbol_list: null }],
    ['with a text as symbol_list', { symbol_list: '700.HK' }],
  ])('to a subscription with data %s are 400, and what was subscribed stays', async (_, data) => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    expect(await client.ask(request(22004, data))).toMatchObject({ ret: 400, cmd_id: 22005, seq_id: 7 })
    expect(server.wanted).toEqual(new Set(['00700.HK']))
  })

  it.each([[null], [[]], [{ symbol_list: null }], ['x']])('to a heartbeat with data %j are 200', async (data) => {
    const client = await connect(await serve())
    expect((await client.ask(request(22000, data))).ret).toBe(200)
  })

  it('accept a request in a binary frame', async () => {
    const client = await connect(await serve())
    expect((await client.ask(Buffer.from(JSON.stringify(request(22000, {}))))).ret).toBe(200)
  })

  it('end with code 1009 for a message beyond the limit', async () => {
    const client = await connect(await serve())
    client.send(' '.repeat(256 * 1024 + 1))
    expect((await client.end()).code).toBe(1009)
  })
})

describe('pushes', () => {
  it('have the published form of a trade', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([
      tick(1, { seq: 1_782_180_168_224, timestamp: 1_782_180_164_123, turnover: 51_350.25, side: 'buy' }),
    ])
    await client.settled()
    expect(client.texts[1]).toBe(
      '{"cmd_id":22998,"data":{"code":"700.HK","seq":1782180168224,"tick_time":1782180164123,' +
        '"price":"513.5","volume":"100","turnover":"51350.25","trade_direction":1}}',
    )
  })

  it('have the published form of a book, cut to the levels asked for', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeBooks(2, '700.HK')
    await server.publish([quote(5)])
    await client.settled()
    expect(client.texts[1]).toBe(
      `{"cmd_id":22999,"data":{"code":"700.HK","seq":5,"tick_time":${quote(5).timestamp},` +
        '"bids":[{"price":"513","volume":"12300"},{"price":"512.5","volume":"40100"}],' +
        '"asks":[{"price":"513.5","volume":"8800"},{"price":"514","volume":"21900"}]}}',
    )
  })

  it('carry 64-bit sequence numbers digit by digit', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([tick(1, { seq: 9_223_372_036_854_775_807n })])
    await client.settled()
    expect(client.texts[1]).toContain('"seq":9223372036854775807,')
  })

  it('say 0 and [] for what does not exist: never null, true or false', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('HSI.HK', '700.HK')
    await client.subscribeBooks(10, '700.HK')
    await server.publish([
      tick(1, { symbol: 'HSI', volume: null, turnover: null, value: null }),
      quote(2, { bids: [], asks: [] }),
      tick(3, { turnover: null, side: 'sell' }),
    ])
    await client.settled()
    expect(client.trades[0]).toMatchObject({ code: 'HSI.HK', volume: '0', turnover: '0', trade_direction: 0 })
    expect(client.books).toMatchObject([{ bids: [], asks: [] }])
    expect(client.trades[1]).toMatchObject({ turnover: '0', trade_direction: 2 })
    for (const text of client.texts) expect(text).not.toMatch(/null|true|false|NaN|Infinity/)
  })

  it('write small and large numbers without exponent', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([tick(1, { last_price: 1e-7, volume: 1e21, turnover: 2 ** 70 })])
    await client.settled()
    expect(client.trades[0]).toMatchObject({
      price: '0.000000100000',
      volume: '1000000000000000000000',
      turnover: '1180591620717411303424',
    })
  })

  it.each([
    [1, 1],
    [2, 2],
    [99, 3],
    [1e308, 3],
    [0, 3],
    [-5, 3],
    ['5', 3],
    [undefined, 3],
    [1.9, 1],
  ])('of a book asked for with depth_level %s have %i of the 3 levels there are', async (depth_level, levels) => {
    const server = await serve()
    const client = await connect(server)
    await client.ask(request(22002, { symbol_list: [{ code: '700.HK', depth_level }] }))
    await server.publish([quote(1)])
    await client.settled()
    expect(client.books[0]?.bids).toHaveLength(levels)
  })

  it('have at most the levels of the server', async () => {
    const server = await serve({ depth: 2 })
    const client = await connect(server)
    await client.subscribeBooks(10, '700.HK')
    await server.publish([quote(1)])
    await client.settled()
    expect(client.books[0]?.bids).toHaveLength(2)
  })

  it('arrive whole and in order, thousands in one batch', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish(Array.from({ length: 5_000 }, (_, seq) => tick(seq)))
    await client.settled()
    expect(client.trades.map(({ seq }) => seq)).toEqual(Array.from({ length: 5_000 }, (_, seq) => seq))
  })

  it('of books the source does not send come from the quotes its trades carry, before the trade, when they change', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await client.subscribeBooks(10, '700.HK')
    const sides = { bid_price: 513, bid_size: 200, ask_price: 513.5, ask_size: 300, quote_time: OPEN_QUOTE }
    await server.publish([
      tick(1),
      tick(2, sides),
      tick(3, sides),
      tick(4),
      tick(5, sides),
      tick(6, { ...sides, bid_size: 100 }),
    ])
    await client.settled()
    const pushes = client.messages.filter(({ ret }) => ret === undefined)
    expect(pushes.map(({ cmd_id, data }) => [cmd_id, data.seq])).toEqual([
      [22998, 1],
      [22999, 2],
      [22998, 2],
      [22998, 3],
      [22999, 4],
      [22998, 4],
      [22999, 5],
      [22998, 5],
      [22999, 6],
      [22998, 6],
    ])
    expect(client.books.slice(0, 2)).toMatchObject([
      { tick_time: OPEN_QUOTE, bids: [{ price: '513', volume: '200' }], asks: [{ price: '513.5', volume: '300' }] },
      { bids: [], asks: [] },
    ])
  })
})
const OPEN_QUOTE = tick(0).timestamp

describe('subscriptions', () => {
  it('replace the earlier ones of their kind and leave the other kind alone', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK', '9988.HK')
    await client.subscribeBooks(1, '700.HK')
    await client.subscribeTrades('1.HK')
    expect(server.wanted).toEqual(new Set(['00001.HK', '00700.HK']))
    await server.publish([tick(1), tick(2, { symbol: '09988.HK' }), tick(3, { symbol: '00001.HK' }), quote(4)])
    await client.settled()
    expect(client.trades.map(({ code }) => code)).toEqual(['1.HK'])
    expect(client.books.map(({ code }) => code)).toEqual(['700.HK'])
  })

  it.each([
    [0, 0, 0],
    [1, 1, 0],
    [2, 0, 1],
    [3, 1, 1],
  ])('cancelled with type %i leave %i trades and %i books', async (cancel_type, trades, books) => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await client.subscribeBooks(1, '700.HK')
    expect((await client.ask(request(22006, { cancel_type }))).ret).toBe(200)
    await server.publish([quote(1), tick(2)])
    await client.settled()
    expect([client.trades.length, client.books.length]).toEqual([trades, books])
  })

  it('cancelled with an unknown type are refused and stay', async () => {
    const server = await serve()
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    expect((await client.ask(request(22006, { cancel_type: 4 }))).ret).toBe(400)
    expect((await client.ask(request(22006, {}))).ret).toBe(400)
    expect(server.wanted.size).toBe(1)
  })

  it('accept any spelling and bare texts, and ignore what is no code', async () => {
    const server = await serve()
    const client = await connect(server)
    const symbol_list = ['00700.HK', { code: 'HK.09988' }, { code: 'AAPL.US' }, 5, null, { code: '__proto__' }, [], {}]
    expect((await client.ask(request(22004, { symbol_list }))).ret).toBe(200)
    expect(server.wanted).toEqual(new Set(['00700.HK', '09988.HK']))
  })

  it('tell the union of all clients, those that left a minute ago among them, whenever it changes and only then', async () => {
    const unions: string[][] = []
    const clock = new ManualClock()
    const server = await serve({ clock, onWanted: (symbols) => unions.push([...symbols].sort()) })
    const [one, other] = [await connect(server), await connect(server)]
    await one.subscribeTrades('700.HK')
    await other.subscribeTrades('700.HK')
    await other.subscribeBooks(5, '1.HK')
    one.ws.close()
    await one.end()
    other.ws.terminate()
    while (server.clients > 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.pass(60_000)
    expect(unions).toEqual([['00700.HK'], ['00001.HK', '00700.HK'], []])
  })
})

describe('heartbeat', () => {
  it('keeps a connection open that would be closed after 30 s without one, other requests or not', async () => {
    const clock = new ManualClock()
    const server = await serve({ clock })
    const [beating, silent] = [await connect(server), await connect(server)]
    for (const ms of [10_000, 19_000]) {
      await clock.pass(ms)
      expect((await silent.subscribeTrades('700.HK')).ret).toBe(200)
      await beating.settled()
    }
    await clock.pass(1_000)
    expect(await silent.end()).toEqual({ code: 1008, reason: 'no heartbeat for 30 s' })
    await clock.pass(28_000)
    await beating.settled()
    expect(beating.closed).toBeNull()
  })
})

describe('strict', () => {
  const instruments = () => []

  it('answers 606 and closes when two requests are less than a second apart', async () => {
    const clock = new ManualClock()
    const client = await connect(await serve({ strict: true, clock, instruments }))
    await client.subscribeTrades('700.HK')
    await clock.pass(1_000)
    expect((await client.subscribeBooks(5, '700.HK')).ret).toBe(200)
    await clock.pass(999)
    expect(await client.ask(request(22000, {}, 9))).toMatchObject({ ret: 606, cmd_id: 22001, seq_id: 9 })
    expect((await client.end()).code).toBe(1008)
  })

  it.each([
    ['data is a list', { cmd_id: 22000, seq_id: 1, trace: 't', data: [] }],
    ['data is null', { cmd_id: 22000, seq_id: 1, trace: 't', data: null }],
    ['data is missing', { cmd_id: 22000, seq_id: 1, trace: 't' }],
    ['trace is missing', { cmd_id: 22000, seq_id: 1, data: {} }],
    ['trace is too long', { cmd_id: 22000, seq_id: 1, trace: 't'.repeat(65), data: {} }],
    ['seq_id is missing', { cmd_id: 22000, trace: 't', data: {} }],
  ])('answers 400 with nothing echoed when %s', async (_, message) => {
    const client = await connect(await serve({ strict: true }))
    expect(await client.ask(message)).toEqual(HEADER_INVALID)
  })

  it.each([['00700.HK'], ['700.hk'], ['AAPL.US'], ['HSI']])('refuses the whole request for code %s', async (code) => {
    const server = await serve({ strict: true })
    const client = await connect(server)
    const symbol_list = [{ code: '700.HK' }, { code }]
    expect(await client.ask(request(22004, { symbol_list }))).toMatchObject({ ret: 600, cmd_id: 22005 })
    expect(server.wanted.size).toBe(0)
  })

  it('knows the instruments it was given, and no stock on the path of forex', async () => {
    const tencent = { symbol: '00700.HK' } as never
    const server = await serve({ strict: true, plan: 'pro', clock: new ManualClock(), instruments: () => [tencent] })
    expect((await (await connect(server, '/quote-stock-b-ws-api?token=a')).subscribeTrades('700.HK')).ret).toBe(200)
    expect((await (await connect(server, '/quote-stock-b-ws-api?token=b')).subscribeTrades('1.HK')).ret).toBe(600)
    expect((await (await connect(server, FOREX)).subscribeTrades('700.HK')).ret).toBe(600)
  })

  it('takes the first codes of a list, as many as the plan has', async () => {
    const server = await serve({ strict: true, plan: 'free' })
    const client = await connect(server)
    expect((await client.subscribeTrades('1.HK', '2.HK', '3.HK', '4.HK', '5.HK', '6.HK')).ret).toBe(200)
    expect([...server.wanted]).toEqual(['00001.HK', '00002.HK', '00003.HK', '00004.HK', '00005.HK'])
  })

  it('answers 606 and closes a connection beyond the plan, and leaves the first one alone', async () => {
    const clock = new ManualClock()
    const server = await serve({ strict: true, clock })
    const first = await connect(server)
    await clock.pass(5_000)
    const second = await connect(server)
    await second.until(() => second.texts.length === 1)
    expect(second.messages[0]).toMatchObject({ ret: 606, seq_id: 0 })
    expect((await second.end()).code).toBe(1008)
    expect((await first.subscribeTrades('700.HK')).ret).toBe(200)
    const forex = await connect(server, FOREX)
    expect((await forex.ask(request(22000, {}))).ret).toBe(200)
  })

  it('wants 3 s between two connects of a token', async () => {
    const clock = new ManualClock()
    const server = await serve({ strict: true, clock })
    const connected = async () => {
      const client = await connect(server)
      client.send(request(22000, {}))
      await client.until(() => client.texts.length > 0)
      client.ws.close()
      while (server.clients > 0) await new Promise((resolve) => setImmediate(resolve))
      return client.messages[0]?.ret
    }
    expect(await connected()).toBe(200)
    await clock.pass(2_999)
    expect(await connected()).toBe(606)
    await clock.pass(3_000)
    expect(await connected()).toBe(200)
  })

  it('serves the published paths alone', async () => {
    await expect(connect(await serve({ strict: true }), '/other?token=t')).rejects.toThrow('404')
    await expect(connect(await serve({ strict: true }), STOCK)).resolves.toBeDefined()
  })
})
