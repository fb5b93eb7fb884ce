import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { MarketEvent, StatusState } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Sessions } from '../market/session.ts'
import { toShort } from '../market/symbol.ts'
import { formatDate } from '../market/time.ts'
import { Channel } from '../pipeline/channel.ts'
import type { Checkpoint, Source } from '../pipeline/source.ts'
import { Backoff } from './backoff.ts'
import { GapTracker } from './gaps.ts'
import { factsFrom } from './longbridge/facts.ts'
import { LongbridgeMarket } from './longbridge/market.ts'
import { refusalIn } from './longbridge/refusal.ts'
import { loadSdk, type QuoteContext, type Sdk, SUB_TYPE } from './longbridge/sdk.ts'
import { scrubber } from './secret.ts'
import { Watchdog } from './watchdog.ts'

const NAME = 'longbridge'
const TYPES = [SUB_TYPE.quote, SUB_TYPE.depth, SUB_TYPE.trade]
/** Symbols that one connection may subscribe. */
const MAX_SYMBOLS = 500
/** Least time between two attempts, and the longest; the SDK itself tries its connection again after 2 s. */
const ATTEMPTS = { floorMs: 3_000, capMs: 30_000 }
const COVERAGE_EVERY = 1_000
const ARRIVAL = 2_000
export interface LongbridgeOptions {
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
  readonly longbridge?: () => { appKey?: string; appSecret?: string; accessToken?: string }
  /** Default: the installed package. */
  readonly load?: () => Promise<Sdk>
}

/**
 * Longbridge's live feed through its official SDK, which is loaded here and nowhere else. The SDK connects again by
 * itself and does not tell of it: a silence that is too long for a market that trades is judged as a loss, and the
 * subscription is asked for again, whose answer proves a connection.
 * @throws HkqError E_TOKEN without credentials, E_USAGE without the package or beyond 500 symbols; while iterated: E_TOKEN
 *   when they are refused, E_NETWORK when the retries are exhausted
 */
export async function openLongbridge(options: LongbridgeOptions): Promise<Source> {
  const { appKey, appSecret, accessToken } = options.longbridge?.() ?? {}
  if (!appKey || !appSecret || !accessToken) {
    throw new HkqError(
      'E_TOKEN',
      'no Longbridge credentials: set LONGBRIDGE_APP_KEY, LONGBRIDGE_APP_SECRET and LONGBRIDGE_ACCESS_TOKEN',
    )
  }
  checkCount(options.symbols)
  const sdk = await (options.load ?? loadSdk)()
  const scrub = scrubber([], { appKey, appSecret, accessToken })
  const config = sdk.Config.fromApikey(appKey, appSecret, accessToken, { enablePrintQuotePackages: false })
  return new LongbridgeFeed(sdk.QuoteContext.new(config), scrub, options)
}

function checkCount(symbols: readonly string[]): void {
  if (symbols.length <= MAX_SYMBOLS) return
  throw new HkqError(
    'E_USAGE',
    `"${symbols.length}" symbols, but one connection of ${NAME} carries ${MAX_SYMBOLS}: ask for fewer`,
  )
}

class LongbridgeFeed implements Source {
  readonly kind = 'live'
  readonly name = NAME
  readonly clock: Clock
  readonly #context: QuoteContext
  readonly #scrub: (text: string) => string
  readonly #options: LongbridgeOptions
  readonly #stop = new AbortController()
  readonly #channel = new Channel<MarketEvent>()
  readonly #market: LongbridgeMarket
  readonly #gaps: GapTracker
  readonly #watchdog: Watchdog
  readonly #backoff: Backoff
  #symbols: readonly string[]
  #subscribed: readonly string[] = []
  #isUp = false
  #hasData = false
  #failures = 0
  #coveredAt = Number.NEGATIVE_INFINITY
  #changed = new AbortController()

  constructor(context: QuoteContext, scrub: (text: string) => string, options: LongbridgeOptions) {
    const { symbols, depth = 0, sessions, clock, random, checkpoints = [] } = options
    this.clock = clock
    this.#context = context
    this.#scrub = scrub
    this.#options = options
    this.#symbols = symbols
    this.#market = new LongbridgeMarket(sessions, depth)
    this.#watchdog = new Watchdog(sessions)
    this.#backoff = new Backoff(ATTEMPTS, random)
    this.#gaps = new GapTracker(
      NAME,
      sessions,
      checkpoints.filter(({ source }) => source === NAME),
    )
    this.#gaps.watch(symbols, clock.now())
  }

  subscribe(symbols: readonly string[]): void {
    checkCount(symbols)
    this.#symbols = symbols
    this.#gaps.watch(symbols, this.clock.now())
    this.#changed.abort()
  }

  instruments(): Promise<readonly Instrument[]> {
    return factsFrom(this.#context, this.#symbols, formatDate(this.clock.now()))
  }

  /** Leaving takes effect at once, even while `next` is pending. */
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

  /** Subscribe, watch until the silence is too long or the symbols change, again. A failure goes down the channel. */
  async #run(): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal])
    this.#listen()
    try {
      while (!signal.aborted) {
        this.#changed = new AbortController()
        const failure = await this.#ask(signal)
        if (signal.aborted) break
        if (failure !== null) await this.clock.sleep(this.#failed(failure), signal)
        else if (await this.#isSilent(AbortSignal.any([signal, this.#changed.signal]))) this.#lost()
      }
      this.#finish()
      this.#channel.close()
      this.#context.unsubscribe([...this.#subscribed], TYPES).catch(() => {})
    } catch (error) {
      this.#finish()
      this.#channel.fail(error)
    }
  }

  #listen(): void {
    const heard =
      <E>(read: (event: E, now: number, out: MarketEvent[]) => void) =>
      (error: Error | null, event: E): void => {
        if (error === null) this.#heard((now, out) => read(event, now, out))
        else this.#tell('warning', this.#scrub(messageOf(error)))
      }
    this.#context.setOnTrades(heard((event, now, out) => this.#market.trades(event, now, out)))
    this.#context.setOnDepth(heard((event, now, out) => this.#market.depth(event, now, out)))
    this.#context.setOnQuote(heard((event, now, out) => this.#market.status(event, now, out)))
  }

  /** Nothing that a push holds may throw into the SDK. */
  #heard(read: (now: number, out: MarketEvent[]) => void): void {
    const now = this.clock.now()
    const events: MarketEvent[] = []
    try {
      read(now, events)
    } catch (error) {
      this.#tell('warning', `a push that cannot be read: ${this.#scrub(messageOf(error))}`)
    }
    this.#watchdog.data(now, this.clock.monotonic())
    this.#hasData = true
    this.#failures = 0
    this.#backoff.reset()
    this.#channel.pushAll(this.#gaps.mark(events))
    this.#cover()
  }

  /** Asks for the whole subscription. @returns why it failed, null when it did not */
  async #ask(signal: AbortSignal): Promise<string | null> {
    const wanted = this.#symbols
    const codes = wanted.map(toShort)
    const left = this.#subscribed.filter((code) => !codes.includes(code))
    this.#backoff.connecting(this.clock.monotonic())
    try {
      if (left.length > 0) await until(this.#context.unsubscribe(left, TYPES), signal)
      if (codes.length > 0) await until(this.#context.subscribe(codes, TYPES), signal)
    } catch (error) {
      const words = this.#scrub(messageOf(error))
      const refusal = refusalIn(words)
      if (refusal !== null) throw refusal
      return words
    }
    if (signal.aborted) return null
    this.#subscribed = codes
    this.#hasData = false
    this.#watchdog.restart(this.clock.monotonic())
    if (!this.#isUp) {
      this.#isUp = true
      this.#market.reconnected()
      this.#gaps.up(this.clock.now())
      this.#tell('up', `symbols: ${codes.length}`)
    }
    void this.#askStatus(codes)
    return null
  }

  /** Of a security that does not trade nothing is pushed: its status is asked for. */
  async #askStatus(codes: readonly string[]): Promise<void> {
    const quotes = await this.#context.quote([...codes]).catch(() => [])
    const events: MarketEvent[] = []
    for (const { symbol, tradeStatus } of quotes) {
      this.#market.status({ symbol, data: { tradeStatus } }, this.clock.now(), events)
    }
    this.#channel.pushAll(events)
  }

  /** Waits until nothing came for too long while the market trades: true; false when `ends` came first. */
  async #isSilent(ends: AbortSignal): Promise<boolean> {
    while (!ends.aborted) {
      const remaining = this.#watchdog.remaining(this.clock.now(), this.clock.monotonic())
      if (remaining <= 0) return true
      await this.clock.sleep(remaining, ends)
    }
    return false
  }

  #lost(): void {
    if (!this.#hasData) this.#watchdog.broughtNothing()
    this.#isUp = false
    this.#gaps.lost('stale', this.clock.now())
    this.#tell('lost', 'no data for too long while the market trades; asking for the subscription again')
  }

  /** @returns milliseconds to wait @throws HkqError E_NETWORK when the retries are exhausted */
  #failed(words: string): number {
    const { maxRetries = Number.POSITIVE_INFINITY } = this.#options
    if (this.#isUp) this.#gaps.lost('disconnect', this.clock.now())
    this.#isUp = false
    this.#failures++
    if (this.#failures > maxRetries) {
      throw new HkqError('E_NETWORK', `${NAME} lost: ${words}: check the network, or the account's quote rights`)
    }
    const wait = this.#backoff.failed(this.clock.monotonic(), ATTEMPTS.capMs)
    this.#tell('lost', `${words}; next try in ${(wait / 1_000).toFixed(1)} s`)
    return wait
  }

  #cover(): void {
    const now = this.clock.monotonic()
    if (now - this.#coveredAt < COVERAGE_EVERY) return
    this.#coveredAt = now
    this.#covered(this.clock.now() - ARRIVAL)
  }

  #covered(timestamp: number): void {
    if (this.#options.checkpoints === undefined) return
    const symbols = this.#gaps.heard(timestamp)
    if (symbols.length > 0) this.#channel.push({ type: 'coverage', source: NAME, symbol: null, symbols, timestamp })
  }

  #finish(): void {
    const now = this.clock.now()
    this.#channel.pushAll(this.#gaps.end(now))
    this.#covered(now)
  }

  #tell(state: StatusState, detail: string): void {
    this.#channel.push({ type: 'status', source: NAME, symbol: null, state, timestamp: this.clock.now(), detail })
  }
}

/** Waits for `work`, or until `signal` aborts. */
function until(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
