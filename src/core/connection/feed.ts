import type { Clock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { MarketEvent, Status, StatusState } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import { Channel } from '../pipeline/channel.ts'
import type { Checkpoint, Source } from '../pipeline/source.ts'
import { Backoff } from './backoff.ts'
import { Endpoints } from './endpoints.ts'
import { GapTracker } from './gaps.ts'
import { Link, type LinkEnd } from './link.ts'
import { redactUrl } from './secret.ts'
import { checkEndpoint, type OpenSocket, openSocket as openNetworkSocket } from './socket.ts'
import { Subscription } from './subscription.ts'
import type { Vendor } from './vendor.ts'
import { Watchdog } from './watchdog.ts'

/** Least time between two tellings of how far was heard, and how long a trade may take to arrive, ms. */
const COVERAGE_EVERY = 1_000
const ARRIVAL = 2_000
/** Longest wait between two attempts while nothing trades, ms. */
const QUIET_CAP = MINUTE

export interface FeedOptions {
  /** Canonical symbols; may be none when `subscribe` brings them later. */
  readonly symbols: readonly string[]
  /** Levels of the book delivered as Quote events, 0 for none. */
  readonly depth: number
  readonly sessions: Sessions
  readonly clock: Clock
  /** Uniform in [0, 1): the jitter of the back-off. */
  readonly random: () => number
  /** Ends the feed quietly, whatever it waits for. */
  readonly signal: AbortSignal
  /** Consecutive failures to be retried; undefined: for ever. With 0 the server's close with code 1000 is an end. */
  readonly maxRetries?: number | undefined
  /** What the store has of this source, for the gaps since; with it the feed also delivers its coverage. */
  readonly checkpoints?: readonly Checkpoint[]
  /** Sees the size of every message. */
  readonly onBytes?: (bytes: number) => void
  /** The proxy for an address, undefined for none. Never asked for loopback. */
  readonly proxyFor?: (url: string) => string | undefined
  /** Events waiting for the consumer at which the socket is stopped; default 65,536. */
  readonly capacity?: number
  /** Default: the network's. */
  readonly openSocket?: OpenSocket
}

/** A live feed: a Source whose subscribed set can be replaced while it runs. */
export interface Feed extends Source {
  subscribe(symbols: readonly string[]): void
}

/**
 * A vendor's live feed: connects when it is iterated (once), reconnects, and tells it all in the stream: ticks and
 * quotes, gaps before the tick that ends them, states of the connection. Ends on `signal` or when the consumer leaves;
 * both close the socket at once.
 * @throws HkqError E_USAGE when an endpoint cannot be used or the vendor carries fewer symbols; while iterated: E_TOKEN
 *   when the token is refused, E_SYMBOL when every symbol is, E_USAGE beyond the plan, E_NETWORK when the retries are
 *   exhausted, E_UNEXPECTED when the vendor refuses the request itself
 */
export function openFeed(vendor: Vendor, options: FeedOptions): Feed {
  vendor.endpoints.forEach(checkEndpoint)
  if (vendor.endpoints.length === 0) throw new HkqError('E_USAGE', `no endpoint of ${vendor.name}: give one`)
  checkCount(vendor, options.symbols)
  return new VendorFeed(vendor, options)
}

function checkCount(vendor: Vendor, symbols: readonly string[]): void {
  if (symbols.length <= vendor.maxSymbols) return
  const limit = `"${symbols.length}" symbols, but one connection of ${vendor.name} carries ${vendor.maxSymbols} on this plan`
  throw new HkqError('E_USAGE', `${limit}: ask for fewer, or name a larger plan`)
}

class VendorFeed implements Feed {
  readonly kind = 'live'
  readonly name: string
  readonly clock: Clock
  readonly #vendor: Vendor
  readonly #options: FeedOptions
  readonly #stop = new AbortController()
  readonly #channel: Channel<MarketEvent>
  readonly #subscription: Subscription
  readonly #gaps: GapTracker
  readonly #watchdog: Watchdog
  readonly #backoff: Backoff
  readonly #endpoints: Endpoints
  #link: Link | undefined
  /** Failures since the last data. */
  #failures = 0
  /** Monotonic time of the last coverage. */
  #coveredAt = Number.NEGATIVE_INFINITY
  /** Monotonic time of the last sign of life. */
  #aliveAt = Number.NEGATIVE_INFINITY

  constructor(vendor: Vendor, options: FeedOptions) {
    const { symbols, depth, sessions, clock, random, checkpoints = [], capacity } = options
    this.name = vendor.name
    this.clock = clock
    this.#vendor = vendor
    this.#options = options
    this.#channel = new Channel(capacity, () => this.#link?.resume())
    this.#subscription = new Subscription(vendor, symbols, depth)
    const reached = checkpoints.filter(({ source }) => source === vendor.name)
    this.#gaps = new GapTracker(vendor.name, sessions, reached)
    this.#gaps.watch(symbols, clock.now())
    this.#watchdog = new Watchdog(sessions)
    this.#backoff = new Backoff(vendor.reconnect, random)
    this.#endpoints = new Endpoints(vendor.endpoints)
  }

  subscribe(symbols: readonly string[]): void {
    checkCount(this.#vendor, symbols)
    this.#subscription.replace(symbols)
    this.#gaps.watch(this.#subscription.active, this.clock.now())
    this.#link?.subscribe()
  }

  /** Leaving takes effect at once, even while `next` is pending, which a generator's own `return` would wait for. */
  [Symbol.asyncIterator](): AsyncIterator<readonly MarketEvent[]> {
    const events = this.#channel[Symbol.asyncIterator]()
    const running = this.#run()
    return {
      next: () => events.next(),
      return: async () => {
        this.#stop.abort()
        this.#channel.close()
        await running
        return events.return(undefined)
      },
    }
  }

  /** The loop: connect, wait for the end, judge it, wait, again. Never rejects: a failure goes down the channel. */
  async #run(): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal])
    try {
      while (!signal.aborted) {
        const end = await this.#connect(signal)
        if (signal.aborted) break
        if (end.error !== undefined) throw end.error
        if (this.#options.maxRetries === 0 && end.code === 1000) break
        await this.clock.sleep(this.#lost(end), signal)
      }
      this.#finish()
      this.#channel.close()
    } catch (error) {
      this.#finish()
      this.#channel.fail(error)
    }
  }

  async #connect(signal: AbortSignal): Promise<LinkEnd> {
    const { sessions, depth, onBytes, proxyFor = () => undefined, openSocket = openNetworkSocket } = this.#options
    const endpoint = this.#endpoints.best()
    const startedAt = this.clock.monotonic()
    this.#backoff.connecting(startedAt)
    let hasData = false
    const link = new Link(
      {
        vendor: this.#vendor,
        endpoint,
        clock: this.clock,
        proxyFor,
        decoder: this.#vendor.openDecoder({ sessions, depth }),
        subscription: this.#subscription,
        watchdog: this.#watchdog,
        onBytes,
        openSocket,
      },
      {
        opened: () => {
          this.#endpoints.opened(endpoint, this.clock.monotonic() - startedAt)
          this.#gaps.up(this.clock.now())
        },
        up: () => this.#tell('up', `${redactUrl(endpoint)}, symbols: ${this.#subscription.active.length}`),
        data: (events) => {
          if (!hasData) this.#healthy(endpoint)
          hasData = true
          this.#deliver(events)
        },
        alive: () => this.#cover(),
        dropped: ({ symbol, detail }) => {
          this.#gaps.watch(this.#subscription.active, this.clock.now())
          this.#tell('warning', detail, symbol)
        },
        warning: (detail) => this.#tell('warning', detail),
      },
      signal,
    )
    this.#link = link
    const end = await link.ended
    this.#link = undefined
    this.#endpoints.failed(endpoint)
    if (end.cause === 'stale' && !hasData) this.#watchdog.broughtNothing()
    return end
  }

  /** First data of a connection: whatever failed before is forgiven. */
  #healthy(endpoint: string): void {
    this.#endpoints.delivered(endpoint)
    this.#backoff.reset()
    this.#failures = 0
  }

  #deliver(events: MarketEvent[]): void {
    this.#channel.pushAll(this.#gaps.mark(events))
    if (this.#channel.full) this.#link?.pause()
    else this.#cover()
  }

  /** Tells how far was heard, at most once a second. */
  #cover(): void {
    const now = this.clock.monotonic()
    this.#aliveAt = now
    if (this.#options.checkpoints === undefined || now - this.#coveredAt < COVERAGE_EVERY) return
    this.#coveredAt = now
    this.#heard(this.clock.now() - ARRIVAL)
  }

  #heard(timestamp: number): void {
    const symbols = this.#gaps.heard(timestamp)
    if (symbols.length === 0) return
    this.#channel.push({ type: 'coverage', source: this.name, symbol: null, symbols, timestamp })
  }

  /**
   * Tells of a loss or a failed attempt.
   * @returns milliseconds to wait before the next one
   * @throws HkqError E_NETWORK when the retries are exhausted
   */
  #lost({ cause, detail }: LinkEnd): number {
    const { maxRetries = Number.POSITIVE_INFINITY } = this.#options
    const now = this.clock.now()
    this.#gaps.lost(cause, now)
    this.#failures++
    if (this.#failures > maxRetries) {
      const tries =
        maxRetries === 0
          ? 'no retry allowed'
          : `${maxRetries} ${maxRetries === 1 ? 'retry' : 'retries in a row'} failed`
      throw new HkqError('E_NETWORK', `${this.name} lost: ${detail} (${tries}): run hkq probe-endpoints to see why`)
    }
    const wait = this.#backoff.failed(this.clock.monotonic(), this.#capMs(now))
    this.#tell('lost', `${detail}; next try in ${(wait / 1_000).toFixed(1)} s`)
    return wait
  }

  /** The vendor's cap while the market is open; outside up to a minute, but not past the next opening. */
  #capMs(now: number): number {
    const { sessions } = this.#options
    const { capMs } = this.#vendor.reconnect
    const phase = sessions.phaseAt(now)
    if (phase !== 'closed' && phase !== 'lunch') return capMs
    const opening = sessions.phaseAt(now + QUIET_CAP)
    return opening !== 'closed' && opening !== 'lunch' ? capMs : Math.max(capMs, QUIET_CAP)
  }

  #finish(): void {
    const now = this.clock.now()
    // a line that may be dead by now was heard up to its last sign of life
    const unproven = this.#gaps.isUp ? this.clock.monotonic() - this.#aliveAt : 0
    this.#channel.pushAll(this.#gaps.end(now))
    if (this.#options.checkpoints !== undefined) this.#heard(now - unproven)
  }

  #tell(state: StatusState, detail: string, symbol: string | null = null): void {
    const status: Status = { type: 'status', source: this.name, symbol, state, timestamp: this.clock.now(), detail }
    this.#channel.push(status)
  }
}
