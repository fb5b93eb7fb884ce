import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import { type AdmissionRules, type Denial, hostsAt, socketDenialOf } from './admission.ts'
import type { Assets } from './assets.ts'
import type { Desk } from './desk.ts'
import { answer } from './pages.ts'
import { type Machine, SOCKET_PATH, SUBPROTOCOL } from './protocol.ts'
import { serveSocket } from './socket.ts'
import type { ViewerContext } from './viewer.ts'

/** Most pages at once, and connections of any kind. */
const MOST_SOCKETS = 32
const MOST_CONNECTIONS = 200
/** Bytes of one message of a page. */
const LONGEST_MESSAGE = 4_096
/** How often the machine is measured, ms. */
const MEASURE = 5_000
/** How often a page is asked whether it is still there, ms: a hidden one says nothing else. */
const PING = 30_000
const REQUEST_MS = 10_000
/** How long pages have to take leave, ms. */
const GRACE_MS = 1_000

const FULL = { status: 503, reason: 'too many pages are open' } as const
const STARTING = { status: 503, reason: 'starting' } as const
const ELSEWHERE = { status: 404, reason: 'not found' } as const

/** Where to listen, and whom to let in. */
export interface DashboardOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Host names that the server is reached by, the one that is told first; an address of IPv6 in brackets. */
  readonly names: readonly string[]
  /** Hosts that a proxy in front of it has. */
  readonly allowedHosts?: readonly string[]
  readonly token: string
  /** Whether the page is given the token. */
  readonly isTokenGiven: boolean
  readonly assets: Assets
  /** Told of a mistake of hkq's own, by which a page lost its connection. */
  readonly onFailure?: (error: unknown) => void
  /** Measures the machine, while somebody looks. */
  readonly machine?: () => Promise<Machine>
  readonly clock: Clock
}

/** A server of the page, listening. */
export interface DashboardServer {
  readonly url: string
  readonly port: number
  /** Pages that are open. */
  readonly viewers: number
  /** Lets pages look; before it they are told to come again. */
  show(viewer: Omit<ViewerContext, 'send'>): void
  close(): Promise<void>
}

/**
 * Serves the page and its socket.
 * @throws HkqError E_USAGE where the port is taken, E_NETWORK where the address cannot be listened on
 */
export async function openDashboard(options: DashboardOptions): Promise<DashboardServer> {
  const server = new PageServer(options)
  await server.listen()
  return server
}

class PageServer implements DashboardServer {
  readonly #options: DashboardOptions
  readonly #http: Server
  readonly #upgrades: WebSocketServer
  readonly #closed = new AbortController()
  readonly #open = new Set<WebSocket>()
  #rules: AdmissionRules | null = null
  #viewer: Omit<ViewerContext, 'send'> | null = null

  constructor(options: DashboardOptions) {
    this.#options = options
    const patience = {
      ...{ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 16_384 },
      connectionsCheckingInterval: REQUEST_MS / 2,
    }
    this.#http = createServer(patience, (request, response) => {
      request.resume()
      answer(request, response, { assets: options.assets, rules: this.#rules! })
    })
    this.#http.maxConnections = MOST_CONNECTIONS
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head))
    this.#upgrades = new WebSocketServer({
      ...{ noServer: true, maxPayload: LONGEST_MESSAGE, perMessageDeflate: false, clientTracking: false },
      handleProtocols: () => SUBPROTOCOL,
    })
  }

  get port(): number {
    return (this.#http.address() as AddressInfo | null)?.port ?? 0
  }

  get url(): string {
    return `http://${this.#options.names[0]}:${this.port}/`
  }

  get viewers(): number {
    return this.#open.size
  }

  async listen(): Promise<void> {
    const { host, port, names, allowedHosts, token, isTokenGiven } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause) => reject(cannotListen(host, port, cause)))
      this.#http.listen(port, host, resolve)
    })
    this.#http.removeAllListeners('error').on('error', () => {})
    this.#rules = { hosts: hostsAt(this.port, names, allowedHosts), token, isGiven: isTokenGiven }
    void this.#watch()
  }

  show(viewer: Omit<ViewerContext, 'send'>): void {
    this.#viewer = viewer
    const { machine } = this.#options
    if (machine) void this.#measure(machine, viewer.desk)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    for (const socket of this.#open) socket.close(1001, 'the server ends')
    const gone = new Promise<void>((resolve) => this.#http.close(() => resolve()))
    this.#http.closeIdleConnections()
    const waited = new AbortController()
    void this.#options.clock.sleep(GRACE_MS, waited.signal).then(() => {
      for (const socket of this.#open) socket.terminate()
      this.#http.closeAllConnections()
    })
    await gone
    waited.abort()
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {})
    const denial = this.#denialOf(request)
    if (denial) refuse(socket, denial)
    else this.#upgrades.handleUpgrade(request, socket, head, (ws) => this.#connected(ws))
  }

  #denialOf({ url, headers }: IncomingMessage): Denial | typeof FULL | typeof STARTING | typeof ELSEWHERE | null {
    const denial = socketDenialOf(headers, this.#rules!)
    if (denial) return denial
    if (url !== SOCKET_PATH) return ELSEWHERE
    if (this.#viewer === null) return STARTING
    return this.#open.size >= MOST_SOCKETS || this.#closed.signal.aborted ? FULL : null
  }

  #connected(ws: WebSocket): void {
    const { clock, onFailure } = this.#options
    this.#open.add(ws)
    ws.on('close', () => this.#open.delete(ws))
    serveSocket(ws, this.#viewer!, clock).catch((error: unknown) => onFailure?.(error))
  }

  async #measure(machine: () => Promise<Machine>, desk: Desk): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#closed
    while (!signal.aborted) {
      if (this.#open.size > 0)
        await machine().then(
          (measured) => desk.observe(measured),
          () => {},
        )
      await clock.sleep(MEASURE, signal)
    }
  }

  /** Ends connections whose other side has gone without a word. */
  async #watch(): Promise<void> {
    const { signal } = this.#closed
    const asked = new WeakSet<WebSocket>()
    while (!signal.aborted) {
      await this.#options.clock.sleep(PING, signal)
      for (const ws of this.#open) {
        if (asked.has(ws)) ws.terminate()
        else {
          asked.add(ws)
          ws.once('pong', () => asked.delete(ws))
          ws.ping()
        }
      }
    }
  }
}

function refuse(socket: Socket, { status, reason }: { status: number; reason: string }): void {
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(reason) + 1}\r\n\r\n${reason}\n`,
  )
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): HkqError {
  if (cause.code === 'EADDRINUSE') {
    const remedy = 'is another dashboard open? Choose another with --port, or 0 for a free one'
    return new HkqError('E_USAGE', `port "${port}" of ${host} is taken: ${remedy}`, { cause })
  }
  return new HkqError('E_NETWORK', `cannot listen on "${host}:${port}" (${messageOf(cause)})`, { cause })
}
