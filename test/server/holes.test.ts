import { expect, it } from 'vitest'
import { openSource } from '../../src/core/address/open-source.ts'
import type { Gap, MarketEvent, Status } from '../../src/core/market/event.ts'
import { connect, type Message, OPEN, STOCK, serve, tick } from './support.ts'

const gap = (symbol: string | null, fields: Partial<Gap> = {}): Gap => ({
  ...{ type: 'gap', source: 'test', symbol, from: OPEN, to: OPEN + 5, cause: 'stale', volume: null, filled_by: null },
  ...fields,
})
const status = (state: Status['state']): Status => ({
  ...{ type: 'status', source: 'test', symbol: null, state, timestamp: OPEN, detail: '' },
})
const seqs = (trades: readonly Message[]): number[] => trades.map(({ seq }) => Number(seq))

it('who gets a symbol of which a live source lacks trades is hung up on, and gets nothing from before the hole again', async () => {
  const server = await serve({ hangsUpFor: () => 'losses' })
  const [client, other] = [await connect(server), await connect(server)]
  await client.subscribeTrades('700.HK')
  await other.subscribeTrades('9988.HK')
  await server.publish([tick(1), tick(1, { symbol: '09988.HK' }), gap('00700.HK'), tick(5)])
  expect(await client.end()).toEqual({ code: 1012, reason: 'the source lacks trades' })
  expect(seqs(client.trades)).toEqual([1])
  const again = await connect(server)
  await again.subscribeTrades('700.HK', '9988.HK')
  await again.settled()
  expect(again.trades.map(({ code, seq }) => `${code} ${seq}`)).toEqual(['9988.HK 1', '700.HK 5'])
  await other.settled()
  expect(other.closed).toBeNull()
})

it('a hole that a second feed filled, or one before the first trade, costs nobody the connection', async () => {
  const server = await serve({ hangsUpFor: () => 'gaps' })
  const client = await connect(server)
  await client.subscribeTrades('700.HK', '9988.HK')
  await server.publish([
    gap('09988.HK', { cause: 'late_start' }),
    tick(1),
    gap('00700.HK', { filled_by: 'second feed' }),
  ])
  await server.publish([status('lost'), tick(2)])
  await client.settled()
  expect(seqs(client.trades)).toEqual([1, 2])
  await server.publish([gap(null)])
  expect(await client.end()).toEqual({ code: 1012, reason: 'the source lacks trades' })
})

it('the loss of the only feed is a loss of every client, who is let in again when the feed is back', async () => {
  const server = await serve({ hangsUpFor: () => 'losses' })
  const client = await connect(server)
  await client.subscribeTrades('700.HK')
  await server.publish([status('up'), tick(1), status('lost')])
  expect(await client.end()).toEqual({ code: 1012, reason: 'the source is lost' })
  await expect(connect(server)).rejects.toThrow(/503/)
  await server.publish([status('up'), gap('00700.HK', { cause: 'disconnect' }), tick(5)])
  const again = await connect(server)
  await again.subscribeTrades('700.HK')
  await again.settled()
  expect(seqs(again.trades)).toEqual([5])
})

it('recorded holes are replayed without', async () => {
  const server = await serve()
  const client = await connect(server)
  await client.subscribeTrades('700.HK')
  await server.publish([tick(1), gap('00700.HK'), status('lost'), tick(5)])
  await client.settled()
  expect(seqs(client.trades)).toEqual([1, 5])
})

it('what nobody wanted for a while has no past, but for what the source brings always', async () => {
  const server = await serve({ onWanted: () => {}, always: ['09988.HK'] })
  const client = await connect(server)
  await client.subscribeTrades('700.HK', '9988.HK')
  await server.publish([tick(1), tick(1, { symbol: '09988.HK' })])
  client.ws.terminate()
  while (server.clients > 0) await new Promise((resolve) => setImmediate(resolve))
  await server.publish([tick(2, { symbol: '09988.HK' })])
  const again = await connect(server)
  await again.subscribeTrades('700.HK', '9988.HK')
  await server.publish([tick(9)])
  await again.settled()
  expect(again.trades.map(({ code, seq }) => `${code} ${seq}`)).toEqual(['9988.HK 1', '9988.HK 2', '700.HK 9'])
})

it('a recorder behind a relay writes down each hole that the relay has', async () => {
  const relay = await serve({ hangsUpFor: () => 'losses' })
  const ended = new AbortController()
  const address = `alltick:?endpoint=${relay.url}${STOCK}&token=off`
  const source = await openSource(address, { symbols: ['00700.HK'], signal: ended.signal, random: () => 0 })
  const events: MarketEvent[] = []
  const trades = () => events.filter(({ type }) => type === 'tick').length
  const steps = [
    () => relay.publish([tick(1), tick(2)]),
    () => relay.publish([gap('00700.HK'), tick(7)]),
    () => relay.publish([status('lost')]).then(() => relay.publish([status('up'), gap('00700.HK'), tick(9)])),
  ]
  const wanted = [2, 3, 4]
  let done = 0
  for await (const batch of source) {
    events.push(...batch)
    if (batch.some((event) => event.type === 'status' && event.state === 'up') && done === 0) void steps[done++]!()
    else if (trades() >= (wanted[done - 1] ?? 0) && done > 0) {
      if (done === steps.length) break
      void steps[done++]!()
    }
  }
  const gaps = events.filter((event) => event.type === 'gap')
  expect(gaps.map(({ from, to, cause }) => [from - OPEN, to - OPEN, cause])).toEqual([
    [2, 7, 'disconnect'],
    [7, 9, 'disconnect'],
  ])
})
