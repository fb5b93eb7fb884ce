import { describe, expect, it, onTestFinished } from 'vitest'
import { openFeed } from '../../src/core/connection/feed.ts'
import type { OpenSocket, SocketEvents } from '../../src/core/connection/socket.ts'
import { infoway } from '../../src/core/connection/vendors/infoway.ts'
import type { MarketEvent } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'

const MORNING = parseTime('2026-11-23T10:00')
const NIGHT = parseTime('2026-11-23T20:00')

/** One connection of the feed, as the vendor's end of it. */
interface Line {
  readonly openedAt: number
  readonly sent: { at: number; code: number; trace: string }[]
  receive(text: string): void
}

/** A feed of Infoway over lines that answer requests, unless told not to, and never a heartbeat. */
function start(at: number, { mute = false }: { mute?: boolean } = {}) {
  const clock = new ManualClock(at)
  const stop = new AbortController()
  const lines: Line[] = []
  const events: MarketEvent[] = []
  const openSocket: OpenSocket = (_options, socket: SocketEvents) => {
    const receive = (text: string): void => socket.frame(Buffer.from(text))
    const line: Line = { openedAt: clock.monotonic(), sent: [], receive }
    lines.push(line)
    void turn().then(() => {
      socket.opened()
      receive('You have permission to subscribe to all market data')
      receive('{"code":200,"msg":"ws connect success"}')
    })
    return {
      send: (text) => {
        const { code, trace } = JSON.parse(text)
        line.sent.push({ at: clock.monotonic(), code, trace })
        if (code !== 10010 && !mute)
          void turn().then(() => receive(JSON.stringify({ code: code + 1, trace, msg: 'ok' })))
      },
      pause: () => {},
      resume: () => {},
      close: () => {},
    }
  }
  const feed = openFeed(infoway({ key: 'k' }), {
    ...{ symbols: ['00700.HK'], depth: 0, sessions: new Sessions(), clock, random: () => 0, signal: stop.signal },
    openSocket,
  })
  const drained = (async () => {
    for await (const batch of feed) events.push(...batch)
  })()
  onTestFinished(async () => {
    stop.abort()
    await drained
  })
  const states = (state: string): string[] =>
    events.flatMap((event) => (event.type === 'status' && event.state === state ? [event.detail] : []))
  return { clock, feed, lines, events, states }
}

const push = (time: number): string =>
  JSON.stringify({ code: 10002, data: { p: '513.5', s: '00700.HK', t: time, td: 1, v: '100', vw: '51350' } })

describe('a feed of Infoway', () => {
  it('is up when its subscription is acknowledged, and delivers what is pushed', async () => {
    const { clock, lines, events, states } = start(MORNING)
    await clock.advance(1_000)
    expect(states('up')).toEqual(['wss://data.infoway.io/ws, symbols: 1'])
    lines[0]!.receive(push(MORNING))
    await clock.advance(1)
    expect(events.filter(({ type }) => type === 'tick')).toMatchObject([{ symbol: '00700.HK', source: 'infoway' }])
    expect(
      events.filter(({ type }) => type === 'rejected'),
      'the greeting is no market data',
    ).toEqual([])
  })

  it('sends a heartbeat every 30 s', async () => {
    const { clock, lines } = start(NIGHT)
    await clock.advance(91_000)
    const beats = lines[0]!.sent.filter(({ code }) => code === 10010)
    expect(beats.map(({ at }) => at)).toEqual([30_000, 60_000, 90_000])
  })

  it('stays up for hours while nothing trades, though no heartbeat is ever answered', async () => {
    const { clock, lines, states } = start(NIGHT)
    await clock.advance(4 * 3_600_000)
    expect(lines).toHaveLength(1)
    expect(states('lost')).toEqual([])
  })

  it.each([
    ['that is mute from the first second', 0],
    ['that goes dead after an hour of trades', 3_600_000],
  ])('notices a line %s within 35 s while the market trades, and writes the hole', async (_, alive) => {
    const { clock, lines, events, states } = start(MORNING)
    await clock.advance(100)
    for (let at = 0; at < alive; at += 1_000) {
      lines[0]!.receive(push(clock.now()))
      await clock.advance(1_000)
    }
    const deadSince = clock.now()
    await clock.advance(35_000)
    expect(states('lost')).toHaveLength(1)
    expect(lines).toHaveLength(2)
    lines[1]!.receive(push(clock.now()))
    await clock.advance(1_000)
    const gaps = events.filter(({ type }) => type === 'gap')
    const late = { cause: 'late_start' }
    expect(gaps).toMatchObject(alive === 0 ? [late] : [late, { cause: 'stale', to: deadSince + 35_000 }])
  })

  it('keeps within 60 frames a minute on a connection, however often the symbols change', async () => {
    const { clock, feed, lines } = start(NIGHT)
    for (let i = 0; i < 1_200; i++) {
      feed.subscribe(i % 2 === 0 ? ['00700.HK', '00005.HK'] : ['00700.HK'])
      await clock.advance(250)
    }
    const times = lines[0]!.sent.map(({ at }) => at)
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length))
    expect(times.length).toBeGreaterThan(200)
    expect(most).toBeLessThanOrEqual(60)
  })

  it('slows down when it is told so', async () => {
    const { clock, lines, states } = start(MORNING, { mute: true })
    await clock.advance(100)
    const { trace } = lines[0]!.sent[0]!
    lines[0]!.receive(JSON.stringify({ traceId: trace, code: 501, msg: 'slower' }))
    await clock.advance(1_000)
    expect(states('warning')).toEqual(['infoway asks for slower requests: 501 "slower"'])
    expect(lines).toHaveLength(1)
  })
})
