import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFeed } from '../../src/core/connection/feed.ts'
import { HkqError } from '../../src/core/errors.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { ManualClock, turn, until } from '../support/manual-clock.ts'
import {
  accept,
  fakeVendor,
  MORNING,
  openServer,
  peer,
  type Reading,
  type ReadOptions,
  read,
  type Server,
  TOKEN,
} from './fake-vendor.ts'

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

function start(options: ReadOptions = {}, endpoints = [server.url]): Reading {
  const reading = read(endpoints, options)
  open.push(reading)
  return reading
}

const tick = (symbol: string, timestamp: number, seq: number) => ({ tick: [[symbol, timestamp, seq]] })

describe('subscribing', () => {
  it('sends the full set once a connection, in order, never two frames closer than the vendor allows', async () => {
    const { clock, states } = start({ depth: 5 })
    const first = await peer(server)
    await until(() => states('up').length === 1)
    expect(first.frames[0]).toMatchObject({ ask: 'trades', symbols: ['00700.HK', '00005.HK'] })
    await clock.advance(1_049)
    expect(first.frames).toHaveLength(1)
    await clock.advance(1)
    await until(() => first.frames.length === 2)
    expect(first.frames[1]).toMatchObject({ ask: 'quotes', symbols: ['00700.HK', '00005.HK'] })
    await clock.advance(8_950)
    await until(() => first.frames.length === 3)
    expect(first.frames[2]).toEqual({ beat: 1 })
  })

  it('subscribes to exactly the same after a drop', async () => {
    const { clock, states } = start()
    const first = await peer(server)
    await until(() => first.frames.length === 1)
    first.socket.close(1011, 'bye')
    await until(() => states('lost').length === 1)
    expect(states('lost')[0]).toBe('the server closed the connection (code 1011 "bye"); next try in 3.0 s')
    await clock.advance(3_000)
    const second = await peer(server, 1)
    await until(() => second.frames.length === 1)
    expect(second.frames[0]!.symbols).toEqual(first.frames[0]!.symbols)
  })

  it('takes a server that streams without acknowledging at its word', async () => {
    server.answer = () => {}
    const { clock, states, ofType } = start({ depth: 5 })
    const first = await peer(server)
    await until(() => first.frames.length === 1)
    first.send(tick('00700.HK', MORNING, 1))
    await until(() => ofType('tick').length === 1)
    for (let i = 0; i < 8; i++) {
      await clock.advance(5_000)
      first.send({ book: 1 })
      await turn()
    }
    expect(first.frames.filter(({ ask }) => ask).map(({ ask }) => ask)).toEqual(['trades', 'quotes'])
    expect(states('up')).toEqual([`${server.url}, symbols: 2`])
    expect(states('lost')).toEqual([])
  })

  it('replaces the set while running, with one request however often it is asked, and no heartbeat waits for it', async () => {
    const { clock, feed, states } = start()
    const first = await peer(server)
    await until(() => states('up').length === 1)
    for (const symbol of ['00001.HK', '00002.HK', '00003.HK']) feed.subscribe!([symbol])
    await clock.advance(9_500)
    await until(() => first.frames.length === 2)
    expect(first.frames[1]!.symbols).toEqual(['00003.HK'])
    for (const symbol of ['00001.HK', '00002.HK', '00003.HK']) feed.subscribe!([symbol])
    while (first.frames.length < 4) await clock.advance(250)
    expect(first.frames[3]).toEqual({ beat: 1 })
  })

  it('finds the refused codes at the pace of the vendor, drops them, and goes on with the rest', async () => {
    const symbols = Array.from({ length: 20 }, (_, i) => `${String(i + 1).padStart(5, '0')}.HK`)
    const bad = new Set(['00004.HK', '00017.HK'])
    const sentAt: number[] = []
    const reading = start({ symbols, depth: 5 })
    let subscribed: readonly string[] = []
    server.answer = (asked, peer) => {
      if (!asked.ask) return accept(asked, peer)
      sentAt.push(reading.clock.monotonic())
      const isBad = asked.symbols.some((symbol) => bad.has(symbol))
      if (!isBad && asked.ask === 'trades') subscribed = asked.symbols
      if (!isBad) accept(asked, peer)
      else peer.send({ no: { id: asked.id, code: 600, message: 'code invalid', verdict: 'symbols' } })
    }
    const first = await peer(server)
    await until(() => first.frames.length === 1)
    while (!first.frames.some(({ ask }) => ask === 'quotes')) await reading.clock.advance(1_050)
    expect([...subscribed].sort()).toEqual(symbols.filter((symbol) => !bad.has(symbol)))
    expect(first.frames.find(({ ask }) => ask === 'quotes')!.symbols).toHaveLength(18)
    expect(reading.states('warning')).toEqual([
      '00004.HK dropped: fake refused it with 600 "code invalid"',
      '00017.HK dropped: fake refused it with 600 "code invalid"',
    ])
    for (let i = 1; i < sentAt.length; i++) expect(sentAt[i]! - sentAt[i - 1]!).toBeGreaterThanOrEqual(1_050)
    first.socket.terminate()
    await until(() => reading.states('lost').length === 1)
    await reading.clock.advance(3_000)
    const second = await peer(server, 1)
    await until(() => second.frames.length === 1)
    expect(second.frames[0]!.symbols).toHaveLength(18)
  })

  it('ends when the vendor refuses every symbol', async () => {
    server.answer = ({ id }, peer) => peer.send({ no: { id, code: 600, message: 'code invalid', verdict: 'symbols' } })
    const { done } = start({ symbols: ['09999.HK'] })
    expect(await done).toMatchObject({ code: 'E_SYMBOL', message: expect.stringContaining('"09999.HK"') })
  })

  it.each([
    ['token', 'E_TOKEN'],
    ['limit', 'E_USAGE'],
    ['fatal', 'E_UNEXPECTED'],
  ])('ends on the verdict %s with %s, whatever request it names', async (verdict, code) => {
    server.answer = (_, peer) => peer.send({ no: { id: null, code: 401, message: `no ${TOKEN}`, verdict } })
    const { done } = start()
    const error = (await done) as HkqError
    expect(error.code).toBe(code)
    expect(error.message).not.toContain(TOKEN)
  })

  it('ends with what the vendor says where it cannot even be addressed', async () => {
    const connect = (): never => {
      throw new HkqError('E_TOKEN', 'no token: set HKQ_FAKE_TOKEN')
    }
    const { done } = start({ vendor: { connect } })
    expect(await done).toMatchObject({ code: 'E_TOKEN', message: 'no token: set HKQ_FAKE_TOKEN' })
  })

  it('sends a request again, slower, when the vendor asks for it', async () => {
    let refusals = 1
    server.answer = (asked, peer) => {
      if (refusals-- > 0)
        peer.send({ no: { id: asked.id, code: 605, message: 'too many requests', verdict: 'backoff' } })
      else accept(asked, peer)
    }
    const { clock, states } = start()
    const first = await peer(server)
    await until(() => states('warning').length === 1)
    await clock.advance(2_099)
    expect(first.frames).toHaveLength(1)
    await clock.advance(1)
    await until(() => states('up').length === 1)
    expect(first.frames).toHaveLength(2)
  })
})

describe('a line that is dead', () => {
  it('is noticed by a heartbeat without any answer', async () => {
    server.answer = (asked, peer) => (asked.ask ? accept(asked, peer) : undefined)
    const { clock, states } = start({ at: parseTime('2026-11-22T10:00') })
    const first = await peer(server)
    await until(() => states('up').length === 1)
    await clock.advance(24_999)
    expect(states('lost')).toEqual([])
    await clock.advance(1)
    await until(() => first.closed !== undefined)
    expect(states('lost')[0]).toContain('no answer to a heartbeat within 15 s')
  })

  it('is not one that streams without answering heartbeats', async () => {
    server.answer = (asked, peer) => (asked.ask ? accept(asked, peer) : undefined)
    const { clock, states } = start()
    const first = await peer(server)
    await until(() => states('up').length === 1)
    for (let i = 0; i < 20; i++) {
      await clock.advance(5_000)
      first.send({ book: 1 })
      await turn()
      await turn()
    }
    expect(states('lost')).toEqual([])
  })

  it('is not one of a vendor that never answers heartbeats', async () => {
    server.answer = (asked, peer) => (asked.ask ? accept(asked, peer) : undefined)
    const heartbeat = { everyMs: 10_000, frame: () => '{"beat":1}', answerWithinMs: null }
    const { clock, states } = start({ at: parseTime('2026-11-22T10:00'), vendor: { heartbeat } })
    await until(() => states('up').length === 1)
    await clock.advance(300_000)
    expect(states('lost')).toEqual([])
  })
})

describe('the watchdog', () => {
  it('gives a silent connection up in continuous trading, and writes the gap as stale', async () => {
    const { clock, states, ofType } = start()
    const first = await peer(server)
    await until(() => states('up').length === 1)
    first.send(tick('00700.HK', MORNING, 1))
    await until(() => ofType('tick').length === 1)
    await clock.advance(29_999)
    expect(states('lost')).toEqual([])
    await clock.advance(1)
    await until(() => states('lost').length === 1)
    await clock.advance(3_000)
    const second = await peer(server, 1)
    second.send(tick('00700.HK', MORNING + 40_000, 9))
    await until(() => ofType('tick').length === 2)
    expect(ofType('gap').filter(({ cause }) => cause === 'stale')).toEqual([
      {
        type: 'gap',
        source: 'fake',
        symbol: '00700.HK',
        from: MORNING,
        to: MORNING + 40_000,
        cause: 'stale',
        volume: null,
        filled_by: null,
      },
    ])
  })

  it('writes the gap of a connection that was mute from its first second from there', async () => {
    const { clock, states, ofType } = start({ at: MORNING - 3_600_000 })
    await peer(server)
    await until(() => states('up').length === 1)
    await clock.advance(1_800_000 + 30_000)
    await until(() => states('lost').length === 1)
    await clock.advance(3_000)
    const second = await peer(server, 1)
    second.send(tick('00700.HK', MORNING - 1_760_000, 9))
    await until(() => ofType('tick').length === 1)
    expect(ofType('gap').map(({ from, to, cause }) => [from, to, cause])).toEqual([
      [MORNING - 3_600_000, MORNING - 1_760_000, 'stale'],
    ])
  })

  it('is not fooled by messages that mean nothing', async () => {
    const { clock, states } = start()
    const first = await peer(server)
    await until(() => states('up').length === 1)
    for (let i = 0; i < 6; i++) {
      await clock.advance(5_000)
      first.send({ news: 1 })
      await turn()
      await turn()
    }
    await until(() => states('lost').length === 1)
  })

  it('is not fooled by messages that nobody can read, which are kept', async () => {
    const { openDecoder } = fakeVendor([])
    const { clock, states, ofType } = start({
      vendor: {
        openDecoder: (context) => ({
          ...openDecoder(context),
          scan: () => false,
          decode: (frame, received_at, out) => {
            if (frame.toString() !== '"gateway timeout"') return openDecoder(context).decode(frame, received_at, out)
            const known = { source: 'fake', symbol: null, timestamp: null, received_at } as const
            out.push({ type: 'rejected', ...known, reason: 'malformed', raw: frame.toString() })
            return undefined
          },
        }),
      },
    })
    const first = await peer(server)
    await until(() => states('up').length === 1)
    for (let i = 0; i < 6; i++) {
      await clock.advance(5_000)
      const { length } = ofType('rejected')
      first.socket.send('"gateway timeout"')
      if (i < 5) await until(() => ofType('rejected').length > length)
    }
    await turn()
    expect(states('lost')).toHaveLength(1)
  })

  it('waits twice as long after a reconnect that brought nothing', async () => {
    const { clock, states } = start()
    await until(() => states('up').length === 1)
    await clock.advance(30_000)
    await until(() => states('lost').length === 1)
    await until(() => clock.sleeping.length === 1)
    await clock.advance(0)
    await until(() => states('up').length === 2)
    await clock.advance(59_999)
    expect(states('lost')).toHaveLength(1)
    await clock.advance(1)
    await until(() => states('lost').length === 2)
  })

  it('leaves a silent connection alone at lunch', async () => {
    const { clock, states } = start({ at: parseTime('2026-11-23T12:00') })
    await until(() => states('up').length === 1)
    await clock.advance(3_600_000)
    expect(states('lost')).toEqual([])
  })
})

describe('connecting again', () => {
  it('goes to the next endpoint when one fails, and stays where data comes from', async () => {
    const dead = await openServer()
    await dead.close()
    const reading = start({}, [dead.url, server.url])
    await until(() => reading.states('lost').length === 1)
    expect(reading.states('lost')[0]).toContain('ECONNREFUSED')
    await reading.clock.advance(3_000)
    const first = await peer(server)
    first.send(tick('00700.HK', MORNING, 1))
    await until(() => reading.ofType('tick').length === 1)
    first.socket.terminate()
    await until(() => reading.states('lost').length === 2)
    await reading.clock.advance(3_000)
    await peer(server, 1)
  })

  it('tells how its line is: since when it is up or away, and why, however often an attempt fails', async () => {
    const reading = start()
    const [line] = reading.feed.lines!()
    expect(line).toEqual({ source: 'fake', state: 'connecting', since: MORNING, detail: null })
    const first = await peer(server)
    await until(() => reading.states('up').length === 1)
    expect(reading.feed.lines!()).toEqual([{ source: 'fake', state: 'up', since: MORNING, detail: null }])
    await reading.clock.advance(2_000)
    await server.close()
    first.socket.terminate()
    await until(() => reading.states('lost').length === 1)
    await reading.clock.advance(3_000)
    await until(() => reading.states('lost').length === 2)
    expect(reading.feed.lines!()).toEqual([
      { source: 'fake', state: 'lost', since: MORNING + 2_000, detail: expect.stringContaining('ECONNREFUSED') },
    ])
    reading.stop.abort()
    await reading.done
    expect(reading.feed.lines!()[0]).toMatchObject({ state: 'lost', detail: 'the feed has ended' })
  })

  it('forgets the failures of an endpoint that delivers', async () => {
    const dead = await openServer()
    await dead.close()
    const { clock, states, ofType } = start({}, [server.url, dead.url])
    for (let i = 0; i < 3; i++) {
      await until(() => server.peers.length > i)
      server.peers[i]!.send(tick('00700.HK', MORNING + i, i))
      await until(() => ofType('tick').length === i + 1)
      const lost = states('lost').length
      server.peers[i]!.socket.terminate()
      await until(() => states('lost').length > lost)
      while (server.peers.length === i + 1) await clock.advance(100)
    }
    expect(states('lost').filter((detail) => detail.includes('ECONNREFUSED'))).toHaveLength(1)
  })

  it('waits longer with each failure, a minute at most while the market is shut, and short again after data', async () => {
    server.answer = () => {}
    const { clock, states } = start({ at: parseTime('2026-11-21T10:00'), random: () => 0.999_99 })
    for (let i = 0; i < 8; i++) {
      const next = await peer(server, i)
      if (i === 7) next.send({ book: 1 })
      await turn()
      await turn()
      next.socket.terminate()
      await until(() => states('lost').length === i + 1)
      while (server.peers.length === i + 1) await clock.advance(100)
    }
    const waits = states('lost').map((detail) => /next try in (.*)$/.exec(detail)![1])
    expect(waits).toEqual(['3.0 s', '6.0 s', '12.0 s', '24.0 s', '48.0 s', '60.0 s', '60.0 s', '3.0 s'])
  })

  it('waits no longer than in the session when the opening is near', async () => {
    const dead = await openServer()
    await dead.close()
    const { clock, states } = start({ at: parseTime('2026-11-23T08:59:05'), random: () => 0.999_99 }, [dead.url])
    const waits = [3, 6, 8, 8]
    for (const [i, seconds] of waits.entries()) {
      await until(() => states('lost').length === i + 1)
      expect(states('lost')[i]).toContain(`next try in ${seconds}.0 s`)
      await clock.advance(seconds * 1_000)
    }
  })

  it('stops after the retries allowed and names the last cause', async () => {
    const dead = await openServer()
    await dead.close()
    const { clock, states, done } = start({ maxRetries: 2 }, [dead.url])
    for (let i = 1; i <= 2; i++) {
      await until(() => states('lost').length === i)
      await clock.advance(8_000)
    }
    expect(await done).toMatchObject({ code: 'E_NETWORK', message: expect.stringMatching(/ECONNREFUSED.*2 retries/) })
  })

  it('counts only failures in a row: data forgives them', async () => {
    const { clock, states, ofType } = start({ maxRetries: 1 })
    for (let i = 0; i < 4; i++) {
      const next = await peer(server, i)
      next.send(tick('00700.HK', MORNING + i, i))
      await until(() => ofType('tick').length === i + 1)
      next.socket.terminate()
      await until(() => states('lost').length === i + 1)
      await clock.advance(3_000)
    }
    await peer(server, 4)
  })

  it('takes the close with code 1000 as the end where no retry is allowed', async () => {
    const { done, states, ofType } = start({ maxRetries: 0 })
    const first = await peer(server)
    first.send(tick('00700.HK', MORNING, 1))
    first.socket.close(1000)
    expect(await done).toBeUndefined()
    expect(ofType('tick')).toHaveLength(1)
    expect(states('lost')).toEqual([])
  })

  it('takes any other end as a failure where no retry is allowed', async () => {
    const { done } = start({ maxRetries: 0 })
    const first = await peer(server)
    first.socket.terminate()
    expect(await done).toMatchObject({ code: 'E_NETWORK', exitCode: 5 })
  })
})

describe('gaps in the stream', () => {
  it('stand just before the tick that ends them, one a symbol', async () => {
    const { clock, states, events, ofType } = start({ at: parseTime('2026-11-23T09:00') })
    const first = await peer(server)
    first.send({
      tick: [
        ['00700.HK', MORNING, 1],
        ['00005.HK', MORNING + 1, 2],
      ],
    })
    await until(() => ofType('tick').length === 2)
    first.socket.terminate()
    await until(() => states('lost').length === 1)
    await clock.advance(3_000)
    const second = await peer(server, 1)
    second.send({
      tick: [
        ['00005.HK', MORNING + 1, 2],
        ['00700.HK', MORNING, 5],
        ['00005.HK', MORNING + 9, 7],
      ],
    })
    await until(() => ofType('tick').length === 5)
    const market = events.filter(({ type }) => type !== 'status')
    expect(market.map((event) => event.type)).toEqual(['tick', 'tick', 'tick', 'gap', 'tick', 'tick'])
    expect(market[3]).toMatchObject({ symbol: '00700.HK', from: MORNING, to: MORNING, cause: 'disconnect' })
  })

  it('begin where the store ends, as far as it has them from this source', async () => {
    const seen = {
      symbol: '00700.HK',
      timestamp: MORNING - 60_000,
      seq: 3,
      committed_at: MORNING - 60_000,
      covered_until: null,
    }
    const other = { ...seen, symbol: '00005.HK', source: 'another' }
    const { ofType } = start({ checkpoints: [{ ...seen, source: 'fake' }, other] })
    const first = await peer(server)
    first.send({
      tick: [
        ['00700.HK', MORNING, 1],
        ['00005.HK', MORNING + 1, 2],
      ],
    })
    await until(() => ofType('tick').length === 2)
    expect(ofType('gap').map(({ symbol, cause }) => [symbol, cause])).toEqual([
      ['00700.HK', 'restart'],
      ['00005.HK', 'late_start'],
    ])
  })

  it('are told with how far was heard, after what it covers, once a second and at the end', async () => {
    const reading = start({ at: MORNING, checkpoints: [], vendor: { frameGapMs: 0 } })
    const first = await peer(server)
    first.send(tick('00700.HK', MORNING, 1))
    await until(() => reading.ofType('tick').length === 1)
    await reading.clock.advance(10_000)
    await until(() => reading.ofType('coverage').length === 2)
    reading.stop.abort()
    await reading.done
    expect(reading.events.map(({ type }) => type).slice(1)).toEqual([
      ...['gap', 'tick', 'coverage', 'coverage', 'gap', 'coverage'],
    ])
    const opening = parseTime('2026-11-23T09:20') - MORNING
    expect(reading.ofType('coverage').map(({ symbols, timestamp }) => [symbols, timestamp - MORNING])).toEqual([
      [['00005.HK'], opening],
      [['00700.HK'], 8_000],
      [['00700.HK', '00005.HK'], 8_000],
    ])
  })

  it('are written where the machine slept over the close of a session, though the loss is noticed at lunch', async () => {
    const at = parseTime('2026-11-23T11:59:20')
    const reading = start({ at, symbols: ['00700.HK'] })
    const first = await peer(server)
    first.send(tick('00700.HK', at, 1))
    await until(() => reading.ofType('tick').length === 1)
    reading.clock.jump(150_000)
    first.socket.terminate()
    await until(() => reading.states('lost').length === 1)
    await reading.clock.advance(3_000)
    const second = await peer(server, 1)
    await until(() => reading.states('up').length === 2)
    reading.clock.jump(3_540_000)
    second.send(tick('00700.HK', at + 3_641_000, 9))
    await until(() => reading.ofType('tick').length === 2)
    expect(reading.ofType('gap').map(({ cause, from, to }) => [cause, from, to])).toEqual([
      ['late_start', parseTime('2026-11-23T09:20'), at],
      ['disconnect', at, at + 3_641_000],
    ])
  })

  it('end with the run where no tick came after the loss', async () => {
    const reading = start({ at: parseTime('2026-11-23T10:00'), symbols: ['00700.HK'] })
    const first = await peer(server)
    first.send(tick('00700.HK', MORNING, 1))
    await until(() => reading.ofType('tick').length === 1)
    first.socket.terminate()
    await until(() => reading.states('lost').length === 1)
    await reading.clock.advance(1_000)
    reading.stop.abort()
    await reading.done
    expect(reading.events.at(-1)).toMatchObject({
      type: 'gap',
      cause: 'disconnect',
      from: MORNING,
      to: MORNING + 1_000,
    })
  })
})

describe('one signal', () => {
  it('ends a feed that streams; what was received is still delivered, the socket is closed', async () => {
    const clock = new ManualClock(MORNING)
    const stop = new AbortController()
    let received = 0
    const feed = openFeed(fakeVendor([server.url]), {
      symbols: ['00700.HK'],
      depth: 0,
      sessions: new Sessions(),
      clock,
      random: () => 0,
      signal: stop.signal,
      onBytes: () => received++,
    })
    const events = feed[Symbol.asyncIterator]()
    const first = await peer(server)
    first.send(tick('00700.HK', MORNING, 1))
    first.send(tick('00700.HK', MORNING, 2))
    await until(() => received === 3)
    stop.abort()
    const batch = await events.next()
    expect(batch.value.filter(({ type }: { type: string }) => type === 'tick')).toHaveLength(2)
    expect((await events.next()).done).toBe(true)
    await until(() => first.closed !== undefined)
  })

  it('that aborted before ends a feed before it connects', async () => {
    const { events, done } = start({ signal: AbortSignal.abort() })
    expect(await done).toBeUndefined()
    await turn()
    expect([events, server.peers]).toEqual([[], []])
  })

  it('ends a feed that connects', async () => {
    const silent = await import('node:net').then((net) => net.createServer())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const connected = new Promise((resolve) => silent.once('connection', resolve))
    const { port } = silent.address() as { port: number }
    const { stop, done } = start({}, [`ws://127.0.0.1:${port}/`])
    await connected
    stop.abort()
    expect(await done).toBeUndefined()
    silent.close()
  })

  it('ends a feed that waits for its next attempt', async () => {
    const dead = await openServer()
    await dead.close()
    const { stop, done, states } = start({}, [dead.url])
    await until(() => states('lost').length === 1)
    stop.abort()
    expect(await done).toBeUndefined()
  })

  it('is not needed: leaving the loop closes the socket, even while the next batch is awaited', async () => {
    const clock = new ManualClock(MORNING)
    const options = { symbols: ['00700.HK'], depth: 0, sessions: new Sessions(), clock, random: () => 0 }
    const feed = openFeed(fakeVendor([server.url]), { ...options, signal: new AbortController().signal })
    const events = feed[Symbol.asyncIterator]()
    const first = await peer(server)
    await events.next()
    const pending = events.next()
    await events.return!()
    expect((await pending).done).toBe(true)
    await until(() => first.closed !== undefined)
    expect(clock.sleeping).toEqual([])
  })
})

describe('a slow consumer', () => {
  it('stops the socket, loses nothing; heartbeats go on meanwhile, and the pause is no silence of the market', async () => {
    const clock = new ManualClock(MORNING)
    const stop = new AbortController()
    let received = 0
    const options = {
      symbols: ['00700.HK'],
      depth: 0,
      sessions: new Sessions(),
      clock,
      random: () => 0,
      signal: stop.signal,
    }
    const feed = openFeed(fakeVendor([server.url]), { ...options, capacity: 100, onBytes: () => received++ })
    const events = feed[Symbol.asyncIterator]()
    const first = await peer(server)
    await until(() => received === 1)
    const count = 200_000
    for (let seq = 0; seq < count; seq++) first.send(tick('00700.HK', MORNING + seq, seq))
    let before = -1
    while (received !== before) {
      before = received
      for (let i = 0; i < 20; i++) await turn()
    }
    expect(received).toBeLessThan(count)
    expect(first.socket.bufferedAmount).toBeGreaterThan(0)
    await clock.advance(120_000)
    expect(first.frames.filter(({ beat }) => beat).length).toBeGreaterThanOrEqual(11)
    const seqs: number[] = []
    while (seqs.length < count) {
      for (const event of (await events.next()).value) if (event.type === 'tick') seqs.push(event.seq)
    }
    expect(seqs).toEqual(Array.from({ length: count }, (_, seq) => seq))
    await clock.advance(29_999)
    expect(first.closed).toBeUndefined()
    await clock.advance(1)
    await until(() => first.closed !== undefined)
    stop.abort()
    await events.return!()
  })

  it('is told no coverage while what was held back may still come: not before a heartbeat sent since was answered', async () => {
    const clock = new ManualClock(MORNING)
    const stop = new AbortController()
    const feed = openFeed(fakeVendor([server.url], { frameGapMs: 0 }), {
      ...{ symbols: ['00700.HK'], depth: 0, sessions: new Sessions(), clock, random: () => 0 },
      ...{ signal: stop.signal, checkpoints: [], capacity: 2 },
    })
    const iterator = feed[Symbol.asyncIterator]()
    const events: MarketEvent[] = []
    const take = async (): Promise<void> => void events.push(...(await iterator.next()).value)
    const first = await peer(server)
    await take()
    first.send({ tick: [0, 1, 2].map((seq) => ['00700.HK', MORNING + seq, seq]) })
    while (events.length < 5) await take()
    await clock.advance(5_000)
    first.send(tick('00700.HK', MORNING + 5_000, 3))
    while (events.length < 6) await take()
    const types = (): string[] => events.map(({ type }) => type)
    expect(types()).toEqual(['status', 'gap', 'tick', 'tick', 'tick', 'tick'])
    await clock.advance(5_000)
    await until(() => first.frames.some(({ beat }) => beat))
    await take()
    expect(events.slice(6)).toMatchObject([{ type: 'coverage', timestamp: MORNING + 8_000 }])
    stop.abort()
    await iterator.return!()
  })
})
