import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import { ManualClock, turn, until } from '../support/manual-clock.ts'
import { openNumberedServer } from '../support/numbered-server.ts'
import { Tape } from '../support/tape.ts'

const SYMBOLS = ['00700.HK', '00005.HK']

async function world(past = 0) {
  const clock = new ManualClock(1_000_000)
  const tape = new Tape(SYMBOLS)
  const server = await openNumberedServer(tape, clock, { past })
  onTestFinished(() => server.close())
  const connect = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${server.path}`)
    const heard: { cmd_id: number; ret?: number; data: { code?: string; seq?: number; tick_time?: number } }[] = []
    socket.on('message', (data) => heard.push(JSON.parse(String(data))))
    await once(socket, 'open')
    const ask = async (command: number, codes: readonly string[] = []): Promise<void> => {
      const data = { symbol_list: codes.map((code) => ({ code })) }
      socket.send(JSON.stringify({ cmd_id: command, seq_id: 1, trace: 't', data }))
      await until(() => heard.some(({ cmd_id }) => cmd_id === command + 1))
    }
    const trades = () => heard.flatMap(({ data }) => (data.seq === undefined ? [] : [`${data.code} ${data.seq}`]))
    return { socket, heard, ask, trades }
  }
  return { clock, tape, server, connect }
}

describe('the server of numbered trades', () => {
  it('acknowledges, then tells what is published from then on, and knows what it handed to whom', async () => {
    const { tape, server, connect } = await world()
    tape.publish(1)
    const { heard, ask, trades } = await connect()
    await ask(22004, ['700.HK', '5.HK'])
    tape.publish(2)
    tape.publish(2)
    await until(() => trades().length === 4)
    expect(heard[0]).toEqual({ ret: 200, msg: 'ok', cmd_id: 22005, seq_id: 1, trace: 't', data: {} })
    expect(heard[1]!.data).toMatchObject({ code: '700.HK', seq: 2, tick_time: 2, price: '600.800', volume: '200' })
    expect(trades()).toEqual(['700.HK 2', '5.HK 2', '700.HK 3', '5.HK 3'])
    expect(server.connections[0]!.sent).toEqual([
      { symbol: '00700.HK', first: 2, last: 3 },
      { symbol: '00005.HK', first: 2, last: 3 },
    ])
    expect([1, 2, 4].map((number) => server.handedTo('00700.HK', number))).toEqual([[], [0], []])
  })

  it('lets a request replace the one before, and counts one that comes within a second', async () => {
    const { clock, tape, server, connect } = await world()
    const { ask, trades } = await connect()
    await ask(22004, ['700.HK'])
    await clock.advance(999)
    await ask(22002, ['700.HK'])
    await clock.advance(1_000)
    await ask(22004, ['5.HK'])
    await until(() => server.connections[0]!.requests.length === 3)
    tape.publish(1)
    await until(() => trades().length > 0)
    await turn()
    expect(trades()).toEqual(['5.HK 1'])
    expect(server.tooSoon).toEqual(['0/1'])
  })

  it('gives the last trades again where it is told to', async () => {
    const { tape, connect } = await world(2)
    for (let time = 1; time <= 5; time++) tape.publish(time)
    const { ask, trades } = await connect()
    await ask(22004, ['700.HK'])
    tape.publish(6)
    await until(() => trades().length === 3)
    expect(trades()).toEqual(['700.HK 4', '700.HK 5', '700.HK 6'])
  })

  it('closes whoever sends no heartbeat for 30 s', async () => {
    const { clock, server, connect } = await world()
    const silent = await connect()
    const alive = await connect()
    await clock.advance(20_000)
    await alive.ask(22000)
    const closed = once(silent.socket, 'close')
    await clock.advance(10_000)
    expect((await closed)[0]).toBe(1008)
    await until(() => !server.connections[0]!.open)
    expect(server.connections[1]!.open).toBe(true)
    await clock.advance(19_999)
    expect(alive.socket.readyState).toBe(WebSocket.OPEN)
  })
})

describe('the tape', () => {
  it('trades at its pace, in turn, two of a symbol in the same millisecond, and never forgets', async () => {
    const clock = new ManualClock(1_000_000)
    const tape = new Tape(SYMBOLS)
    const stop = new AbortController()
    const running = tape.run(clock, 1_000, stop.signal)
    await clock.advance(1_000)
    stop.abort()
    await running
    expect(tape.published).toBe(1_001)
    expect(tape.times('00700.HK').slice(0, 4)).toEqual([1_000_000, 1_000_000, 1_000_004, 1_000_004])
    expect(tape.times('00005.HK').slice(0, 2)).toEqual([1_000_002, 1_000_002])
  })
})
