import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../src/core/clock.ts'
import { toShort } from '../../src/core/market/symbol.ts'
import { trade } from './alltick-wire.ts'
import { type Numbered, priceOf, type Tape, volumeOf } from './tape.ts'

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
  readonly requests: { readonly at: number; readonly command: number }[]
  readonly socket: WebSocket
}

export interface NumberedServerOptions {
  /** How many of each symbol's last trades whoever subscribes gets first, heard before or not; default none. */
  readonly past?: number
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

const PATH = '/quote-stock-b-ws-api'
const HEARTBEAT = 22000
const TRADES = 22004
/** AllTick's rules: a second between two requests, a heartbeat every 30 s, both with a little for the clocks, ms. */
const REQUEST_GAP = 1_000
const SILENCE = 30_000

/**
 * A server of a tape that speaks AllTick's wire: a trade's sequence number is its number. Whoever subscribes hears what is
 * published from then on; a request replaces the one before; without a heartbeat for 30 s it closes.
 */
export async function openNumberedServer(
  tape: Tape,
  clock: Clock,
  { past = 0 }: NumberedServerOptions = {},
): Promise<NumberedServer> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', path: PATH })
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
      const { cmd_id: command, seq_id, trace, data: body } = JSON.parse(String(data))
      const at = clock.monotonic()
      const last = connection.requests.at(-1)
      if (last !== undefined && at - last.at < REQUEST_GAP) tooSoon.push(`${number}/${connection.requests.length}`)
      connection.requests.push({ at, command })
      socket.send(JSON.stringify({ ret: 200, msg: 'ok', cmd_id: command + 1, seq_id, trace, data: {} }))
      if (command !== TRADES) return
      const codes = new Set<string>(body.symbol_list.map(({ code }: { code: string }) => code))
      wanted.set(connection, codes)
      for (const symbol of tape.symbols) for (const each of lastOf(tape, symbol, past)) send(connection, codes, each)
    })
    void dismissSilent(connection, life.signal)
  })

  async function dismissSilent({ openedAt, requests, socket }: Connection, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const heard = requests.findLast(({ command }) => command === HEARTBEAT)?.at ?? openedAt
      const left = heard + SILENCE - clock.monotonic()
      if (left <= 0) return socket.close(1008, 'no heartbeat')
      await clock.sleep(left, signal)
    }
  }

  tape.listen((trades) => {
    for (const [connection, codes] of wanted) for (const each of trades) send(connection, codes, each)
  })

  return {
    path: PATH,
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

function send({ socket, sent }: Connection, codes: ReadonlySet<string>, { symbol, number, time }: Numbered): void {
  const code = toShort(symbol)
  if (!codes.has(code) || socket.readyState !== socket.OPEN) return
  socket.send(trade(code, time, number, priceOf(number).toFixed(3), volumeOf(number)))
  const range = sent.findLast((other) => other.symbol === symbol)
  if (range !== undefined && range.last === number - 1) range.last = number
  else sent.push({ symbol, first: number, last: number })
}
