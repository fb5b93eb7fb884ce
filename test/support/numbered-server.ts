import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../src/core/clock.ts'
import { ALLTICK_WIRE, type Wire } from './numbered-wire.ts'
import type { Numbered, Tape } from './tape.ts'

/** Numbers of one symbol that were handed to a connection's socket, both inclusive. */
export interface Sent {
  readonly symbol: string
  readonly first: number
  last: number
}

/** One connection as the server sees it. */
export interface Connection {
  readonly openedAt: number
  /** Whether it is still open, by what the server knows. */
  open: boolean
  /** What was handed to the socket: that is not what arrived. */
  readonly sent: Sent[]
  /** Commands of the requests, in order, with the monotonic time they came. */
  readonly requests: { readonly at: number; readonly command: number; readonly isHeartbeat: boolean }[]
  readonly socket: WebSocket
}

export interface NumberedServerOptions {
  /** How many of each symbol's last trades whoever subscribes gets first, heard before or not; default none. */
  readonly past?: number
  /** Default AllTick's. */
  readonly wire?: Wire
}

export interface NumberedServer {
  readonly port: number
  readonly path: string
  readonly connections: readonly Connection[]
  /** Requests closer than the vendor allows: numbers of connection and request. */
  readonly tooSoon: readonly string[]
  /** Connections, by their place in `connections`, to whose sockets a number was handed. */
  handedTo(symbol: string, number: number): readonly number[]
  /** Closes every open connection with this code, as a service does that restarts. */
  dismiss(code: number): void
  close(): Promise<void>
}

/**
 * A server of a tape that speaks a vendor's wire. Whoever subscribes hears what is published from then on; a request replaces
 * the one before; without heartbeats it closes.
 */
export async function openNumberedServer(
  tape: Tape,
  clock: Clock,
  { past = 0, wire = ALLTICK_WIRE }: NumberedServerOptions = {},
): Promise<NumberedServer> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', path: wire.path })
  await once(wss, 'listening')
  const connections: Connection[] = []
  const tooSoon: string[] = []
  const wanted = new Map<Connection, ReadonlySet<string>>()

  wss.on('connection', (socket) => {
    const connection: Connection = { openedAt: clock.monotonic(), open: true, sent: [], requests: [], socket }
    const number = connections.push(connection) - 1
    const life = new AbortController()
    socket.on('error', () => {})
    socket.on('close', () => {
      connection.open = false
      wanted.delete(connection)
      life.abort()
    })
    socket.on('message', (data) => {
      const { command, answer, isHeartbeat, codes } = wire.read(String(data))
      connection.requests.push({ at: clock.monotonic(), command, isHeartbeat })
      if (wire.isTooSoon(connection.requests.map(({ at }) => at)))
        tooSoon.push(`${number}/${connection.requests.length - 1}`)
      if (answer !== undefined) socket.send(answer)
      if (codes === undefined) return
      wanted.set(connection, new Set(codes))
      for (const symbol of tape.symbols) for (const each of lastOf(tape, symbol, past)) send(connection, each)
    })
    for (const text of wire.greeting) socket.send(text)
    void dismissSilent(connection, life.signal)
  })

  async function dismissSilent({ openedAt, requests, socket }: Connection, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const heard = requests.findLast(({ isHeartbeat }) => isHeartbeat)?.at ?? openedAt
      const left = heard + wire.silenceMs - clock.monotonic()
      if (left <= 0) return socket.close(1008, 'no heartbeat')
      await clock.sleep(left, signal)
    }
  }

  function send(connection: Connection, numbered: Numbered): void {
    const { socket, sent } = connection
    const { symbol, number } = numbered
    if (!wanted.get(connection)!.has(wire.code(symbol)) || socket.readyState !== socket.OPEN) return
    socket.send(wire.trade(numbered))
    const range = sent.findLast((other) => other.symbol === symbol)
    if (range !== undefined && range.last === number - 1) range.last = number
    else sent.push({ symbol, first: number, last: number })
  }

  tape.listen((trades) => {
    for (const connection of wanted.keys()) for (const each of trades) send(connection, each)
  })

  return {
    path: wire.path,
    connections,
    tooSoon,
    get port() {
      return (wss.address() as AddressInfo).port
    },
    handedTo: (symbol, number) =>
      connections.flatMap(({ sent }, i) =>
        sent.some((range) => range.symbol === symbol && range.first <= number && number <= range.last) ? [i] : [],
      ),
    dismiss: (code) => {
      for (const { socket, open } of connections) if (open) socket.close(code)
    },
    close: async () => {
      for (const client of wss.clients) client.terminate()
      await new Promise((closed) => wss.close(closed))
    },
  }
}

function* lastOf(tape: Tape, symbol: string, count: number): Generator<Numbered> {
  const times = tape.times(symbol)
  for (let i = Math.max(0, times.length - count); i < times.length; i++)
    yield { symbol, number: i + 1, time: times[i]! }
}
