import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  type Frame,
  type Hello,
  type History,
  type Interval,
  type PageMessage,
  SESSION_PATH,
  type ServerMessage,
  SOCKET_PATH,
  SUBPROTOCOL,
  TOKEN_PREFIX,
} from '../../../src/core/dashboard/protocol.ts'
import { feedOf, greeting, historyOf, NOW, rowsOf } from './market.ts'

const FILES = resolve('dist/dashboard')
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' } as const
/** As strict as the real server's: what the page must live with. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

/** What a scene may have otherwise than usual. */
export interface Scene {
  hello?: Partial<Hello>
  /** Token that the page is not given: it has to come with its address. */
  secret?: string
  first?: Partial<Frame>
  /** A text refuses it. */
  history?: (symbol: string, every: Interval) => Partial<History> | string
}

/**
 * A server of the page that speaks the protocol and says exactly what a test wants, when it wants it: it makes states
 * that a real one makes rarely, and holds the page to its word.
 */
export class Stage {
  scene: Scene
  /** Everything that pages have said, in order. */
  readonly said: PageMessage[] = []
  /** Sockets that were opened, ever. */
  opened = 0
  readonly #http: Server
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL })
  #port = 0
  #n = 0
  #painted = 0
  #waiting: (() => void)[] = []

  private constructor(scene: Scene) {
    this.scene = scene
    this.#http = this.#make()
  }

  static async open(scene: Scene = {}): Promise<Stage> {
    const stage = new Stage(scene)
    await stage.up()
    return stage
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  /** Number of the newest `watch`. */
  get watchId(): number {
    return this.said.findLast((message) => message.type === 'watch')?.id ?? 0
  }

  async up(): Promise<void> {
    this.#http.listen(this.#port, '127.0.0.1')
    await once(this.#http, 'listening')
    this.#port = (this.#http.address() as AddressInfo).port
  }

  /** Is gone at once, as when it is killed; `up` brings it back. */
  async down(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    const closed = once(this.#http, 'close')
    this.#http.close()
    this.#http.closeAllConnections()
    await closed
  }

  /** Says something to every page, whatever it is. */
  say(message: ServerMessage | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    for (const socket of this.#sockets.clients) socket.send(text)
  }

  /** Sends a frame when the one before was painted, and resolves when it has been. */
  async show(frame: Partial<Frame> = {}): Promise<void> {
    await this.until(() => this.#painted === this.#n)
    const n = ++this.#n
    this.say({ type: 'frame', now: NOW, ...frame, n })
    await this.until(() => this.#painted >= n)
  }

  /** As `show`, with changes of the symbol watched. */
  showWatched(watched: Omit<NonNullable<Frame['watched']>, 'id'>, frame: Partial<Frame> = {}): Promise<void> {
    return this.show({ ...frame, watched: { id: this.watchId, ...watched } })
  }

  /** Resolves when the pages have said what makes it true. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #make(): Server {
    const http = createServer(({ url = '/' }, response) => {
      const path = url.replace(/\?.*/, '')
      const headers = { 'content-security-policy': POLICY, 'cache-control': 'no-store' }
      if (path === SESSION_PATH) {
        const { secret, hello } = this.scene
        const answer = { token: secret ? null : 'key', build: hello?.build ?? 'one' }
        response.writeHead(200, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(answer))
        return
      }
      const name = path === '/' ? 'index.html' : path.slice(1)
      const type = TYPES[name.split('.').at(-1) as keyof typeof TYPES]
      if (!/^(index\.html|page\.(js|css))$/.test(name)) response.writeHead(404, headers).end()
      else response.writeHead(200, { ...headers, 'content-type': type }).end(readFileSync(join(FILES, name)))
    })
    http.on('upgrade', (request, socket, head) => {
      const offered = request.headers['sec-websocket-protocol'] ?? ''
      const isLetIn = offered.includes(TOKEN_PREFIX + (this.scene.secret ?? 'key')) && offered.startsWith(SUBPROTOCOL)
      if (!isLetIn || request.url !== SOCKET_PATH) return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#connected(ws))
    })
    return http
  }

  #connected(socket: WebSocket): void {
    const { hello, first } = this.scene
    this.opened++
    this.#painted = 0
    this.#n = 1
    const send = (message: ServerMessage): void => socket.send(JSON.stringify(message))
    socket.on('message', (data) => this.#heard(JSON.parse(String(data)) as PageMessage, send))
    send(greeting(hello))
    send({ type: 'frame', n: 1, now: NOW, rows: rowsOf(12), alerts: [], feeds: [feedOf()], machine: MACHINE, ...first })
  }

  #heard(message: PageMessage, send: (message: ServerMessage) => void): void {
    this.said.push(message)
    if (message.type === 'painted') {
      if (message.n !== this.#n || this.#painted === this.#n) throw new Error(`painted ${message.n}, sent ${this.#n}`)
      this.#painted = message.n
    }
    if (message.type === 'watch') {
      const { symbol, every, id } = message
      const given = this.scene.history?.(symbol, every)
      if (typeof given === 'string') send({ type: 'refusal', id, reason: given })
      else send({ ...historyOf(symbol, every, given), id })
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

const MACHINE = { cpu: 0.12, memory_used: 142e6, memory_limit: 2e9, disk_used: 21e9, disk_size: 80e9, loop_delay: 1.2 }
