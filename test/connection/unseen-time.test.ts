import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOUR, MINUTE, parseTime } from '../../src/core/market/time.ts'
import { turn, until } from '../support/manual-clock.ts'
import { accept, MORNING, openServer, peer, type Reading, type ReadOptions, read, type Server } from './fake-vendor.ts'

let server: Server
let open: Reading[] = []
beforeEach(async () => {
  server = await openServer()
})
afterEach(async () => {
  for (const { stop, done } of open) {
    stop.abort()
    await done
  }
  open = []
  await server.close()
})

/** A feed of one symbol whose first trade has come, at `at`. */
async function streaming(options: ReadOptions = {}) {
  const at = options.at ?? MORNING
  const reading = read([server.url], { symbols: ['00700.HK'], ...options })
  open.push(reading)
  const first = await peer(server)
  await until(() => reading.states('up').length === 1)
  first.send(tick(at, 1))
  await until(() => reading.ofType('tick').length === 1)
  const holes = () => reading.ofType('gap').filter(({ cause }) => cause === 'disconnect')
  return { ...reading, first, holes }
}

const tick = (timestamp: number, seq: number) => ({ tick: [['00700.HK', timestamp, seq]] })
const deaf = () => {}

/** Lets messages on their way come. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn()
}

describe.each([
  ['whose monotonic clock stood still', (reading: Reading, ms: number) => Promise.resolve(reading.clock.jump(ms))],
  ['whose clocks both went on', (reading: Reading, ms: number) => reading.clock.stall(ms)],
] as const)('a machine that slept, %s', (_, sleep) => {
  it('has no trust in its connection: without a sign of life within seconds it connects again', async () => {
    const reading = await streaming()
    const { clock, first, states } = reading
    server.answer = deaf
    await sleep(reading, 2 * MINUTE)
    await clock.advance(1_100)
    await settle()
    expect(first.frames.at(-1)).toEqual({ beat: 1 })
    expect(states('lost')).toEqual([])
    await clock.advance(6_000)
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toContain(
      'the machine slept or a clock was set, and the connection shows no sign of life',
    )
    server.answer = accept
    await clock.advance(3_000)
    await peer(server, 1)
  })

  it('has one hole over the time it slept, even where it wakes at lunch, and nothing double', async () => {
    const start = parseTime('2026-11-23T11:00')
    const reading = await streaming({ at: start })
    server.answer = deaf
    await sleep(reading, 90 * MINUTE)
    await reading.clock.advance(7_000)
    await until(() => reading.states('lost').length === 1)
    server.answer = accept
    await reading.clock.advance(3_000)
    const second = await peer(server, 1)
    const afternoon = parseTime('2026-11-23T13:00:01')
    second.send({ tick: [['00700.HK', afternoon, 9]] })
    await until(() => reading.ofType('tick').length === 2)
    expect(reading.holes().map(({ from, to }) => [from, to])).toEqual([[start, afternoon]])
    expect(reading.events.filter(({ type }) => type === 'tick' || type === 'gap').at(-2)).toMatchObject({ type: 'gap' })
  })

  it('claims to have heard nothing while its connection is in doubt, also when it is stopped then', async () => {
    const start = parseTime('2026-11-23T11:00')
    const reading = await streaming({ at: start, checkpoints: [] })
    await reading.clock.advance(9_000)
    const before = reading.ofType('coverage').length
    server.answer = deaf
    await sleep(reading, 90 * MINUTE)
    reading.first.send({ book: 1 })
    await settle()
    expect(reading.ofType('coverage')).toHaveLength(before)
    reading.stop.abort()
    await reading.done
    expect(reading.holes().map(({ from, to }) => [from, to])).toEqual([[start, reading.clock.now()]])
  })

  it('keeps a connection that still works, and has no hole', async () => {
    const reading = await streaming()
    await sleep(reading, 2 * MINUTE)
    await reading.clock.advance(1_100)
    await until(() => reading.first.frames.some(({ beat }) => beat))
    await settle()
    reading.first.send(tick(MORNING + 2 * MINUTE, 2))
    await until(() => reading.ofType('tick').length === 2)
    await reading.clock.advance(20_000)
    expect(reading.states('lost')).toEqual([])
    expect(reading.holes()).toEqual([])
  })
})

describe('a process that stood still', () => {
  it('is noticed though the wall clock was set back by as much', async () => {
    const { clock, first } = await streaming()
    clock.jump(-2 * MINUTE)
    await clock.stall(2 * MINUTE)
    await clock.advance(1_100)
    await until(() => first.frames.some(({ beat }) => beat))
  })

  it('does not take an answer that waits to be read for one that is missing', async () => {
    const { clock, first, states } = await streaming({ at: parseTime('2026-11-22T10:00') })
    const beats = () => first.frames.filter(({ beat }) => beat).length
    server.answer = deaf
    await clock.advance(10_000)
    await until(() => beats() === 1)
    server.answer = accept
    await clock.stall(MINUTE)
    await clock.advance(1_100)
    await until(() => beats() > 1)
    await settle()
    await clock.advance(5_000)
    expect(states('lost')).toEqual([])
  })
})

describe('a clock that was set', () => {
  it.each([
    ['forward', 3 * HOUR],
    ['back', -3 * HOUR],
    ['forward by a day', 24 * HOUR],
    ['back by a week', -7 * 24 * HOUR],
  ])('%s costs no connection that keeps delivering, whether or not it answers heartbeats', async (_, ms) => {
    for (const answer of [accept, deaf]) {
      const reading = await streaming()
      server.answer = answer
      reading.clock.jump(ms)
      for (let i = 0; i < 30; i++) {
        await reading.clock.advance(1_000)
        reading.first.send({ book: 1 })
        await settle()
      }
      expect(reading.states('lost')).toEqual([])
      reading.stop.abort()
      await reading.done
      server.peers.length = 0
    }
  })

  it("forward ends the wait for the next attempt, for it may have been a sleep, but for the vendor's floor", async () => {
    const reading = await streaming({ random: () => 0.999_99 })
    server.answer = deaf
    for (let lost = 1; lost <= 2; lost++) {
      server.peers.at(-1)!.socket.terminate()
      await until(() => reading.states('lost').length === lost)
      const before = server.peers.length
      if (lost === 1) while (server.peers.length === before) await reading.clock.advance(100)
    }
    await reading.clock.advance(500)
    reading.clock.jump(HOUR)
    await reading.clock.advance(500)
    expect(server.peers).toHaveLength(2)
    await reading.clock.advance(2_100)
    await peer(server, 2)
  })
})
