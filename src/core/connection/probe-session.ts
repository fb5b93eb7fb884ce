import type { Clock } from '../clock.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { Gate } from './gate.ts'
import { scrubber } from './secret.ts'
import { Socket } from './socket.ts'
import type { Decoder, Vendor } from './vendor.ts'

/** How a real session with an endpoint went; times in ms, null where it did not come to that. */
export interface SessionProbe {
  /** From the address to the open WebSocket. */
  connect: number | null
  /** Median round trip of the heartbeats; null with a vendor that answers none. */
  heartbeat: number | null
  /** From the subscription to the first tick; null when the market was quiet for as long as we waited. */
  first_tick: number | null
  /** What ended the session before that, in words without secrets; null when nothing did. */
  failed: string | null
}

export interface SessionProbeOptions {
  symbols: readonly string[]
  sessions: Sessions
  clock: Clock
  /** Heartbeats to measure; default 3. */
  heartbeats?: number
  /** How long a connection, an answer, the first tick may take each, ms; default 5,000. */
  timeoutMs?: number
  signal: AbortSignal
  proxyFor?: (url: string) => string | undefined
}

/**
 * Opens one real session with the vendor's secret: subscribes to trades, measures heartbeats and the first tick, leaves.
 * It takes a connection of the plan, so call it for one endpoint at a time and never beside a recorder.
 */
export async function probeSession(
  vendor: Vendor,
  endpoint: string,
  options: SessionProbeOptions,
): Promise<SessionProbe> {
  const session = new Session(vendor, endpoint, options)
  try {
    return await session.run()
  } finally {
    session.close()
  }
}

/**
 * A session with each of the vendor's endpoints, one at a time, with the pause between connects that the vendor asks for.
 */
export async function* probeSessions(
  vendor: Vendor,
  options: SessionProbeOptions,
): AsyncGenerator<SessionProbe & { url: string }> {
  let freeAt = Number.NEGATIVE_INFINITY
  for (const url of vendor.endpoints) {
    await options.clock.sleep(Math.max(0, freeAt - options.clock.monotonic()), options.signal)
    if (options.signal.aborted) return
    freeAt = options.clock.monotonic() + vendor.reconnect.floorMs
    yield { url, ...(await probeSession(vendor, url, options)) }
  }
}

class Session {
  readonly #vendor: Vendor
  readonly #options: SessionProbeOptions
  readonly #decoder: Decoder
  readonly #scrub: (text: string) => string
  readonly #socket: Socket
  readonly #life = new AbortController()
  readonly #signal: AbortSignal
  readonly #startedAt: number
  #wake = (): void => {}
  #openAt: number | null = null
  #tickAt: number | null = null
  #beatAt: number | null = null
  #trips: number[] = []
  #failed: string | null = null

  constructor(vendor: Vendor, endpoint: string, options: SessionProbeOptions) {
    const { clock, sessions, signal, proxyFor = () => undefined } = options
    const { url, headers = {} } = vendor.connect(endpoint)
    this.#vendor = vendor
    this.#options = options
    this.#decoder = vendor.openDecoder({ sessions, depth: 0 })
    this.#scrub = scrubber([url], headers)
    this.#signal = AbortSignal.any([signal, this.#life.signal])
    this.#startedAt = clock.monotonic()
    this.#socket = new Socket(
      { url, headers, proxy: proxyFor(endpoint) },
      {
        opened: () => {
          this.#openAt = clock.monotonic()
          this.#wake()
        },
        frame: (frame) => this.#frame(frame),
        ended: ({ reason }) => this.#fail(reason),
      },
    )
  }

  async run(): Promise<SessionProbe> {
    const { clock, symbols } = this.#options
    const heartbeats = this.#vendor.heartbeat.answerWithinMs === null ? 0 : (this.#options.heartbeats ?? 3)
    const gate = new Gate(this.#vendor.frameGapMs, clock)
    let subscribedAt = 0
    if (await this.#until(() => this.#openAt !== null)) {
      await gate.turn(this.#signal)
      subscribedAt = clock.monotonic()
      this.#send(this.#vendor.subscribe(symbols, { depth: 0 })[0]?.frame)
      for (let i = 0; i < heartbeats && (await gate.turn(this.#signal)); i++) {
        this.#beatAt = clock.monotonic()
        this.#send(this.#vendor.heartbeat.frame())
        if (!(await this.#until(() => this.#beatAt === null))) break
      }
      await this.#until(() => this.#tickAt !== null)
    } else {
      this.#failed ??= 'no WebSocket in time'
    }
    return {
      connect: this.#openAt === null ? null : this.#openAt - this.#startedAt,
      heartbeat: this.#trips.sort((a, b) => a - b)[Math.floor(this.#trips.length / 2)] ?? null,
      first_tick: this.#tickAt === null ? null : this.#tickAt - subscribedAt,
      failed: this.#failed,
    }
  }

  close(): void {
    this.#life.abort()
    this.#socket.close()
  }

  #send(frame: string | undefined): void {
    if (frame !== undefined && !this.#signal.aborted) this.#socket.send(frame)
  }

  #frame(frame: Buffer): void {
    const { clock } = this.#options
    const events: MarketEvent[] = []
    const reply = this.#decoder.decode(frame, clock.now(), events)
    if (events.some(({ type }) => type === 'tick')) this.#tickAt ??= clock.monotonic()
    if (reply?.type === 'heartbeat' && this.#beatAt !== null) {
      this.#trips.push(clock.monotonic() - this.#beatAt)
      this.#beatAt = null
    }
    if (reply?.type === 'refused') this.#fail(`the vendor refused: ${reply.code} "${reply.message}"`)
    this.#wake()
  }

  #fail(words: string): void {
    this.#failed ??= this.#scrub(words)
    this.#life.abort()
    this.#wake()
  }

  /** Waits until `done`, the end of the session or the time is up; whether it is done. */
  async #until(done: () => boolean): Promise<boolean> {
    const { clock, timeoutMs = 5_000 } = this.#options
    const deadline = clock.monotonic() + timeoutMs
    for (let left = timeoutMs; !done() && !this.#signal.aborted && left > 0; left = deadline - clock.monotonic()) {
      const step = new AbortController()
      this.#wake = () => step.abort()
      await clock.sleep(left, AbortSignal.any([this.#signal, step.signal]))
    }
    return done()
  }
}
