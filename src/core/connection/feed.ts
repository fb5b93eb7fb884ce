import type { Clock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { Channel } from '../pipeline/channel.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import type { Checkpoint, LineState, Source } from '../pipeline/source.ts'
import { Endpoints } from './endpoints.ts'
import { FeedTeller } from './feed-teller.ts'
import type { Gate } from './gate.ts'
import { untilLeft } from './leaving.ts'
import { Link, type LinkEnd } from './link.ts'
import { MuteWatch } from './mute-watch.ts'
import { Retries } from './retries.ts'
import { redactUrl } from './secret.ts'
import { checkEndpoint, type OpenSocket, openSocket as openNetworkSocket } from './socket.ts'
import { Subscription } from './subscription.ts'
import type { Vendor } from './vendor.ts'
import { Watchdog } from './watchdog.ts'

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
  /** Asked about silent symbols; absent: a mute one is not told from a quiet one. */
  readonly inquiry?: Pick<Inquiry, 'latestTrades'> | undefined
  /** The pace of the requests of all connections with this vendor's secret; absent: this is the only one. */
  readonly shared?: Gate
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
  readonly #teller: FeedTeller
  readonly #watchdog: Watchdog
  readonly #retries: Retries
  #endpoints: Endpoints
  readonly #mutes: MuteWatch | undefined
  #link: Link | undefined

  constructor(vendor: Vendor, options: FeedOptions) {
    const { symbols, depth, sessions, clock, capacity, inquiry } = options
    this.name = vendor.name
    this.clock = clock
    this.#vendor = vendor
    this.#options = options
    this.#channel = new Channel(capacity, () => this.#resume())
    this.#subscription = new Subscription(vendor, symbols, depth)
    this.#teller = new FeedTeller(vendor.name, this.#channel, options)
    this.#watchdog = new Watchdog(sessions)
    this.#retries = new Retries({ ...options, vendor })
    this.#endpoints = new Endpoints(vendor.endpoints)
    if (inquiry === undefined) return
    this.#mutes = new MuteWatch({
      ...{ inquiry, sessions, clock },
      isReading: () => this.#link?.isPaused === false && this.#link.doubtedSince === null,
      mute: (symbol) => this.#teller.gaps.mute(symbol, clock.now()),
      warning: (detail, symbol) => this.#teller.status('warning', detail, symbol),
      subscribeAgain: () => this.#link?.subscribeAgain(),
      giveUp: (detail) => this.#link?.giveUp(detail),
    })
    this.#mutes.watch(symbols)
  }

  subscribe(symbols: readonly string[]): void {
    checkCount(this.#vendor, symbols)
    this.#subscription.replace(symbols)
    this.#watch()
    this.#link?.subscribe()
  }

  lines(): readonly LineState[] {
    return [this.#teller.line]
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly MarketEvent[]> {
    return untilLeft(this.#channel, this.#run(), this.#stop)
  }

  /** The loop: connect, wait for the end, judge it, wait, again. Never rejects: a failure goes down the channel. */
  async #run(): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal])
    try {
      while (!signal.aborted) {
        const end = await this.#connect(signal)
        if (signal.aborted && end.since !== undefined) this.#teller.lost(end.cause, end.since)
        if (signal.aborted) break
        if (end.error !== undefined) throw end.error
        if (this.#options.maxRetries === 0 && end.code === 1000) break
        await this.#retries.wait(this.#lost(end), signal)
        if (this.#vendor.endpointsNow) this.#endpoints = new Endpoints(await this.#vendor.endpointsNow())
      }
      this.#teller.ended()
      this.#channel.close()
    } catch (error) {
      this.#teller.ended()
      this.#channel.fail(error)
    }
  }

  async #connect(signal: AbortSignal): Promise<LinkEnd> {
    const {
      sessions,
      depth,
      onBytes,
      proxyFor = () => undefined,
      openSocket = openNetworkSocket,
      shared,
    } = this.#options
    const endpoint = this.#endpoints.best()
    const startedAt = this.clock.monotonic()
    this.#retries.connecting()
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
        shared,
        opinion: this.#mutes && (() => this.#mutes!.opinion()),
      },
      {
        opened: () => {
          this.#endpoints.opened(endpoint, this.clock.monotonic() - startedAt)
          this.#teller.opened(this.clock.now())
          this.#mutes?.opened()
        },
        up: () => {
          this.#teller.up(`${redactUrl(endpoint)}, symbols: ${this.#subscription.active.length}`)
        },
        data: (events) => {
          if (!hasData) this.#healthy(endpoint)
          hasData = true
          this.#mutes?.heard(events)
          this.#teller.data(events, this.clock.now())
          if (this.#hasRoom()) this.#cover()
        },
        junk: (events) => {
          this.#channel.pushAll(events)
          this.#hasRoom()
        },
        alive: (sentAt) => {
          this.#teller.coverage?.answered(sentAt)
          this.#cover()
        },
        lapsed: () => {
          this.#teller.gaps.clockChanged()
          this.#mutes?.lapsed()
        },
        dropped: ({ symbol, detail }) => {
          this.#watch()
          this.#teller.status('warning', detail, symbol)
        },
        warning: (detail) => this.#teller.status('warning', detail),
      },
      signal,
    )
    this.#link = link
    const end = await link.ended
    this.#link = undefined
    this.#mutes?.closed()
    this.#endpoints.failed(endpoint)
    if (end.cause === 'stale' && !hasData && !end.isProven) this.#watchdog.broughtNothing()
    return end
  }

  /** First data of a connection. */
  #healthy(endpoint: string): void {
    this.#endpoints.delivered(endpoint)
    this.#retries.delivered()
  }

  #watch(): void {
    const { active } = this.#subscription
    this.#teller.watch(active)
    this.#mutes?.watch(active)
  }

  /** Whether there is room for more; where not, the socket is read no further. */
  #hasRoom(): boolean {
    if (!this.#channel.full) return true
    this.#link?.pause()
    this.#teller.coverage?.paused()
    return false
  }

  #resume(): void {
    this.#teller.coverage?.resumed()
    this.#link?.resume()
  }

  #cover(): void {
    this.#teller.coverage?.heard(() => this.#link?.doubtedSince !== null)
  }

  /**
   * Tells of a loss or a failed attempt.
   * @returns milliseconds to wait before the next one
   * @throws HkqError E_NETWORK when the retries are exhausted
   */
  #lost({ cause, detail, since = this.clock.now() }: LinkEnd): number {
    this.#teller.lost(cause, since)
    this.#teller.away(detail)
    const wait = this.#retries.lost(detail)
    this.#teller.status('lost', `${detail}; next try in ${(wait / 1_000).toFixed(1)} s`)
    return wait
  }
}
