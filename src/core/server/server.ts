import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { type Clock, systemClock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import { isLoopbackHost } from '../loopback.ts'
import type { MarketEvent } from '../market/event.ts'
import { type AdmissionRules, admit, denialOf, deny, type HttpAnswer, targetOf } from './admission.ts'
import { answerAlltick, dismiss, type Rules } from './alltick.ts'
import { Board } from './board.ts'
import { type Admission, Client } from './client.ts'
import { DIALECTS, type Dialect, WIRES } from './dialect.ts'
import type { Fault } from './faults.ts'
import { answerHttp, type Desk, methodOf } from './http-api.ts'
import { answerInfoway, dismissInfoway, greetInfoway } from './infoway.ts'
import { answerInfowayHttp, isInfowayPath } from './infoway-http.ts'
import { MinuteBars } from './minute-bars.ts'
import type { QuoteServer, ServerOptions } from './options.ts'
import { PLANS, Quota } from './plan.ts'
import { answerTutorial } from './tutorial.ts'

/** Most bytes of one message or body from a client: 3,000 codes with their levels fit. */
const MAX_PAYLOAD = 256 * 1024
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
const FAILED: HttpAnswer = deny(500, 'request failed')
const HTTP_PATH = /^\/(?:quote-stock-b-api|quote-b-api)\/([a-z_-]+)$/

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
      onWanted: options.onWanted,
      always: new Set(options.always),
      hangsUpFor: options.hangsUpFor ?? (() => 'nothing'),
    })
    this.#desk = { board: this.#board, bars, sessions: options.sessions, instruments, strict, has }
    const requestTimeout = options.requestMs ?? REQUEST_MS
    const patience = { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: requestTimeout / 2 }
    this.#http = createServer(patience, (request, response) => void this.#answer(request, response))
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
    void this.#watchHeartbeats()
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
    if (dialect === 'infoway') greetInfoway(client)
    if (!admitted && dialect === 'infoway') dismissInfoway(client, 512, 'Connection quantity exceeded')
    else if (!admitted) dismiss(client)
  }

  #message(client: Client, data: RawData): void {
    const text = (data as Buffer).toString('utf8')
    const rules = this.#rules[client.dialect]
    const now = this.#clock.monotonic()
    if (client.dialect === 'tutorial') answerTutorial(client, this.#board, text)
    else if (client.dialect === 'infoway') answerInfoway(client, this.#board, rules, text, now)
    else answerAlltick(client, this.#board, rules, text, now)
  }

  async #watchHeartbeats(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      await this.#clock.sleep(1_000, signal)
      const now = this.#clock.monotonic()
      for (const client of this.#clients) {
        const { heartbeatMs } = WIRES[client.dialect]
        if (client.frozen || now - client.heartbeatAt < heartbeatMs) continue
        const words = `no heartbeat for ${heartbeatMs / 1000} s`
        if (client.dialect === 'infoway') dismissInfoway(client, 513, words)
        else client.close(1008, words)
      }
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#answerHttp(request).catch(() => FAILED)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    response.end(body)
  }

  async #answerHttp(request: IncomingMessage): Promise<HttpAnswer> {
    const target = targetOf(request)
    if (target !== null && isInfowayPath(target.pathname)) {
      const denial = denialOf(request, target, this.#admission)
      if (denial) return denial
      if (request.method !== 'GET') return deny(405, 'use GET')
      return { status: 200, body: answerInfowayHttp(this.#desk, target) }
    }
    const name = HTTP_PATH.exec(target?.pathname ?? '')?.[1] ?? ''
    const method = methodOf(name)
    if (target === null || method === null) return deny(404, 'path not found')
    const denial = denialOf(request, target, this.#admission)
    if (denial) return denial
    if (request.method !== method) return deny(405, `use ${method}`)
    const text = method === 'GET' ? target.searchParams.get('query') : await bodyOf(request)
    return { status: 200, body: JSON.stringify(answerHttp(this.#desk, name, text)) }
  }
}

function byDialect<T>(make: (dialect: Dialect) => T): Record<Dialect, T> {
  return Object.fromEntries(DIALECTS.map((dialect) => [dialect, make(dialect)])) as Record<Dialect, T>
}

/** The body of a request; null when it is too long or breaks off. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_PAYLOAD) return null
      chunks.push(chunk)
    }
  } catch {
    return null
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Refuses an upgrade, and does not wait for the other side to let go. */
function refuse(socket: Socket, { status, body }: HttpAnswer): void {
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
