import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFeed } from '../../src/core/connection/feed.ts'
import { pooled, shareOut } from '../../src/core/connection/pool.ts'
import type { Vendor } from '../../src/core/connection/vendor.ts'
import { HkqError } from '../../src/core/errors.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { ManualClock, until } from '../support/manual-clock.ts'
import { type Asked, fakeVendor, MORNING, openServer, type Peer, peer, type Server } from './fake-vendor.ts'

describe('symbols are shared out', () => {
  const some = fc.uniqueArray(
    fc.integer({ min: 1, max: 99_999 }).map((code) => `${code}`),
    { maxLength: 60 },
  )
  const capacities = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 })

  it('each to one line, none beyond what it carries, over the fewest lines that do', () => {
    fc.assert(
      fc.property(some, capacities, (symbols, rooms) => {
        const room = rooms.reduce((a, b) => a + b, 0)
        if (symbols.length > room) {
          expect(() => shareOut(symbols, rooms, 'fake')).toThrow(HkqError)
          return
        }
        const shares = shareOut(symbols, rooms, 'fake')
        expect(shares.flat().toSorted()).toEqual(symbols.toSorted())
        for (const [i, share] of shares.entries()) expect(share.length).toBeLessThanOrEqual(rooms[i]!)
        const fewer = rooms.slice(0, Math.max(0, shares.length - 1)).reduce((a, b) => a + b, 0)
        expect(fewer < symbols.length || symbols.length === 0).toBe(true)
      }),
    )
  })

  it('evenly', () => {
    expect(shareOut(['a', 'b', 'c', 'd', 'e'], [4, 4, 4], 'fake').map(({ length }) => length)).toEqual([3, 2])
  })

  it('or are refused, with what would carry them', () => {
    expect(() => shareOut(['a', 'b', 'c'], [1, 1], 'fake')).toThrow(
      '"3" symbols, but 2 connections of fake carry 2: ask for fewer, or name a larger plan or another token',
    )
  })
})

describe('a feed over several connections', () => {
  const SYMBOLS = ['00001.HK', '00005.HK', '00700.HK', '09988.HK', '02318.HK']
  let server: Server
  let clock: ManualClock
  let stop: AbortController
  let events: MarketEvent[]
  let done: Promise<unknown>
  let feed: ReturnType<typeof pooled>
  let asked: { at: number; url: string; from: Peer; frame: Asked }[]

  beforeEach(async () => {
    server = await openServer()
    clock = new ManualClock(MORNING)
    stop = new AbortController()
    events = []
    asked = []
    const { answer } = server
    server.answer = (frame, from) => {
      if (frame.ask) asked.push({ at: clock.monotonic(), url: from.url, from, frame })
      answer(frame, from)
    }
  })
  afterEach(async () => {
    stop.abort()
    await done
    await server.close()
  })

  const byToken = (token: string): Vendor => ({
    ...fakeVendor([server.url], { maxSymbols: 2, maxConnections: 2, lineGapMs: 4_050 }),
    connect: (endpoint) => ({ url: `${endpoint}?token=${token}` }),
  })

  function start(symbols: readonly string[] = SYMBOLS): void {
    const lines = ['first', 'first', 'second', 'second'].map((token) => ({
      vendor: byToken(token),
      token: token === 'first' ? 1 : 2,
    }))
    const options = {
      ...{ symbols, depth: 0, sessions: new Sessions(), clock, random: () => 0, signal: stop.signal, checkpoints: [] },
    }
    feed = pooled(lines, options, ({ vendor }, { which: _, ...how }) => openFeed(vendor, { ...options, ...how }))
    done = (async () => {
      for await (const batch of feed) events.push(...batch)
    })().catch((error: unknown) => error)
  }

  async function connected(count: number, requests = count): Promise<Peer[]> {
    for (let i = 0; i < 12 && asked.length < requests; i++) {
      await clock.advance(1_050)
      await until(() => true)
    }
    await until(() => asked.length >= requests)
    return Promise.all(Array.from({ length: count }, (_, n) => peer(server, n)))
  }

  const told = (state: string): string[] =>
    events.flatMap((event) => (event.type === 'status' && event.state === state ? [event.detail] : []))
  const symbolsOf = (state: string): readonly string[] =>
    events.flatMap((event) => (event.type === 'status' && event.state === state ? (event.symbols ?? []) : []))
  const ticks = (): string[] => events.flatMap((event) => (event.type === 'tick' ? [event.symbol] : []))

  it('says how the symbols are spread, asks for each once, and gives what all bring', async () => {
    start()
    const peers = await connected(3)
    expect(told('connecting')).toEqual(['5 symbols over 3 connections: 2 by token 1, 2 by token 1, 1 by token 2'])
    expect(asked.flatMap(({ frame }) => frame.symbols).toSorted()).toEqual(SYMBOLS.toSorted())
    expect(peers.map(({ url }) => url.slice(url.indexOf('=') + 1)).toSorted()).toEqual(['first', 'first', 'second'])
    for (const one of peers) {
      const [symbol] = asked.find(({ frame }) => one.frames.includes(frame))!.frame.symbols
      one.send({ tick: [[symbol, MORNING, 1]] })
    }
    await until(() => ticks().length === 3)
    expect(feed.connections?.()).toBe(3)
    expect(feed.lines!().map(({ state }) => state)).toEqual(['up', 'up', 'up'])
  })

  it('keeps the distance between requests of one token, whichever connection they leave by', async () => {
    start()
    await connected(3)
    const [one, other] = asked.filter(({ url }) => url.endsWith('first')).map(({ at }) => at)
    expect(other! - one!).toBeGreaterThanOrEqual(3_000)
  })

  it('loses with one connection its symbols alone', async () => {
    start()
    const peers = await connected(3)
    for (const { frame } of asked) {
      peers.find(({ frames }) => frames.includes(frame))!.send({ tick: frame.symbols.map((s) => [s, MORNING, 1]) })
    }
    await until(() => ticks().length === 5)
    const lost = asked.find(({ frame }) => peers[0]!.frames.includes(frame))!.frame.symbols
    peers[0]!.socket.terminate()
    await until(() => told('lost').length === 1)
    expect(feed.lines!().filter(({ state }) => state === 'up')).toHaveLength(2)
    expect(symbolsOf('lost').toSorted()).toEqual(lost.toSorted())
    stop.abort()
    await done
    const holes = events.flatMap((event) =>
      event.type === 'gap' && event.cause === 'disconnect' ? [event.symbol] : [],
    )
    expect(holes.toSorted()).toEqual(lost.toSorted())
  })

  it('goes on with the others when one is refused, and says what is heard no more', async () => {
    const { answer } = server
    server.answer = (frame, from) => {
      if (from.url.endsWith('second') && frame.ask) {
        from.send({ no: { id: frame.id, code: 401, message: 'no such token', verdict: 'token' } })
        asked.push({ at: clock.monotonic(), url: from.url, from, frame })
      } else answer(frame, from)
    }
    start()
    const peers = await connected(3)
    await until(() => told('warning').length === 1)
    expect(told('warning')[0]).toMatch(/^connection 3 has ended, 1 symbols are heard no more: .*no such token/)
    expect(symbolsOf('warning')).toEqual(asked.find(({ url }) => url.endsWith('second'))!.frame.symbols)
    const alive = peers.find(({ url }) => url.endsWith('first'))!
    alive.send({ tick: [[alive.frames[0]!.symbols[0], MORNING, 1]] })
    await until(() => ticks().length === 1)
  })

  it('leaves symbols where they are when others come, and opens a further connection when there is no room', async () => {
    start(SYMBOLS.slice(0, 3))
    await connected(2)
    feed.subscribe(SYMBOLS)
    await connected(3, 4)
    const newest = new Map(asked.map(({ frame, from }) => [from, frame.symbols]))
    expect([...newest.values()].flat().toSorted()).toEqual(SYMBOLS.toSorted())
    expect([...newest.values()][0]).toEqual(asked[0]!.frame.symbols)
    expect(feed.connections?.()).toBe(3)
    expect(() => feed.subscribe(Array.from({ length: 9 }, (_, i) => `0000${i}.HK`))).toThrow(/carry 8/)
  })
})
