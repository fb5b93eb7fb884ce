import { setMaxListeners } from 'node:events'
import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import { Gate } from './gate.ts'
import { scrubber } from './secret.ts'
import type { OpenSocket, SocketEnd, SocketLike } from './socket.ts'
import type { Dropped, Subscription } from './subscription.ts'
import type { Decoder, Reply, Request, Vendor } from './vendor.ts'
import type { Watchdog } from './watchdog.ts'

/** Longest time from the connect to an open WebSocket (name, TCP, proxy, TLS, upgrade together), ms. */
export const HANDSHAKE_TIMEOUT = 10_000
/** After this long without an answer a request counts as accepted, ms: some vendors only stream. */
export const ANSWER_TIMEOUT = 10_000

/** How one connection ended. */
export interface LinkEnd {
  readonly cause: 'disconnect' | 'stale'
  /** For people, without any secret. */
  readonly detail: string
  /** The server's close code, where it closed. */
  readonly code?: number
  /** Why no further attempt makes sense. */
  readonly error?: unknown
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
}

/**
 * The life of one connection: connect, subscribe at the vendor's pace, heartbeat, decode, notice when the line is dead
 * or stale. It ends once, whatever happens first.
 */
export class Link {
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #gate: Gate
  readonly #life = new AbortController()
  readonly #ended: Promise<LinkEnd>
  readonly #scrub: (text: string) => string
  #resolve!: (end: LinkEnd) => void
  #socket: SocketLike | undefined
  #isOpen = false
  #isUp = false
  #isPaused = false
  #isPumping = false
  /** Monotonic time of the first heartbeat since the last frame; null while nothing is owed. */
  #owedSince: number | null = null
  /** Monotonic times of the heartbeats without an answer, which come in their order. */
  readonly #beats: number[] = []
  /** Local time of the last data: the watchdog need not hear of the same millisecond twice. */
  #dataAt = Number.NaN
  readonly #received: MarketEvent[] = []
  /** Local time of the read in hand, once a message was taken from it where it stands. */
  #readAt: number | null = null

  /** Connects at once. @param signal ends the connection */
  constructor(options: LinkOptions, events: LinkEvents, signal: AbortSignal) {
    const { vendor, clock, endpoint, proxyFor, decoder, openSocket } = options
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
    signal.addEventListener('abort', () => this.#end({ cause: 'disconnect', detail: 'ended' }), {
      signal: this.#life.signal,
    })
    try {
      this.#socket = openSocket(
        { url, headers, proxy },
        {
          opened: () => this.#opened(),
          frame: (frame) => this.#frame(frame),
          ended: (end) => this.#closed(end),
          lane: decoder.scan && {
            take: (bytes, start, end) => this.#scan(bytes, start, end),
            passed: () => this.#passed(),
          },
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
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#options.watchdog.restart(this.#options.clock.monotonic())
    this.#socket?.resume()
  }

  /** The subscription has something new to send. */
  subscribe(): void {
    if (this.#isOpen) this.#run(this.#pump())
  }

  #opened(): void {
    const { clock, watchdog, subscription } = this.#options
    this.#isOpen = true
    watchdog.restart(clock.monotonic())
    this.#events.opened()
    subscription.reconnected()
    if (!subscription.hasNext) this.#up()
    this.#run(this.#pump())
    this.#run(this.#beat())
    this.#run(this.#watch())
  }

  /** Sends what the subscription asks for, one frame a turn. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    const { subscription } = this.#options
    while (subscription.hasNext && (await this.#gate.turn(this.#life.signal))) {
      const request = subscription.next()
      if (request !== undefined) this.#send(request)
    }
    this.#isPumping = false
  }

  #send(request: Request): void {
    this.#socket!.send(request.frame)
    this.#after(ANSWER_TIMEOUT, () => {
      this.#options.subscription.expired(request)
      this.#up()
      this.#run(this.#pump())
    })
  }

  async #beat(): Promise<void> {
    const { clock, vendor } = this.#options
    const { everyMs, answerWithinMs, frame } = vendor.heartbeat
    const { signal } = this.#life
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal)
      if (!(await this.#gate.turn(signal))) return
      this.#socket!.send(frame())
      if (answerWithinMs !== null) this.#beats.push(clock.monotonic())
      if (answerWithinMs === null || this.#isPaused) continue
      this.#owedSince ??= clock.monotonic()
      this.#after(answerWithinMs, () => this.#checkAlive(answerWithinMs))
    }
  }

  /** Any frame is a sign of life, a heartbeat's answer or data. */
  #checkAlive(answerWithinMs: number): void {
    if (this.#owedSince === null || this.#options.clock.monotonic() - this.#owedSince < answerWithinMs) return
    const seconds = answerWithinMs / 1_000
    this.#end({ cause: 'disconnect', detail: `the line is dead: no answer to a heartbeat within ${seconds} s` })
  }

  async #watch(): Promise<void> {
    const { clock, watchdog } = this.#options
    const { signal } = this.#life
    while (!signal.aborted) {
      const remaining = this.#isPaused ? 1_000 : watchdog.remaining(clock.now(), clock.monotonic())
      if (remaining <= 0) return this.#end({ cause: 'stale', detail: 'no data for too long while the market trades' })
      await clock.sleep(remaining, signal)
    }
  }

  /** Takes a message of the usual shape; what it says is handed on with the rest of its read. */
  #scan(bytes: Buffer, start: number, end: number): boolean {
    const { clock, decoder, onBytes } = this.#options
    try {
      const readAt = this.#readAt ?? clock.now()
      if (!decoder.scan!(bytes, start, end, readAt, this.#received)) return false
      this.#readAt = readAt
      onBytes?.(end - start)
    } catch (error) {
      this.#fail(error)
    }
    return true
  }

  #passed(): void {
    try {
      this.#handOn()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What the messages taken so far say goes on before any other message. */
  #handOn(): void {
    if (this.#readAt === null) return
    this.#owedSince = null
    this.#data(this.#readAt)
    this.#readAt = null
  }

  #frame(frame: Buffer): void {
    try {
      this.#handOn()
      this.#owedSince = null
      const reply = this.#decode(frame)
      if (reply !== undefined) this.#reply(reply)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Hands on what the frame says of the market: events, or a book that only waits for the next trade. */
  #decode(frame: Buffer): Reply | undefined {
    const { clock, decoder, onBytes } = this.#options
    const receivedAt = clock.now()
    onBytes?.(frame.length)
    const { unknown } = decoder
    const received = this.#received
    const reply = decoder.decode(frame, receivedAt, received)
    const isBook = received.length === 0 && reply === undefined && decoder.unknown === unknown
    if (isBook || received.some(isUnderstood)) this.#data(receivedAt)
    else if (received.length > 0) this.#events.junk(received)
    received.length = 0
    return reply
  }

  /** Hands on the events received at that local time. */
  #data(receivedAt: number): void {
    const { clock, watchdog } = this.#options
    if (receivedAt !== this.#dataAt) watchdog.data(receivedAt, clock.monotonic())
    this.#dataAt = receivedAt
    this.#up()
    this.#events.data(this.#received)
    this.#received.length = 0
  }

  #reply(reply: Reply): void {
    this.#gate.answered()
    if (reply.type === 'heartbeat') {
      this.#events.alive(this.#beats.shift() ?? Number.NEGATIVE_INFINITY)
      return
    }
    if (reply.type === 'refused') this.#refused(reply)
    else {
      this.#options.subscription.accepted(reply.id, reply.kind)
      this.#up()
    }
    this.#run(this.#pump())
  }

  #refused(reply: Extract<Reply, { type: 'refused' }>): void {
    const { subscription, vendor } = this.#options
    const words = `${reply.code} "${this.#scrub(reply.message)}"`
    if (reply.verdict === 'symbols') {
      const dropped = subscription.refused({ ...reply, message: this.#scrub(reply.message) })
      if (dropped !== undefined) this.#events.dropped(dropped)
    } else if (reply.verdict === 'backoff') {
      this.#gate.slow(vendor.reconnect.capMs)
      subscription.postponed(reply.id, reply.kind)
      this.#events.warning(`${vendor.name} asks for slower requests: ${words}`)
    } else {
      throw refusal(vendor, reply.verdict, words, subscription.active.length)
    }
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
    this.#life.abort()
    this.#socket?.close()
    this.#resolve(end)
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

/** Whether the vendor's words were understood, whatever is thought of the trade they tell of. */
function isUnderstood(event: MarketEvent): boolean {
  return event.type !== 'rejected' || event.reason !== 'malformed'
}

function refusal(vendor: Vendor, verdict: 'token' | 'fatal' | 'limit', words: string, symbols: number): HkqError {
  if (verdict === 'token') {
    return new HkqError(
      'E_TOKEN',
      `${vendor.name} refuses the token (${words}): check that it is complete and not expired`,
    )
  }
  if (verdict === 'limit') {
    const remedy = `${symbols} symbols are too many for the plan: ask for fewer, or take a larger plan`
    return new HkqError('E_USAGE', `${vendor.name} refuses the subscription (${words}): ${remedy}`)
  }
  return new HkqError(
    'E_UNEXPECTED',
    `${vendor.name} refuses the request (${words}): nothing to retry, please report it`,
  )
}
