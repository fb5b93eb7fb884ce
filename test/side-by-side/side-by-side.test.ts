import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFeed } from '../../src/core/connection/feed.ts'
import type { Vendor } from '../../src/core/connection/vendor.ts'
import { HkqError } from '../../src/core/errors.ts'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { Channel } from '../../src/core/pipeline/channel.ts'
import type { Source } from '../../src/core/pipeline/source.ts'
import { sideBySide } from '../../src/core/side-by-side/side-by-side.ts'
import { accept, fakeVendor, MORNING, openServer, peer, type Server, tickOf } from '../connection/fake-vendor.ts'
import { ManualClock, turn, until } from '../support/manual-clock.ts'

let clock: ManualClock
let stop: AbortController
let events: MarketEvent[]

beforeEach(() => {
  clock = new ManualClock(MORNING)
  stop = new AbortController()
  events = []
})

/** Collects what comes. Settles when the source ends: undefined, or what it threw. */
async function drained(source: Source): Promise<unknown> {
  try {
    for await (const batch of source) events.push(...batch)
    return undefined
  } catch (error) {
    return error
  }
}

const ticks = (): Tick[] => events.filter((event): event is Tick => event.type === 'tick')
const told = (state: string): string[] =>
  events.flatMap((event) =>
    event.type === 'status' && event.state === state ? [`${event.source}: ${event.detail}`] : [],
  )

describe('two feeds over sockets', () => {
  let servers: readonly [Server, Server]
  /** Number of the last trade: prices make them distinct, and no vendor tells it. */
  let last: number

  beforeEach(async () => {
    servers = [await openServer(), await openServer()]
    last = 0
  })
  afterEach(async () => {
    stop.abort()
    for (const server of servers) await server.close()
  })

  /** A vendor whose numbers are its own and whose clock is off by `skew` ms. */
  function vendor(name: string, { url }: Server, skew: number): Vendor {
    const fake = fakeVendor([url], { name })
    return {
      ...fake,
      openDecoder: (context) => ({
        unknown: 0,
        decode: (frame, receivedAt, out) => {
          const { trade } = JSON.parse(frame.toString())
          if (trade === undefined) return fake.openDecoder(context).decode(frame, receivedAt, out)
          const tick = tickOf('00700.HK', trade.time + skew, trade.number + 1_000 * skew, receivedAt)
          out.push({ ...tick, source: name, last_price: 100 + trade.number / 100 })
          return undefined
        },
      }),
    }
  }

  const feed = (name: string, server: Server, skew: number) =>
    openFeed(vendor(name, server, skew), {
      ...{ symbols: ['00700.HK'], depth: 0, sessions: new Sessions(), clock, random: () => 0, signal: stop.signal },
    })

  const both = () => sideBySide([feed('a', servers[0], 0), feed('b', servers[1], 350)], stop.signal)
  const begin = () => drained(both())

  /** One trade every 100 ms, told by those of the servers' newest connections that are named. */
  async function trade(count: number, ...who: readonly (0 | 1)[]): Promise<void> {
    for (let i = 0; i < count; i++) {
      await clock.advance(100)
      last++
      for (const lane of who) servers[lane].peers.at(-1)!.send({ trade: { number: last, time: clock.now() } })
      const before = events.length
      // The cover says nothing while the primary is heard: its read is only seen by a round of the loop.
      if (who.includes(0)) await until(() => events.length > before)
      for (let round = 0; round < 20; round++) await turn()
    }
  }

  const numbers = (source?: string) =>
    ticks()
      .filter((tick) => source === undefined || tick.source === source)
      .map(({ last_price }) => Math.round(100 * (last_price - 100)))
  const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

  async function connect(): Promise<void> {
    for (const server of servers)
      await until(() => server.peers.at(-1)?.frames.some(({ ask }) => ask === 'trades') ?? false)
    await until(() => told('up').length === 2)
  }

  it('the second stands in while the first is away, and the hole is filled exactly', async () => {
    const pair = both()
    const done = drained(pair)
    await connect()
    await trade(100, 0, 1)
    ;(await peer(servers[0])).socket.terminate()
    await until(() => told('lost').length === 1)
    expect(pair.lines!()).toMatchObject([
      { source: 'a', state: 'lost' },
      { source: 'b', state: 'up' },
    ])
    await trade(20, 1)
    await until(() => numbers('b').length === 20)
    await clock.advance(3_000)
    await until(() => told('up').length === 3)
    await trade(30, 0, 1)
    stop.abort()
    expect(await done).toBeUndefined()
    expect(numbers()).toEqual(upTo(1, 150))
    expect(numbers('b')).toEqual(upTo(101, 120))
    expect(events.filter(({ type }) => type === 'gap')).toMatchObject([
      { source: 'a', cause: 'late_start', filled_by: null },
      { source: 'a', cause: 'disconnect', filled_by: 'second feed' },
    ])
  })

  it('the second stands in within a second of the first falling silent', async () => {
    const done = begin()
    await connect()
    await trade(100, 0, 1)
    await trade(10, 1)
    await until(() => numbers('b').length > 0)
    expect(told('waiting')).toEqual([expect.stringMatching(/^a: no trade for 0\.\d s while the second feed has some$/)])
    await trade(10, 0, 1)
    stop.abort()
    expect(await done).toBeUndefined()
    expect(numbers()).toEqual(upTo(1, 120))
    expect(told('lost')).toEqual([])
  })

  it('the second stands in as soon also before the clocks are known', async () => {
    const done = begin()
    await connect()
    await trade(20, 0, 1)
    await trade(10, 1)
    await until(() => numbers('b').length > 0)
    expect(told('waiting')).toHaveLength(1)
    stop.abort()
    expect(await done).toBeUndefined()
    expect(numbers()).toEqual(upTo(1, 30))
  })

  it('one that is refused for good is told of; the other goes on, and ends the run as it ends', async () => {
    servers[0].answer = (asked, to) => {
      if (asked.ask) to.send({ no: { id: asked.id, code: 401, message: 'no', verdict: 'token' } })
      else accept(asked, to)
    }
    const done = begin()
    await until(() => told('up').length === 1 && told('warning').length === 1)
    await trade(5, 1)
    await until(() => numbers('b').length === 5)
    stop.abort()
    expect(await done).toBeUndefined()
    expect(told('warning')).toEqual([
      expect.stringMatching(/^a: it has ended: .*refuses the token .*; the second feed goes on alone$/),
    ])
  })
})

/** A live source that a test feeds by hand. */
function made(name: string): { source: Source; channel: Channel<MarketEvent>; asked: () => number } {
  const channel = new Channel<MarketEvent>()
  let asked = 0
  const source: Source = {
    ...{ name, kind: 'live', clock },
    [Symbol.asyncIterator]: () => {
      const iterator = channel[Symbol.asyncIterator]()
      return {
        next: () => {
          asked++
          return iterator.next()
        },
        return: async () => {
          channel.close()
          return { done: true, value: undefined }
        },
      }
    },
  }
  return { source, channel, asked: () => asked }
}

describe('the source around two feeds', () => {
  it('fails as the last feed does', async () => {
    const [a, b] = [made('a'), made('b')]
    const done = drained(sideBySide([a.source, b.source]))
    a.channel.fail(new HkqError('E_TOKEN', 'refused'))
    await until(() => told('warning').length === 1)
    b.channel.fail(new HkqError('E_NETWORK', 'gone'))
    expect(await done).toMatchObject({ code: 'E_NETWORK' })
    expect(told('warning')).toEqual(['a: it has ended: refused; the second feed goes on alone'])
  })

  it('leaves both feeds at once, also while it waits', async () => {
    const [a, b] = [made('a'), made('b')]
    const iterator = sideBySide([a.source, b.source])[Symbol.asyncIterator]()
    const next = iterator.next()
    await iterator.return!()
    expect(await next).toMatchObject({ done: true })
    a.channel.push(tickOf('00700.HK', MORNING, 1))
    expect([a.channel.size, b.channel.size]).toEqual([0, 0])
  })

  it('reads neither feed while nobody takes what came, and goes on when somebody does', async () => {
    const [a, b] = [made('a'), made('b')]
    const iterator = sideBySide([a.source, b.source], undefined, 10)[Symbol.asyncIterator]()
    const push = (from: number): void => {
      for (let i = 0; i < 20; i++)
        a.channel.push({ ...tickOf('00700.HK', MORNING + from + i, from + i), last_price: from + i })
    }
    push(100)
    await until(() => a.channel.size === 0)
    push(200)
    for (let round = 0; round < 50; round++) await turn()
    expect(a.channel.size).toBe(20)
    const asked = a.asked()
    expect((await iterator.next()).value).toHaveLength(20)
    await until(() => a.channel.size === 0)
    expect(a.asked()).toBeGreaterThan(asked)
    expect((await iterator.next()).value).toHaveLength(20)
    await iterator.return!()
  })

  it('is refused for what is no live feed', () => {
    const recorded: Source = { ...made('a.db').source, kind: 'recorded' }
    expect(() => sideBySide([made('a').source, recorded])).toThrow(/"a\.db" is no live feed/)
  })

  it('asks and subscribes the first, and has the second follow', () => {
    const asked: string[] = []
    const feed = (name: string): Source => ({
      ...made(name).source,
      subscribe: (symbols) => void asked.push(`${name} ${symbols.join(' ')}`),
      instruments: async () => [],
    })
    const pair = sideBySide([feed('a'), feed('b')])
    pair.subscribe!(['00700.HK'])
    expect(asked).toEqual(['a 00700.HK', 'b 00700.HK'])
    expect(pair.name).toBe('a')
    expect(pair.instruments).toBeDefined()
    expect(pair.feeds!().map(({ source }) => source)).toEqual(['a', 'b'])
  })
})
