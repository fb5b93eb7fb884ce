import { createConnection } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseFault } from '../../src/core/server/faults.ts'
import { connect, ManualClock, request, serve, type TestClient, tick } from './support.ts'

/** Randomness that repeats the given numbers. */
const cycle = (...numbers: number[]) => {
  let i = 0
  return () => numbers[i++ % numbers.length]!
}
const seqs = (client: TestClient) => client.trades.map(({ seq }) => seq)
const four = [1, 2, 3, 4].map((seq) => tick(seq))

describe('a share of the pushes', () => {
  it.each([
    ['drop=0.5', [1, 3]],
    ['duplicate=0.5', [1, 2, 2, 3, 4, 4]],
    ['drop=0', [1, 2, 3, 4]],
    ['drop=1', []],
  ])('with %s arrives as %j', async (fault, expected) => {
    const server = await serve({ faults: [parseFault(fault)], random: cycle(0.9, 0.1) })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish(four)
    await client.settled()
    expect(seqs(client)).toEqual(expected)
  })

  it('with reorder comes after the push that follows it', async () => {
    const server = await serve({ faults: [parseFault('reorder=0.5')], random: cycle(0.1) })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish(four)
    await client.settled()
    expect(seqs(client)).toEqual([2, 1, 4, 3])
  })

  it('with garbage has frames before it that are no message, text and binary in turn', async () => {
    const server = await serve({ faults: [parseFault('garbage=1')], random: cycle(0.3, 0.7) })
    const client = await connect(server)
    const binary: boolean[] = []
    client.ws.on('message', (_, isBinary) => binary.push(isBinary))
    await client.subscribeTrades('700.HK').catch(() => {})
    client.texts.length = 0
    binary.length = 0
    await server.publish(four.slice(0, 2))
    while (client.texts.length < 4) await new Promise((resolve) => client.ws.once('message', resolve))
    expect(binary).toEqual([false, true, false, false].map((_, i) => i === 2))
    expect(() => JSON.parse(client.texts[0]!)).toThrow()
    expect(JSON.parse(client.texts[1]!).data.seq).toBe(1)
    expect(() => JSON.parse(client.texts[2]!)).toThrow()
    expect(JSON.parse(client.texts[3]!).data.seq).toBe(2)
  })

  it('with cut ends in the middle of its frame, without a close frame', async () => {
    const server = await serve({ faults: [parseFault('cut=0.5')], random: cycle(0.9, 0.1) })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish(four)
    expect((await client.end()).code).toBe(1006)
    expect(seqs(client)).toEqual([1])
    await expect.poll(() => server.clients).toBe(0)
  })
})

describe('after a time', () => {
  it('delay brings every frame, in order, that much later', async () => {
    const clock = new ManualClock()
    const server = await serve({ faults: [parseFault('delay=5s')], clock })
    const client = await connect(server)
    const subscribed = client.subscribeTrades('700.HK')
    await expect.poll(() => server.wanted.size).toBe(1)
    await server.publish(four.slice(0, 2))
    await clock.pass(3_000)
    await server.publish(four.slice(2))
    await clock.pass(1_999)
    expect(client.texts).toEqual([])
    await clock.pass(1)
    await subscribed
    await client.until(() => client.trades.length === 2)
    await clock.pass(3_000)
    await client.until(() => client.trades.length === 4)
    expect(seqs(client)).toEqual([1, 2, 3, 4])
  })

  it('mute-after stops the pushes and answers on', async () => {
    const clock = new ManualClock()
    const server = await serve({ faults: [parseFault('mute-after=10s')], clock })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await server.publish([tick(1)])
    await clock.pass(10_000)
    await server.publish([tick(2)])
    await client.settled()
    expect(seqs(client)).toEqual([1])
  })

  it.each([
    ['mute-symbol=700@10s', [1, 2, 11, 13]],
    ['mute-symbol=00700.HK', [2, 11, 13]],
    ['mute-symbol=00070.HK', [1, 2, 11, 12, 13]],
  ])('%s stops the pushes of that symbol alone, and answers on', async (fault, expected) => {
    const clock = new ManualClock()
    const server = await serve({ faults: [parseFault(fault)], clock })
    const client = await connect(server)
    await client.subscribeTrades('700.HK', '5.HK')
    await server.publish([tick(1), tick(2, { symbol: '00005.HK' })])
    await clock.pass(10_000)
    await server.publish([tick(11, { symbol: '00005.HK' }), tick(12), tick(13, { symbol: '00005.HK' })])
    await client.settled()
    expect(seqs(client)).toEqual(expected)
  })

  it('disconnect-every ends the connection without a close frame', async () => {
    const clock = new ManualClock()
    const server = await serve({ faults: [parseFault('disconnect-every=20s')], clock })
    const client = await connect(server)
    await clock.pass(19_000)
    await client.settled()
    await clock.pass(1_000)
    expect((await client.end()).code).toBe(1006)
  })

  it('half-open answers nothing any more and never closes', async () => {
    const clock = new ManualClock()
    const server = await serve({ faults: [parseFault('half-open=5s')], clock })
    const client = await connect(server)
    await client.subscribeTrades('700.HK')
    await clock.pass(5_000)
    client.send({ cmd_id: 22000, seq_id: 1, trace: 't', data: {} })
    await server.publish(four)
    await clock.pass(120_000)
    const control = createConnection(server.port, '127.0.0.1')
    await new Promise((resolve) => control.once('connect', resolve))
    control.destroy()
    expect(client.texts).toHaveLength(1)
    expect(client.closed).toBeNull()
    expect(server.clients).toBe(1)
  })
})

describe('the end of the data', () => {
  it.each([['delay=5s'], ['reorder=1']])('comes after what %s holds back', async (fault) => {
    const clock = new ManualClock()
    const server = await serve({ faults: [parseFault(fault)], random: cycle(0), clock })
    const client = await connect(server)
    client.send(request(22004, { symbol_list: [{ code: '700.HK' }] }))
    await expect.poll(() => server.wanted.size).toBe(1)
    await server.publish(four.slice(0, 3))
    const closing = server.close()
    await clock.pass(5_000)
    await closing
    expect(await client.end()).toEqual({ code: 1000, reason: 'end of data' })
    expect(seqs(client).sort()).toEqual([1, 2, 3])
  })
})

describe('a text', () => {
  it.each([
    ['drop', 'fault "drop": use a share from 0 to 1, e.g. drop=0.01'],
    ['drop=2', 'fault "drop=2": use a share'],
    ['drop=-0.1', 'use a share'],
    ['drop=5%', 'use a share'],
    ['delay=100', 'fault "delay=100": use a time, e.g. delay=10s'],
    ['half-open', 'use a time'],
    ['mute-symbol', 'fault "mute-symbol": use a symbol and a time, e.g. mute-symbol=00700.HK@10s'],
    ['mute-symbol=x@10s', 'use a symbol and a time'],
    ['mute-symbol=700@10', 'use a symbol and a time'],
    ['explode=1', 'unknown fault "explode=1": use one of drop=0.01, '],
    ['constructor=1', 'unknown fault'],
    ['', 'unknown fault ""'],
  ])('"%s" is refused with the remedy', (text, message) => {
    expect(() => parseFault(text)).toThrow(message)
  })
})
