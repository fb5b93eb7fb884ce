import type { Clock } from '../../clock.ts'
import { HkqError, messageOf } from '../../errors.ts'
import type { GapCause, MarketEvent } from '../../market/event.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { Sessions } from '../../market/session.ts'
import { formatDate } from '../../market/time.ts'
import { Channel } from '../../pipeline/channel.ts'
import type { Checkpoint, LineState, Source } from '../../pipeline/source.ts'
import { ClockWatch, SLICE, UNSEEN } from '../clock-watch.ts'
import { FeedTeller } from '../feed-teller.ts'
import { untilLeft } from '../leaving.ts'
import { Retries } from '../retries.ts'
import { Watchdog } from '../watchdog.ts'
import { factsFrom } from './facts.ts'
import { LongbridgeMarket } from './market.ts'
import { LongbridgeRequests } from './requests.ts'
import type { QuoteContext } from './sdk.ts'

const NAME = 'longbridge'
/** Symbols that one connection may subscribe. */
const MAX_SYMBOLS = 500
/** Least time between two attempts, and the longest; the SDK itself tries its connection again after 2 s. */
const RECONNECT = { floorMs: 3_000, capMs: 30_000 }
const UNSEEN_TIME = 'the machine slept or a clock was set'
const REMEDY = "check the network, or the account's quote rights"

export interface LongbridgeFeedOptions {
  readonly symbols: readonly string[]
  /** Levels of the book delivered as quotes, 0 for none. */
  readonly depth?: number
  readonly sessions: Sessions
  readonly clock: Clock
  /** Uniform in [0, 1): the jitter of the back-off. */
  readonly random: () => number
  readonly signal: AbortSignal
  readonly maxRetries?: number
  /** What the store has of this source; with it the feed also delivers its coverage. */
  readonly checkpoints?: readonly Checkpoint[]
}

type Read = (now: number, out: MarketEvent[]) => void

/** @throws HkqError E_USAGE for more symbols than a connection carries */
export function checkCount(symbols: readonly string[]): void {
  if (symbols.length <= MAX_SYMBOLS) return
  throw new HkqError(
    'E_USAGE',
    `"${symbols.length}" symbols, but one connection of ${NAME} carries ${MAX_SYMBOLS}: ask for fewer`,
  )
}

/**
 * A connection that the SDK makes again by itself without telling. A silence that is too long for a market that trades, and
 * time that went by unseen, are judged as losses; then the subscription is asked for again, whose answer proves a connection.
 */
export class LongbridgeFeed implements Source {
  readonly kind = 'live'
  readonly name = NAME
  readonly clock: Clock
  readonly #context: QuoteContext
  readonly #scrub: (text: string) => string
  readonly #options: LongbridgeFeedOptions
  readonly #stop = new AbortController()
  readonly #channel = new Channel<MarketEvent>()
  readonly #market: LongbridgeMarket
  readonly #requests: LongbridgeRequests
  readonly #teller: FeedTeller
  readonly #watchdog: Watchdog
  readonly #retries: Retries
  readonly #clocks: ClockWatch
  #symbols: readonly string[]
  #isUp = false
  #hasData = false
  /** Local time before the time that went by unseen, until that is told as a loss; else null. */
  #doubtedSince: number | null = null
  /** Aborts when the subscription is to be asked for again. */
  #again = new AbortController()

  constructor(context: QuoteContext, scrub: (text: string) => string, options: LongbridgeFeedOptions) {
    const { symbols, depth = 0, sessions, clock } = options
    this.clock = clock
    this.#context = context
    this.#scrub = scrub
    this.#options = options
    this.#symbols = symbols
    this.#teller = new FeedTeller(NAME, this.#channel, options)
    this.#market = new LongbridgeMarket(sessions, depth)
    this.#requests = new LongbridgeRequests(context, scrub)
    this.#watchdog = new Watchdog(sessions)
    this.#retries = new Retries({ ...options, vendor: { name: NAME, reconnect: RECONNECT }, remedy: REMEDY })
    this.#clocks = new ClockWatch(clock)
  }

  subscribe(symbols: readonly string[]): void {
    checkCount(symbols)
    this.#symbols = symbols
    this.#teller.watch(symbols)
    this.#again.abort()
  }

  lines(): readonly LineState[] {
    return [this.#teller.line]
  }

  instruments(): Promise<readonly Instrument[]> {
    return factsFrom(this.#context, this.#symbols, formatDate(this.clock.now()))
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly MarketEvent[]> {
    return untilLeft(this.#channel, this.#run(), this.#stop)
  }

  /** Subscribe, watch until that is to be done again, again. A failure goes down the channel. */
  async #run(): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal])
    signal.addEventListener('abort', () => this.#again.abort(), { once: true })
    this.#listen()
    this.#clocks.look()
    void this.#watchClocks(signal)
    try {
      while (!signal.aborted) {
        this.#again = new AbortController()
        this.#retries.connecting()
        const failure = await this.#requests.subscribe(this.#symbols, signal)
        if (signal.aborted) break
        if (failure === null) {
          this.#answered()
          await this.#watch(this.#again.signal)
        } else await this.#retries.wait(this.#failed(failure), signal)
      }
      this.#finish()
      this.#channel.close()
      this.#requests.leave()
    } catch (error) {
      this.#finish()
      this.#channel.fail(error)
    } finally {
      this.#stop.abort()
    }
  }

  #listen(): void {
    const heard =
      <E>(read: (event: E, now: number, out: MarketEvent[]) => void) =>
      (error: Error | null, event: E): void => {
        if (error === null) this.#heard((now, out) => read(event, now, out))
        else this.#teller.status('warning', this.#scrub(messageOf(error)))
      }
    this.#context.setOnTrades(heard((event, now, out) => this.#market.trades(event, now, out)))
    this.#context.setOnDepth(heard((event, now, out) => this.#market.depth(event, now, out)))
    this.#context.setOnQuote(heard((event, now, out) => this.#market.status(event, now, out)))
  }

  #heard(read: Read): void {
    this.#look()
    const { now, at } = this.#clocks
    let events = this.#eventsOf(read, now)
    const since = this.#doubtedSince
    if (since !== null && events.some((event) => isAfter(event, since))) {
      this.#unseen()
      // without what the market was known to be before
      events = this.#eventsOf(read, now)
    }
    this.#watchdog.data(now, at)
    this.#hasData = true
    this.#retries.delivered()
    this.#teller.data(events, now)
    if (this.#isUp) this.#teller.coverage?.heard(() => this.#doubtedSince !== null)
  }

  /** Nothing that a push holds may throw into the SDK. */
  #eventsOf(read: Read, now: number): MarketEvent[] {
    const events: MarketEvent[] = []
    try {
      read(now, events)
    } catch (error) {
      this.#teller.status('warning', `a push that cannot be read: ${this.#scrub(messageOf(error))}`)
    }
    return events
  }

  /** The subscription was accepted. */
  #answered(): void {
    this.#look()
    if (this.#doubtedSince !== null) this.#unseen()
    const { now, at } = this.#clocks
    this.#hasData = false
    this.#watchdog.restart(at)
    if (!this.#isUp) {
      this.#isUp = true
      this.#teller.opened(now)
      this.#teller.up(`symbols: ${this.#symbols.length}`)
    }
    void this.#askStatus()
  }

  /** Of a security that does not trade nothing is pushed: its status is asked for. */
  async #askStatus(): Promise<void> {
    const events: MarketEvent[] = []
    for (const { symbol, tradeStatus } of await this.#requests.statuses()) {
      this.#market.status({ symbol, data: { tradeStatus } }, this.clock.now(), events)
    }
    this.#channel.pushAll(events)
  }

  /** Waits until nothing came for too long while the market trades, or `ends` comes first. */
  async #watch(ends: AbortSignal): Promise<void> {
    while (!ends.aborted) {
      const now = this.clock.now()
      const remaining = this.#watchdog.remaining(now, this.clock.monotonic())
      if (remaining <= 0) {
        if (!this.#hasData) this.#watchdog.broughtNothing()
        this.#lost('stale', now, 'no data for too long while the market trades; asking for the subscription again')
        return
      }
      await this.clock.sleep(remaining, ends)
    }
  }

  async #watchClocks(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(SLICE, signal)
      this.#look()
    }
  }

  /** Looks at both clocks: while time went by unseen the connection may have been another one. */
  #look(): void {
    const since = this.#clocks.look()
    if (since === null) return
    this.#teller.gaps.clockChanged()
    this.#watchdog.restart(this.#clocks.at)
    if (!this.#isUp) return
    this.#doubtedSince ??= since
    this.#again.abort()
  }

  /** What was received before the time that went by unseen has come: what comes now may come after a hole. */
  #unseen(): void {
    this.#lost('disconnect', this.#doubtedSince!, `${UNSEEN_TIME}; asking for the subscription again`)
  }

  /** @returns milliseconds to wait @throws HkqError E_NETWORK when the retries are exhausted */
  #failed(words: string): number {
    this.#loses('disconnect', this.#doubtedSince ?? this.clock.now(), words)
    const wait = this.#retries.lost(words)
    this.#teller.status('lost', `${words}; next try in ${(wait / 1_000).toFixed(1)} s`)
    return wait
  }

  /** @param at local time up to which the connection is known to have worked */
  #lost(cause: GapCause, at: number, detail: string): void {
    this.#loses(cause, at, detail)
    this.#teller.status('lost', detail)
  }

  #loses(cause: GapCause, at: number, detail: string): void {
    if (this.#isUp) {
      this.#teller.lost(cause, at)
      // what comes from now on is another connection's, the SDK's own or ours
      this.#market.reconnected()
    }
    this.#isUp = false
    this.#doubtedSince = null
    this.#teller.away(detail)
  }

  #finish(): void {
    if (this.#doubtedSince !== null) this.#loses('disconnect', this.#doubtedSince, UNSEEN_TIME)
    this.#teller.ended()
  }
}

/** Whether a trade was made after the time that went by unseen had begun. */
function isAfter(event: MarketEvent, since: number): boolean {
  return event.type === 'tick' && event.timestamp > since + UNSEEN
}
