import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { type Clock, systemClock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import { isLoopbackHost } from '../loopback.ts'
import type { MarketEvent } from '../market/event.ts'
import { type AdmissionRules, admit, deny, type HttpAnswer } from './admission.ts'
import type { Rules } from './alltick.ts'
import { Board } from './board.ts'
import { type Admission, Client } from './client.ts'
import { CONVERSATIONS } from './conversation.ts'
import { DIALECTS, type Dialect, WIRES } from './dialect.ts'
import type { Fault } from './faults.ts'
import type { Desk } from './http-api.ts'
import { answerRequest } from './http-front.ts'
import { MinuteBars } from './minute-bars.ts'
import type { QuoteServer, ServerOptions } from './options.ts'
import { PLANS, Quota } from './plan.ts'
import { MAX_PAYLOAD } from './request.ts'

const MAX_CLIENTS = 1_000
/** Connections of any kind: clients, requests, those that say nothing. */
const MAX_CONNECTIONS = MAX_CLIENTS + 200
/** How long a request may take to come whole, ms. */
const REQUEST_MS = 10_000
const MAX_WAITING = 64 << 20
/** How long a server that closes waits for requests to end and, going away, for clients; at the end of the data these have 30 s. */
const GRACE_MS = 2_000
const FULL: HttpAnswer = deny(503, 'too many connections')
const LOST: HttpAnswer = deny(503, 'the source is lost')

export type { QuoteServer, ServerOptions } from './options.ts'

/**
 * Opens an AllTick-compatible server: WebSocket in every dialect and the HTTP interfaces on one port.
 * @param options where to listen (default a free port of 127.0.0.1), limits, faults; the events come by `publish`
 * @returns the server, listening; `close` it
 * @throws HkqError E_NETWORK when the address cannot be listened on
 */
export async function openServer(options: ServerOptions): Promise<QuoteServer> {
  const server = new AlltickServer(options)
  await server.listen(options.host ?? '127.0.0.1', options.port ?? 0)
  return server
}

class AlltickServer implements QuoteServer {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #faults: readonly Fault[]
  readonly #admission: AdmissionRules
  readonly #rules: Readonly<Record<Dialect, Rules>>
  readonly #maxWaiting: number
  readonly #quotas: Readonly<Record<Dialect, Quota>>
  readonly #board: Board
  readonly #desk: Desk
  readonly #clients = new Set<Client>()
  readonly #http: Server
  readonly #upgrades = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD, perMessageDeflate: false })
  readonly #closed = new AbortController()
  #end: Promise<void> | undefined
  #host = ''

  constructor(options: ServerOptions) {
    const { strict = false, plan = 'basic', instruments = () => [], paced = false } = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#faults = options.faults ?? []
    this.#maxWaiting = paced ? Number.POSITIVE_INFINITY : (options.maxWaiting ?? MAX_WAITING)
    this.#quotas = byDialect((dialect) => new Quota(PLANS[dialect][plan]))
    const has = (symbol: string): boolean => {
      const known = instruments()
      return known.length === 0 || known.some((instrument) => instrument.symbol === symbol)
    }
    const loopback = isLoopbackHost(options.host ?? '127.0.0.1')
    this.#admission = { dialect: options.dialect, strict, tokens: options.tokens, loopback }
    this.#rules = byDialect((dialect) => {
      const maxCodes = strict ? PLANS[dialect][plan].codes : Number.POSITIVE_INFINITY
      return { strict, maxCodes, depth: options.depth ?? 10, has }
    })
    const bars = options.bars === false ? null : new MinuteBars(options.sessions)
    this.#board = new Board({
      clock: this.#clock,
      historyMs: options.historyMs ?? 5 * 60_000,
      paced,
      settleMs: options.settleMs ?? 2_000,
      bars,
      sessions: options.sessions,
      onWanted: options.onWanted,
      onRefused: options.onRefused ?? (() => {}),
      always: new Set(options.always),
      hangsUpFor: options.hangsUpFor ?? (() => 'nothing'),
    })
    this.#desk = { board: this.#board, bars, sessions: options.sessions, instruments, strict, has }
    const requestTimeout = options.requestMs ?? REQUEST_MS
    const patience = { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: requestTimeout / 2 }
    this.#http = createServer(patience, (request, response) => {
      void answerRequest(request, response, this.#desk, this.#admission)
    })
    this.#http.maxConnections = MAX_CONNECTIONS
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head))
  }

  get port(): number {
    return (this.#http.address() as AddressInfo | null)?.port ?? 0
  }

  get url(): string {
    return `ws://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.port}`
  }

  get clients(): number {
    return this.#clients.size
  }

  get wanted(): ReadonlySet<string> {
    return this.#board.wanted
  }

  async listen(host: string, port: number): Promise<void> {
    this.#host = host
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause) => {
        const message = `cannot listen on "${host}:${port}" (${messageOf(cause)}): choose another port, or 0 for a free one`
        reject(new HkqError('E_NETWORK', message, { cause }))
      })
      this.#http.listen(port, host, resolve)
    })
    this.#http.removeAllListeners('error').on('error', () => {})
    void this.#watchTime()
  }

  publish(batch: readonly MarketEvent[]): Promise<void> {
    return this.#board.publish(batch)
  }

  close(code: 1000 | 1001 = 1000): Promise<void> {
    this.#end ??= this.#close(code)
    return this.#end
  }

  async #close(code: 1000 | 1001): Promise<void> {
    this.#closed.abort()
    this.#board.close()
    for (const client of this.#clients) client.close(code, code === 1000 ? 'end of data' : 'server going away')
    const gone = new Promise<void>((resolve) => {
      this.#http.close(() => resolve())
      this.#http.closeIdleConnections()
    })
    const waited = new AbortController()
    void this.#clock.sleep(GRACE_MS, waited.signal).then(() => this.#destroy(code === 1001))
    await gone
    waited.abort()
  }

  /** Ends requests that never came to their end, and the clients too when the server goes away. */
  #destroy(clients: boolean): void {
    this.#http.closeAllConnections()
    if (clients) for (const client of this.#clients) client.destroy()
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {})
    const full = this.#clients.size >= MAX_CLIENTS || this.#closed.signal.aborted
    const admission = full ? FULL : this.#board.isLost ? LOST : admit(request, this.#admission)
    if ('status' in admission) refuse(socket, admission)
    else this.#upgrades.handleUpgrade(request, socket, head, (ws) => this.#connected(ws, socket, admission))
  }

  #connected(ws: WebSocket, socket: Socket, admission: Admission): void {
    const client = new Client(ws, socket, admission, {
      clock: this.#clock,
      maxWaiting: this.#maxWaiting,
      faults: this.#faults,
      random: this.#random,
      onRoom: () => this.#board.wake(),
    })
    const { dialect, forex } = admission
    const quota = this.#quotas[dialect]
    const token = this.#rules[dialect].strict && admission.token
    const admitted = !token || quota.take(token, forex, this.#clock.monotonic())
    this.#clients.add(client)
    ws.on('error', () => {})
    ws.on('message', (data) => {
      if (client.open) this.#message(client, data)
    })
    ws.on('close', () => {
      this.#clients.delete(client)
      this.#board.remove(client)
      if (token && admitted) quota.release(token, forex)
    })
    CONVERSATIONS[dialect].greet(client)
    if (!admitted) CONVERSATIONS[dialect].dismiss(client)
  }

  #message(client: Client, data: RawData): void {
    const text = (data as Buffer).toString('utf8')
    const { dialect } = client
    CONVERSATIONS[dialect].answer(client, this.#board, this.#rules[dialect], text, this.#clock.monotonic())
  }

  async #watchTime(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      await this.#clock.sleep(1_000, signal)
      if (signal.aborted) return
      this.#board.expire()
      const now = this.#clock.monotonic()
      for (const client of this.#clients) {
        const { heartbeatMs } = WIRES[client.dialect]
        if (client.frozen || now - client.heartbeatAt < heartbeatMs) continue
        CONVERSATIONS[client.dialect].giveUp(client, `no heartbeat for ${heartbeatMs / 1000} s`)
      }
    }
  }
}

function byDialect<T>(make: (dialect: Dialect) => T): Record<Dialect, T> {
  return Object.fromEntries(DIALECTS.map((dialect) => [dialect, make(dialect)])) as Record<Dialect, T>
}

/** Refuses an upgrade, and does not wait for the other side to let go. */
function refuse(socket: Socket, { status, body }: HttpAnswer): void {
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
