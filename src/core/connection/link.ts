import { setMaxListeners } from 'node:events'
import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import { Gate } from './gate.ts'
import { Intake } from './intake.ts'
import type { Opinion } from './mute-watch.ts'
import { Pulse } from './pulse.ts'
import { Requests, refusal } from './requests.ts'
import { scrubber } from './secret.ts'
import type { OpenSocket, SocketEnd, SocketLike } from './socket.ts'
import type { Dropped, Subscription } from './subscription.ts'
import type { Decoder, Reply, Vendor } from './vendor.ts'
import type { Watchdog } from './watchdog.ts'

/** Longest time from the connect to an open WebSocket (name, TCP, proxy, TLS, upgrade together), ms. */
export const HANDSHAKE_TIMEOUT = 10_000

/** How one connection ended. */
export interface LinkEnd {
  readonly cause: 'disconnect' | 'stale'
  /** For people, without any secret. */
  readonly detail: string
  /** The server's close code, where it closed. */
  readonly code?: number
  /** Why no further attempt makes sense. */
  readonly error?: unknown
  /** Local time up to which it is known to have worked, where that is not its end. */
  readonly since?: number
  /** The vendor itself told of trades that did not come. */
  readonly isProven?: boolean
}

/** What a link tells the loop around it. */
export interface LinkEvents {
  /** The socket is open. */
  opened(): void
  /** The subscription works: a request was answered, or data came. Once. */
  up(): void
  /** Data came: `events` are what a message, or all those of one read, say, possibly none. The array is used again. */
  data(events: MarketEvent[]): void
  /** What came cannot be read: to be kept, but no sign that the feed works. The array is used again. */
  junk(events: MarketEvent[]): void
  /** A heartbeat sent at monotonic time `sentAt` was answered: the line works, however quiet the market is. */
  alive(sentAt: number): void
  /** Time went by unseen: the machine slept, the process stood still, or a clock was set. */
  lapsed(): void
  dropped(dropped: Dropped): void
  warning(detail: string): void
}

export interface LinkOptions {
  readonly vendor: Vendor
  readonly endpoint: string
  readonly clock: Clock
  readonly proxyFor: (url: string) => string | undefined
  readonly decoder: Decoder
  readonly subscription: Subscription
  readonly watchdog: Watchdog
  readonly onBytes: ((bytes: number) => void) | undefined
  readonly openSocket: OpenSocket
  /** The pace of the requests of all connections with this secret. */
  readonly shared?: Gate | undefined
  /** The vendor's word on a silence that is too long; absent: nobody can be asked. */
  readonly opinion?: (() => Promise<Opinion>) | undefined
}

/**
 * The life of one connection: connect, subscribe at the vendor's pace, heartbeat, decode, notice when the line is dead
 * or stale. It ends once, whatever happens first.
 */
export class Link {
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #gate: Gate
  readonly #requests: Requests
  readonly #life = new AbortController()
  readonly #ended: Promise<LinkEnd>
  readonly #scrub: (text: string) => string
  #resolve!: (end: LinkEnd) => void
  #socket: SocketLike | undefined
  #isOpen = false
  #isUp = false
  #isPaused = false
  /** From the opening on. */
  #pulse: Pulse | undefined
  /** Local time of the last data: the watchdog need not hear of the same millisecond twice. */
  #dataAt = Number.NaN

  /** Connects at once. @param signal ends the connection */
  constructor(options: LinkOptions, events: LinkEvents, signal: AbortSignal) {
    const { vendor, clock, endpoint, proxyFor, decoder, onBytes, openSocket } = options
    this.#options = options
    this.#events = events
    this.#gate = new Gate(vendor.frameGapMs, clock)
    this.#ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
    const { url, headers = {} } = vendor.connect(endpoint)
    const proxy = proxyFor(endpoint)
    this.#scrub = scrubber([url, ...(proxy === undefined ? [] : [proxy])], headers)
    setMaxListeners(0, this.#life.signal)
    this.#requests = new Requests(
      {
        ...{
          vendor,
          clock,
          gate: this.#gate,
          shared: options.shared,
          subscription: options.subscription,
          scrub: this.#scrub,
        },
        send: (frame) => this.#socket!.send(frame),
        up: () => this.#up(),
        dropped: (dropped) => events.dropped(dropped),
        warning: (detail) => events.warning(detail),
        run: (task) => this.#run(task),
      },
      this.#life.signal,
    )
    const intake = new Intake({
      ...{ clock, decoder, onBytes },
      arrived: () => this.#pulse?.frame(),
      data: (received, receivedAt) => this.#data(received, receivedAt),
      junk: (received) => events.junk(received),
      reply: (reply) => this.#reply(reply),
      failed: (error) => this.#fail(error),
    })
    signal.addEventListener('abort', () => this.#end({ cause: 'disconnect', detail: 'ended' }), {
      signal: this.#life.signal,
    })
    try {
      this.#socket = openSocket(
        { url, headers, proxy },
        {
          opened: () => this.#opened(),
          frame: (frame) => intake.frame(frame),
          lane: intake.lane,
          ended: (end) => this.#closed(end),
        },
      )
      this.#after(HANDSHAKE_TIMEOUT, () => {
        if (!this.#isOpen) this.#end({ cause: 'disconnect', detail: 'no WebSocket within 10 s' })
      })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Resolves when the connection has ended; never rejects. */
  get ended(): Promise<LinkEnd> {
    return this.#ended
  }

  /** Stops reading until `resume`; heartbeats go on. */
  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#pulse?.pause()
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#pulse?.resume()
    this.#socket?.resume()
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Local time up to which the connection is known to have worked, where that is in doubt; else null. */
  get doubtedSince(): number | null {
    return this.#pulse?.doubtedSince ?? null
  }

  /** The subscription has something new to send. */
  subscribe(): void {
    if (this.#isOpen) this.#run(this.#requests.pump())
  }

  /** Asks for everything once more, as on a new connection. */
  subscribeAgain(): void {
    this.#options.subscription.reconnected()
    this.subscribe()
  }

  /** Ends the connection: it is open and does not bring what it should. */
  giveUp(detail: string): void {
    this.#end({ cause: 'stale', detail, isProven: true })
  }

  #opened(): void {
    const { clock, watchdog, subscription, vendor, opinion } = this.#options
    this.#isOpen = true
    this.#pulse = new Pulse(
      {
        ...{ clock, heartbeat: vendor.heartbeat, watchdog, opinion },
        beat: () => this.#beat(),
        lapsed: () => this.#events.lapsed(),
        run: (task) => this.#run(task),
      },
      this.#life.signal,
    )
    if (this.#isPaused) this.#pulse.pause()
    this.#events.opened()
    subscription.reconnected()
    if (!subscription.hasNext) this.#up()
    this.#run(this.#requests.pump())
    this.#run(this.#pulse.run().then((end) => end && this.#end(end)))
  }

  async #beat(): Promise<boolean> {
    if (!(await this.#gate.turn(this.#life.signal))) return false
    this.#socket!.send(this.#options.vendor.heartbeat.frame())
    return true
  }

  /** Hands on the events received at that local time. */
  #data(events: MarketEvent[], receivedAt: number): void {
    if (receivedAt !== this.#dataAt) this.#pulse?.data(receivedAt)
    this.#dataAt = receivedAt
    this.#up()
    this.#events.data(events)
  }

  #reply(reply: Reply): void {
    this.#gate.answered()
    if (reply.type === 'heartbeat') {
      this.#events.alive(this.#pulse?.answered() ?? Number.NEGATIVE_INFINITY)
    } else this.#run(this.#requests.answered(reply))
  }

  #up(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.#events.up()
  }

  #closed({ reason, status, code }: SocketEnd): void {
    const detail = this.#scrub(reason)
    const isToken = status === 401 || status === 403
    const error = isToken ? refusal(this.#options.vendor, 'token', `HTTP ${status}`, 0) : undefined
    this.#end({ cause: 'disconnect', detail, ...(code === undefined ? {} : { code }), ...(error ? { error } : {}) })
  }

  #fail(error: unknown): void {
    const known = error instanceof HkqError ? error : new HkqError('E_UNEXPECTED', this.#scrub(messageOf(error)))
    this.#end({ cause: 'disconnect', detail: known.message, error: known })
  }

  #end(end: LinkEnd): void {
    if (this.#life.signal.aborted) return
    const since = this.doubtedSince
    this.#life.abort()
    this.#socket?.close()
    this.#resolve(since === null ? end : { since, ...end })
  }

  /** Does `task` after `ms` of this connection's life. */
  #after(ms: number, task: () => void): void {
    const { signal } = this.#life
    this.#run(
      this.#options.clock.sleep(ms, signal).then(() => {
        if (!signal.aborted) task()
      }),
    )
  }

  /** A failure in a task of the connection ends it; none goes unseen. */
  #run(task: Promise<void>): void {
    task.catch((error: unknown) => this.#fail(error))
  }
}
