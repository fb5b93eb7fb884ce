import { describe, expect, it } from 'vitest'
import { openSource } from '../../src/core/address/open-source.ts'
import type { Gap, MarketEvent, Status } from '../../src/core/market/event.ts'
import type { QuoteServer, ServerOptions } from '../../src/core/server/server.ts'
import { connect, ManualClock, type Message, OPEN, STOCK, serve, type TestClient, tick } from './support.ts'

const gap = (symbol: string | null, fields: Partial<Gap> = {}): Gap => ({
  ...{ type: 'gap', source: 'test', symbol, from: OPEN, to: OPEN + 5, cause: 'stale', volume: null, filled_by: null },
  ...fields,
})
const status = (state: Status['state'], symbols?: string[]): Status => ({
  ...{ type: 'status', source: 'test', symbol: null, state, timestamp: OPEN, detail: '' },
  ...(symbols && { symbols }),
})
/** A client of the dialect that asks for no heartbeat. */
async function listening(server: QuoteServer, ...symbols: string[]): Promise<TestClient> {
  const before = server.wanted.size
  const client = await connect(server, '/realtime/hk')
  client.send({ action: 'subscribe', symbols })
  while (server.wanted.size === before) await new Promise((resolve) => setImmediate(resolve))
  return client
}
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

describe('of several connections', () => {
  const [A, B, C] = ['00700.HK', '09988.HK', '00005.HK'] as const
  const lost = [A, B]
  const disconnected = (symbol: string) => gap(symbol, { cause: 'disconnect' })

  it('the loss of one hangs up once on those who get its symbols, and on nobody else', async () => {
    const server = await serve({ hangsUpFor: () => 'losses' })
    const [client, other] = [await connect(server), await connect(server)]
    await client.subscribeTrades(A, B, C)
    await other.subscribeTrades(C)
    await server.publish([status('up', lost), tick(1), tick(1, { symbol: B }), tick(1, { symbol: C })])
    await server.publish([status('lost', lost), status('lost', lost)])
    expect(await client.end()).toEqual({ code: 1012, reason: 'the source is lost' })
    const again = await connect(server)
    await again.subscribeTrades(A, B, C)
    await server.publish([tick(2, { symbol: C }), status('up', lost), disconnected(A), tick(5)])
    await server.publish([disconnected(B), tick(6, { symbol: B })])
    await again.settled()
    await other.settled()
    expect(again.trades.map(({ code, seq }) => `${code} ${seq}`)).toEqual(['5.HK 1', '5.HK 2', '700.HK 5', '9988.HK 6'])
    expect(seqs(other.trades)).toEqual([1, 2])
  })

  it('one that has ended for good hangs up on those who get its symbols', async () => {
    const server = await serve({ hangsUpFor: () => 'losses' })
    const [client, other] = [await connect(server), await connect(server)]
    await client.subscribeTrades(A)
    await other.subscribeTrades(C)
    await server.publish([tick(1), status('warning', lost)])
    expect(await client.end()).toEqual({ code: 1012, reason: 'the source is lost' })
    await other.settled()
    expect(other.closed).toBeNull()
  })

  it('who came before the opening and while one was lost is hung up on when it is back after it', async () => {
    const clock = new ManualClock(OPEN - 20 * 60_000)
    const server = await serve({ hangsUpFor: () => 'losses', clock })
    await server.publish([status('lost', lost)])
    const [client, other] = [await listening(server, A), await listening(server, C)]
    await clock.pass(30 * 60_000)
    await server.publish([status('up', lost), tick(1, { symbol: C })])
    expect(await client.end()).toEqual({ code: 1012, reason: 'the source lacks trades' })
    await other.until(() => other.texts.length > 0)
  })
})

it('of losses that nobody tells one hangs up once, whatever the number of symbols', async () => {
  const server = await serve({ hangsUpFor: () => 'gaps' })
  const [client, other] = [await connect(server), await connect(server)]
  await client.subscribeTrades('700.HK', '9988.HK')
  await other.subscribeTrades('9988.HK')
  await server.publish([tick(1), tick(1, { symbol: '09988.HK' }), gap('00700.HK'), tick(5)])
  expect(await client.end()).toEqual({ code: 1012, reason: 'the source lacks trades' })
  const again = await connect(server)
  await again.subscribeTrades('700.HK', '9988.HK')
  await server.publish([gap('09988.HK'), tick(6, { symbol: '09988.HK' })])
  await again.settled()
  expect(again.trades.map(({ code, seq }) => `${code} ${seq}`)).toEqual(['700.HK 5', '9988.HK 6'])
  expect(await other.end()).toEqual({ code: 1012, reason: 'the source lacks trades' })
})

it('who has listened since before the opening is hung up on where the first trades are missing, a later one is not', async () => {
  const clock = new ManualClock(OPEN - 20 * 60_000)
  const server = await serve({ hangsUpFor: () => 'losses', clock })
  const early = await listening(server, '00700.HK')
  await clock.pass(15 * 60_000)
  const late = await listening(server, '00700.HK', '09988.HK')
  await server.publish([gap('00700.HK', { from: OPEN - 3_600_000, to: OPEN + 60_000 }), tick(60_001)])
  expect(await early.end()).toEqual({ code: 1012, reason: 'the source lacks trades' })
  await late.until(() => late.texts.length > 0)
})

it('a loss that was told when it happened is not told again at the opening that follows', async () => {
  const noon = OPEN + 150 * 60_000
  const server = await serve({ hangsUpFor: () => 'losses', clock: new ManualClock(noon + 60_000) })
  await server.publish([tick(1), status('lost'), status('up')])
  const client = await listening(server, '00700.HK')
  const opening = 210 * 60_000
  await server.publish([gap('00700.HK', { from: OPEN + 1, to: OPEN + opening }), tick(opening)])
  await client.until(() => client.texts.length > 0)
})

it('recorded holes are replayed without', async () => {
  const server = await serve()
  const client = await connect(server)
  await client.subscribeTrades('700.HK')
  await server.publish([tick(1), gap('00700.HK'), status('lost'), tick(5)])
  await client.settled()
  expect(seqs(client.trades)).toEqual([1, 5])
})

/** A server over a source that follows its clients, and what it asked of the source, newest last. */
async function following(options: Partial<ServerOptions> = {}) {
  const clock = new ManualClock()
  const asked: string[][] = []
  const onWanted = (symbols: ReadonlySet<string>): void => {
    options.onWanted?.(symbols)
    asked.push([...symbols].sort())
  }
  const server = await serve({ ...options, clock, onWanted })
  const gone = async (client: TestClient): Promise<void> => {
    const before = server.clients
    client.ws.terminate()
    while (server.clients === before) await new Promise((resolve) => setImmediate(resolve))
  }
  return { server, clock, asked, gone }
}

it('who comes back within a minute has missed nothing: what the last client left is still brought', async () => {
  const { server, clock, asked, gone } = await following()
  const client = await connect(server)
  await client.subscribeTrades('700.HK')
  await server.publish([tick(1)])
  await gone(client)
  await clock.pass(59_000)
  await server.publish([tick(2)])
  expect([...server.wanted]).toEqual([])
  const again = await connect(server)
  await again.subscribeTrades('700.HK')
  await server.publish([tick(3)])
  await again.settled()
  expect(seqs(again.trades)).toEqual([1, 2, 3])
  await clock.pass(20_000)
  expect(asked).toEqual([['00700.HK']])
})

it('what nobody wanted for more than a minute has no past, but for what the source brings always', async () => {
  const { server, clock, asked, gone } = await following({ always: ['09988.HK'] })
  const client = await connect(server)
  await client.subscribeTrades('700.HK', '9988.HK')
  await server.publish([tick(1), tick(1, { symbol: '09988.HK' })])
  await gone(client)
  await clock.pass(60_000)
  await server.publish([tick(2, { symbol: '09988.HK' })])
  const again = await connect(server)
  await again.subscribeTrades('700.HK', '9988.HK')
  await server.publish([tick(9)])
  await again.settled()
  expect(again.trades.map(({ code, seq }) => `${code} ${seq}`)).toEqual(['9988.HK 1', '9988.HK 2', '700.HK 9'])
  expect(asked).toEqual([['00700.HK', '09988.HK'], [], ['00700.HK', '09988.HK']])
})

it('what was left gives way where the source cannot carry it too, and has no past then', async () => {
  const refused: unknown[] = []
  const onWanted = (symbols: ReadonlySet<string>): void => {
    if (symbols.size > 2) throw new Error('two at most')
  }
  const { server, asked, gone } = await following({ onWanted, onRefused: (error) => void refused.push(error) })
  const client = await connect(server)
  await client.subscribeTrades('700.HK', '9988.HK')
  await server.publish([tick(1)])
  await gone(client)
  const other = await connect(server)
  await other.subscribeTrades('5.HK')
  expect(asked.at(-1)).toEqual(['00005.HK'])
  const again = await connect(server)
  await again.subscribeTrades('700.HK')
  await server.publish([tick(9)])
  await again.settled()
  expect(seqs(again.trades)).toEqual([9])
  expect(refused).toEqual([])
  await (await connect(server)).subscribeTrades('1.HK', '2.HK')
  expect(refused).toHaveLength(1)
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
