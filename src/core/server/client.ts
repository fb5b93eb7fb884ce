import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import type { Dialect } from './dialect.ts'
import { type Fault, faultyPath, type Line, type Path } from './faults.ts'
import { textFrame } from './frame.ts'

/** Frames of the past that go out at a time. */
const CHUNK = 1_000

/** How a connection came in: its dialect, whether its address is one for other things than shares (forex), its token. */
export interface Admission {
  readonly dialect: Dialect
  readonly forex: boolean
  readonly token: string | null
}

export interface ClientOptions {
  readonly clock: Clock
  /** Bytes that may wait for this client; beyond it is disconnected. */
  readonly maxWaiting: number
  readonly faults: readonly Fault[]
  readonly random: () => number
  /** Called when what was waiting has gone out. */
  readonly onRoom: () => void
}

/**
 * One connected client: what it subscribed and the way out to it. Frames are whole WebSocket frames as textFrame makes
 * them, shared by all clients, so they are written past `ws` to the socket that the upgrade handed over.
 */
export class Client {
  readonly dialect: Dialect
  readonly forex: boolean
  readonly token: string | null
  /** Symbols by kind, replaced by the board; books with their number of levels. */
  trades: ReadonlySet<string> = new Set()
  books: ReadonlyMap<string, number> = new Map()
  /** Ordinal of the history at which a symbol was left: coming back goes on from there. */
  readonly leftTrades = new Map<string, number>()
  readonly leftBooks = new Map<string, number>()
  /** Monotonic times: last heartbeat or opening, last request, first subscription. */
  heartbeatAt: number
  requestedAt: number | null = null
  /** Monotonic times of its requests, where the dialect counts them. */
  requests: readonly number[] = []
  subscribedAt: number | null = null
  readonly #socket: Socket
  readonly #ws: WebSocket
  readonly #maxWaiting: number
  readonly #path: Path | null
  readonly #onRoom: () => void
  readonly #ended = new AbortController()
  readonly #backlog: Iterator<string>[] = []
  readonly #held: string[] = []
  #pending = ''
  #farewell = { code: 1000, reason: '' }
  #frozen = false

  constructor(ws: WebSocket, socket: Socket, admission: Admission, options: ClientOptions) {
    this.dialect = admission.dialect
    this.forex = admission.forex
    this.token = admission.token
    this.heartbeatAt = options.clock.monotonic()
    this.#ws = ws
    this.#socket = socket
    this.#maxWaiting = options.maxWaiting
    this.#onRoom = options.onRoom
    socket.on('drain', options.onRoom)
    ws.once('close', () => this.#ended.abort())
    this.#path = options.faults.length === 0 ? null : faultyPath(options.faults, this.#line(options))
  }

  get open(): boolean {
    return this.#ws.readyState === WebSocket.OPEN && !this.#ended.signal.aborted
  }

  /** Half-open on purpose: neither reads nor writes nor closes. */
  get frozen(): boolean {
    return this.#frozen
  }

  get subscribed(): boolean {
    return this.trades.size > 0 || this.books.size > 0
  }

  /** Bytes that the network has not yet taken; infinite while the past is still on its way. */
  get waiting(): number {
    return this.#backlog.length > 0 ? Number.POSITIVE_INFINITY : this.#socket.writableLength
  }

  /** Adds a push frame; it goes out with the next flush, which comes before anything else can happen. */
  push(frame: string): void {
    if (this.#backlog.length > 0) this.#held.push(frame)
    else if (this.#path) this.#path(frame, 'push')
    else {
      this.#pending += frame
      if (this.#pending.length > 262_144) this.flush()
    }
  }

  /**
   * Sends frames of the past before everything that is pushed from now on: a thousand at a time, so that nobody else waits
   * for them.
   */
  replay(frames: Iterator<string>): void {
    this.#backlog.push(frames)
    if (this.#backlog.length === 1) this.#catchUp(CHUNK)
  }

  /** Writes what was pushed, as one write. */
  flush(): void {
    if (this.#pending === '') return
    const bytes = this.#pending
    this.#pending = ''
    this.#write(bytes)
  }

  /** Sends one answer. @param text ASCII */
  reply(text: string): void {
    if (this.#path) this.#path(textFrame(text), 'reply')
    else this.#write(textFrame(text))
  }

  /** Sends a close frame. The socket is destroyed if the client does not answer within 30 s. */
  close(code: number, reason: string): void {
    this.#catchUp(Number.POSITIVE_INFINITY)
    this.#farewell = { code, reason }
    if (this.#frozen) this.destroy()
    else if (this.#path) this.#path('', 'close')
    else this.#ws.close(code, reason)
  }

  destroy(): void {
    this.#ended.abort()
    this.#ws.terminate()
  }

  #catchUp(most: number): void {
    let sent = 0
    let bytes = ''
    for (let frames = this.#backlog[0]; frames !== undefined && sent < most; frames = this.#backlog[0]) {
      const { value, done } = frames.next()
      if (done) this.#backlog.shift()
      else if (this.#path) this.#path(value, 'push')
      else bytes += value
      sent += 1
    }
    this.#write(bytes)
    if (!this.open) this.#backlog.length = 0
    if (this.#backlog.length > 0) setImmediate(() => this.#catchUp(CHUNK))
    else {
      for (const frame of this.#held.splice(0)) this.push(frame)
      this.flush()
      this.#onRoom()
    }
  }

  #write(bytes: string): void {
    if (bytes === '' || !this.open || this.#frozen) return
    this.#socket.write(bytes, 'latin1')
    const waiting = this.#socket.writableLength
    if (waiting > this.#maxWaiting) this.#ws.close(1013, `reads too slowly: ${waiting} bytes wait`)
  }

  #line({ clock, random }: ClientOptions): Line {
    return {
      clock,
      random,
      signal: this.#ended.signal,
      write: (bytes) => this.#write(bytes),
      close: () => this.#ws.close(this.#farewell.code, this.#farewell.reason),
      destroy: (lastBytes) => {
        this.#write(lastBytes)
        this.#ended.abort()
        this.#socket.destroySoon()
      },
      freeze: () => {
        this.#frozen = true
        this.#ws.pause()
      },
    }
  }
}
