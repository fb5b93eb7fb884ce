import {
  type PageMessage,
  type ServerMessage,
  SOCKET_PATH,
  SUBPROTOCOL,
  TOKEN_PREFIX,
} from '../../core/dashboard/protocol.ts'
import { Backoff } from './backoff.ts'
import { findToken } from './session.ts'

/** The server says something once a second at least: silence of so many ms means that the line is dead. */
const DEAD_MS = 10_000
/** An attempt may take so long. */
const PATIENCE_MS = 8_000

export interface Listener {
  heard(message: ServerMessage): void
  /** The line is gone; another is being made. */
  lost(): void
  /** There is no token to open it with. */
  refused(): void
}

/** The one socket of the page: it opens itself again whenever it is gone, sooner when the browser has a reason to hope. */
export class Connection {
  readonly #listener: Listener
  readonly #backoff = new Backoff()
  #socket: WebSocket | null = null
  #timer: number | undefined
  #heardAt = 0
  #attempt = 0

  constructor(listener: Listener) {
    this.#listener = listener
    addEventListener('online', () => this.#hope())
    document.addEventListener('visibilitychange', () => document.hidden || this.#hope())
    setInterval(() => this.#check(), 1_000)
  }

  open(): void {
    clearTimeout(this.#timer)
    const attempt = ++this.#attempt
    this.#heardAt = performance.now()
    findToken().then(
      (token) => attempt === this.#attempt && this.#dial(token),
      () => attempt === this.#attempt && this.#again(),
    )
  }

  /** Sends where there is a line; what a new line needs to know is told again on its hello. */
  send(message: PageMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #dial(token: string | null): void {
    if (token === null) {
      this.#listener.refused()
      this.#again()
      return
    }
    const { protocol, host } = location
    const url = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${SOCKET_PATH}`
    const socket = new WebSocket(url, [SUBPROTOCOL, TOKEN_PREFIX + token])
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      this.#heardAt = performance.now()
      this.#backoff.reset()
      this.#listener.heard(JSON.parse(data as string) as ServerMessage)
    }
    socket.onclose = () => this.#lose()
  }

  #lose(): void {
    const socket = this.#socket
    if (socket === null) return
    this.#socket = null
    socket.onmessage = socket.onclose = null
    socket.close()
    this.#listener.lost()
    this.#again()
  }

  #again(): void {
    this.#attempt++
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.open(), this.#backoff.next())
  }

  /** A closed line is opened at once: waiting was for a server that is away, and now something has changed. */
  #hope(): void {
    if (this.#socket !== null) return
    this.#backoff.reset()
    this.open()
  }

  #check(): void {
    const silent = performance.now() - this.#heardAt
    const opened = this.#socket?.readyState === WebSocket.OPEN
    if (this.#socket !== null && silent > (opened ? DEAD_MS : PATIENCE_MS)) this.#lose()
  }
}
