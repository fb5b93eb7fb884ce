import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { expect, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { type FeedOptions, openFeed } from '../../src/core/connection/feed.ts'
import type { Reply, Request, Vendor } from '../../src/core/connection/vendor.ts'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { CANARY, traces } from '../support/canary.ts'
import { ManualClock, until } from '../support/manual-clock.ts'

export const TOKEN = CANARY

/** A Monday, in the morning session. */
export const MORNING = parseTime('2026-11-23T10:00')

/**
 * A vendor with a tiny JSON protocol. Frames: {ask, id, symbols}, {beat}. Messages: {tick}, {book}, {ok}, {no}, {beat};
 * the first two are read where they stand.
 */
export function fakeVendor(endpoints: readonly string[], differences: Partial<Vendor> = {}): Vendor {
  let id = 0
  const request = (kind: string, symbols: readonly string[]): Request => {
    id++
    return { kind, symbols, id, frame: JSON.stringify({ ask: kind, id, symbols }) }
  }
  return {
    name: 'fake',
    endpoints,
    connect: (endpoint) => ({ url: `${endpoint}?token=${encodeURIComponent(TOKEN)}` }),
    frameGapMs: 1_050,
    heartbeat: { everyMs: 10_000, frame: () => '{"beat":1}', answerWithinMs: 15_000 },
    reconnect: { floorMs: 3_000, capMs: 8_000 },
    maxSymbols: 100,
    maxConnections: 1,
    lineGapMs: 0,
    subscribe: (symbols, { depth }) => [request('trades', symbols), ...(depth > 0 ? [request('quotes', symbols)] : [])],
    openDecoder: () => {
      const decoder = {
        unknown: 0,
        decode(frame: Buffer, receivedAt: number, out: MarketEvent[]): Reply | undefined {
          const message = JSON.parse(frame.toString())
          if (message.tick) {
            for (const [symbol, timestamp, seq] of message.tick) out.push(tickOf(symbol, timestamp, seq, receivedAt))
            return undefined
          }
          if (message.book) return undefined
          if (message.beat) return { type: 'heartbeat' }
          if (message.ok !== undefined) return { type: 'accepted', id: message.ok, kind: null }
          if (message.no !== undefined) return { type: 'refused', kind: null, ...message.no }
          decoder.unknown++
          return undefined
        },
        scan(bytes: Buffer, start: number, end: number, receivedAt: number, out: MarketEvent[]): boolean {
          const frame = bytes.subarray(start, end)
          if (!/^\{"(tick|book)"/.test(frame.toString('latin1'))) return false
          decoder.decode(frame, receivedAt, out)
          return true
        },
      }
      return decoder
    },
    ...differences,
  }
}

export function tickOf(symbol: string, timestamp: number, seq: number, receivedAt: number | null = timestamp): Tick {
  return {
    type: 'tick',
    symbol,
    timestamp,
    last_price: 600,
    volume: 100,
    turnover: 60_000,
    bid_price: null,
    ask_price: null,
    bid_size: null,
    ask_size: null,
    quote_time: null,
    value: 60_000,
    spread: null,
    side: null,
    phase: 'morning',
    trade_type: null,
    flags: [],
    seq,
    source: 'fake',
    received_at: receivedAt,
  }
}

export interface Asked {
  readonly ask?: string
  readonly beat?: number
  readonly id: number
  readonly symbols: readonly string[]
}

/** One accepted connection as the server sees it. */
export interface Peer {
  readonly socket: WebSocket
  readonly url: string
  /** Frames received, in order. */
  readonly frames: Asked[]
  /** Close code, once closed. */
  closed: number | undefined
  send(message: object): void
}

/** A server of the tiny protocol on a free port. */
export interface Server {
  readonly url: string
  readonly peers: Peer[]
  /** Does this with each frame received; at first it accepts every request and answers heartbeats. */
  answer: (asked: Asked, peer: Peer) => void
  close(): Promise<void>
}

export function accept({ ask, id }: Asked, peer: Peer): void {
  peer.send(ask ? { ok: id } : { beat: 1 })
}

export async function openServer(): Promise<Server> {
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(wss, 'listening')
  const peers: Peer[] = []
  const server: Server = {
    url: `ws://127.0.0.1:${(wss.address() as AddressInfo).port}/quotes`,
    peers,
    answer: accept,
    close: () => {
      for (const client of wss.clients) client.terminate()
      return new Promise((resolve) => wss.close(() => resolve()))
    },
  }
  wss.on('connection', (socket, request) => {
    const peer: Peer = {
      socket,
      url: request.url!,
      frames: [],
      closed: undefined,
      send: (message) => socket.send(JSON.stringify(message)),
    }
    peers.push(peer)
    socket.on('message', (data) => {
      const asked = JSON.parse(String(data)) as Asked
      peer.frames.push(asked)
      server.answer(asked, peer)
    })
    socket.on('close', (code) => {
      peer.closed = code
    })
    socket.on('error', () => {})
  })
  return server
}

/** A feed being read in the background, with a clock that stands still. Nothing that comes out of it may show the token. */
export interface Reading {
  readonly clock: ManualClock
  readonly stop: AbortController
  readonly events: MarketEvent[]
  readonly feed: ReturnType<typeof openFeed>
  /** Settles when the feed ends: undefined, or what it threw. */
  readonly done: Promise<unknown>
  /** Details of the states told so far, in order. */
  states(state: string): string[]
  ofType<T extends MarketEvent['type']>(type: T): Extract<MarketEvent, { type: T }>[]
}

export interface ReadOptions extends Partial<FeedOptions> {
  readonly at?: number
  readonly vendor?: Partial<Vendor>
}

export function read(endpoints: readonly string[], options: ReadOptions = {}): Reading {
  const { at = MORNING, vendor = {}, ...rest } = options
  const clock = new ManualClock(at)
  const stop = new AbortController()
  const events: MarketEvent[] = []
  const feed = openFeed(fakeVendor(endpoints, vendor), {
    symbols: ['00700.HK', '00005.HK'],
    depth: 0,
    sessions: new Sessions(),
    clock,
    random: () => 0,
    signal: stop.signal,
    ...rest,
  })
  let failure: unknown
  const drain = async (): Promise<unknown> => {
    try {
      for await (const batch of feed) events.push(...batch)
    } catch (error) {
      failure = error
    }
    return failure
  }
  onTestFinished(() => expect(traces(inspect([events, failure], { depth: 9, maxArrayLength: null }))).toEqual([]))
  return {
    clock,
    stop,
    events,
    feed,
    done: drain(),
    states: (state) =>
      events.flatMap((event) => (event.type === 'status' && event.state === state ? [event.detail] : [])),
    ofType: <T extends MarketEvent['type']>(type: T) =>
      events.filter((event) => event.type === type) as Extract<MarketEvent, { type: T }>[],
  }
}

/** The n-th connection (from 0) once it is there. */
export async function peer(server: Server, n = 0): Promise<Peer> {
  await until(() => server.peers.length > n)
  return server.peers[n]!
}
