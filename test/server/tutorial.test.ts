import { describe, expect, it } from 'vitest'
import { connect, quote, serve, tick } from './support.ts'

const PATH = '/realtime/hk'

describe('the tutorial dialect', () => {
  it('pushes trades as the tutorial shows them, with local time and numbers, and acknowledges nothing', async () => {
    const server = await serve()
    const client = await connect(server, PATH)
    client.send({ action: 'subscribe', symbols: ['HSI', '00700.HK', '01810.HK'] })
    await expect.poll(() => server.wanted.size).toBe(3)
    const timestamp = Date.parse('2023-08-15T14:30:25.123+08:00')
    await server.publish([
      quote(1),
      tick(2, {
        timestamp,
        last_price: 325.6,
        volume: 1500,
        bid_price: 325.4,
        bid_size: 2000,
        ask_price: 325.8,
        ask_size: 1500,
      }),
      tick(3, { timestamp, symbol: 'HSI', last_price: 18_500.25, volume: null }),
    ])
    await client.until(() => client.texts.length === 2)
    expect(client.texts).toEqual([
      '{"symbol":"00700.HK","timestamp":"2023-08-15 14:30:25.123","last_price":325.6,"volume":1500,' +
        '"bid_price":325.4,"ask_price":325.8,"bid_size":2000,"ask_size":1500}',
      '{"symbol":"HSI","timestamp":"2023-08-15 14:30:25.123","last_price":18500.25,"volume":0,' +
        '"bid_price":0,"ask_price":0,"bid_size":0,"ask_size":0}',
    ])
  })

  it('adds what is subscribed to what was, takes away what is unsubscribed, and sends late clients the history', async () => {
    const server = await serve()
    await server.publish([tick(1)])
    const client = await connect(server, PATH)
    client.send({ action: 'subscribe', symbols: ['00700.HK'] })
    client.send({ action: 'subscribe', symbols: ['HSI'] })
    await expect.poll(() => [...server.wanted]).toEqual(['00700.HK', 'HSI'])
    client.send({ action: 'unsubscribe', symbols: ['HSI'] })
    await expect.poll(() => [...server.wanted]).toEqual(['00700.HK'])
    await client.until(() => client.texts.length === 1)
    expect(client.messages[0]).toMatchObject({ symbol: '00700.HK', last_price: 513.5 })
  })

  it.each([
    ['{"action":"ping"}'],
    ['ping'],
    ['{"action":"subscribe"}'],
    ['{"action":"subscribe","symbols":null}'],
    ['{"action":"subscribe","symbols":[1,null,{},"AAPL"]}'],
    ['{"cmd_id":22000}'],
  ])('survives %s without an answer', async (text) => {
    const server = await serve()
    const client = await connect(server, PATH)
    client.send(text)
    client.send({ action: 'subscribe', symbols: ['00700.HK'] })
    await expect.poll(() => server.wanted.size).toBe(1)
    await server.publish([tick(1)])
    await client.until(() => client.texts.length > 0)
    expect(client.messages).toMatchObject([{ symbol: '00700.HK' }])
  })

  it('is spoken on every path where the server has no other', async () => {
    const server = await serve({ dialect: 'tutorial' })
    const client = await connect(server, '/')
    client.send({ action: 'subscribe', symbols: ['00700.HK'] })
    await expect.poll(() => server.wanted.size).toBe(1)
  })
})
