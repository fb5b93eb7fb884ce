import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'

/**
 * AllTick's server as its documents describe it, written apart from hkq's own: acknowledges, then sends the given frames
 * to each connection in turn and closes it.
 */
export interface WireServer {
  url: string
  /** Every frame that clients sent, per connection, with the time it came. */
  requests: { at: number; frame: { cmd_id: number; seq_id: number; trace: string; data: Record<string, unknown> } }[][]
  queries: string[]
  /** Trades of the live tape in the order they were sent. */
  sent: { connection: number; seq: number; time: number }[]
  /** Bytes that the clients leave unread, beyond what the system holds. */
  unread(): number
  /** Cuts every connection without a close frame. */
  cut(): void
}

export interface WireOptions {
  /** The frames of the nth connection; undefined keeps it open and silent. */
  frames?: (connection: number) => Iterable<string> | undefined
  /** Closes with this code after the frames; null leaves the connection open, 'reset' cuts it without a close frame. */
  closeWith?: number | null | 'reset'
  /** Instead of frames: one trade after another of this code, whoever listens, its times going on from `from`. */
  live?: { code: string; perSecond: number; from: number }
  /** Codes that are refused with 600. */
  unknownCodes?: ReadonlySet<string>
}

export async function wireServer({
  frames = () => undefined,
  closeWith = 1000,
  live,
  unknownCodes = new Set(),
}: WireOptions): Promise<WireServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/quote-stock-b-ws-api' })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const requests: WireServer['requests'] = []
  const queries: string[] = []
  const sent: WireServer['sent'] = []
  const listeners = new Map<WebSocket, number>()
  if (live) playLive(live, listeners, sent)
  server.on('connection', (socket, request) => {
    const number = requests.push([]) - 1
    queries.push(request.url ?? '')
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data))
      requests[number]!.push({ at: performance.now(), frame })
      const codes: { code: string }[] = frame.data?.symbol_list ?? []
      const ret = codes.some(({ code }) => unknownCodes.has(code)) ? 600 : 200
      const { seq_id, trace } = frame
      socket.send(
        JSON.stringify({
          ret,
          msg: ret === 200 ? 'ok' : 'code invalid',
          cmd_id: frame.cmd_id + 1,
          seq_id,
          trace,
          data: {},
        }),
      )
      if (frame.cmd_id === 22004 && ret === 200 && live) listeners.set(socket, number)
      else if (frame.cmd_id === 22004 && ret === 200) void play(socket, frames(number), closeWith)
    })
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/quote-stock-b-ws-api`,
    requests,
    queries,
    sent,
    cut: () => {
      for (const client of server.clients) client.terminate()
    },
    unread: () => [...server.clients].reduce((bytes, { bufferedAmount }) => bytes + bufferedAmount, 0),
  }
}

/** A tape that runs on between connections: what nobody heard is missing afterwards. */
function playLive(
  { code, perSecond, from }: NonNullable<WireOptions['live']>,
  listeners: Map<WebSocket, number>,
  sent: WireServer['sent'],
): void {
  const start = Date.now()
  let seq = 0
  const timer = setInterval(() => {
    const elapsed = Date.now() - start
    for (; seq < (elapsed * perSecond) / 1_000; seq++) {
      for (const [socket, connection] of listeners) {
        if (socket.readyState !== socket.OPEN) continue
        socket.send(trade(code, from + elapsed, seq, (600 + (seq % 7) / 5).toFixed(3), 100))
        sent.push({ connection, seq, time: from + elapsed })
      }
    }
  }, 5)
  onTestFinished(() => clearInterval(timer))
}

async function play(
  socket: WebSocket,
  frames: Iterable<string> | undefined,
  closeWith: WireOptions['closeWith'],
): Promise<void> {
  if (frames === undefined) return
  for (const frame of frames) {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > 1 << 20) await new Promise((sent) => socket.send(frame, sent))
    else socket.send(frame)
  }
  if (closeWith === null) return
  if (closeWith !== 'reset') return socket.close(closeWith)
  while (socket.bufferedAmount > 0) await new Promise((sent) => setImmediate(sent))
  socket.terminate()
}

/** A trade push as AllTick sends it. */
export function trade(
  code: string,
  time: number,
  seq: number | string,
  price: string,
  volume: number | string,
): string {
  return `{"cmd_id":22998,"data":{"code":"${code}","seq":${seq},"tick_time":${time},"price":"${price}","volume":"${volume}","turnover":"${(Number(price) * Number(volume)).toFixed(3)}","trade_direction":1}}`
}

/** An order book push as AllTick sends it. */
export function book(
  code: string,
  time: number,
  seq: number,
  bids: readonly [string, number][],
  asks: readonly [string, number][],
): string {
  const side = (levels: readonly [string, number][]): string =>
    levels.map(([price, volume]) => `{"price":"${price}","volume":"${volume}"}`).join(',')
  return `{"cmd_id":22999,"data":{"code":"${code}","seq":${seq},"tick_time":${time},"bids":[${side(bids)}],"asks":[${side(asks)}]}}`
}
