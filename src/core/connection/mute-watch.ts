import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { formatClock } from '../market/time.ts'
import type { Inquiry } from '../pipeline/inquiry.ts'
import { type Mute, Silence } from './silence.ts'

/** Least time between two questions about silent symbols, ms; each is one batched call. */
const ASK_EVERY = 35_000
const LOOK_EVERY = 1_000
/** How long a connection without any data waits for the vendor's word before it is given up, ms. */
const OPINION_WITHIN = 4_000

/** Nothing was traded that should have come, or something was; null where the vendor has no word on it. */
export type Opinion = 'quiet' | 'mute' | null

export interface MuteWatchOptions {
  readonly inquiry: Pick<Inquiry, 'latestTrades'>
  readonly sessions: Sessions
  readonly clock: Clock
  /** Whether what comes is read, and nothing is in doubt. */
  readonly isReading: () => boolean
  /** Trades of this symbol do not come. */
  readonly mute: (symbol: string) => void
  readonly warning: (detail: string, symbol?: string) => void
  readonly subscribeAgain: () => void
  /** Ends the connection. */
  readonly giveUp: (detail: string) => void
}

/**
 * Asks the vendor for the latest trades of symbols that are silent, so that a mute one is found and a quiet one left alone.
 * A question that fails proves nothing: it is asked again later, and told once until one is answered.
 */
export class MuteWatch {
  readonly #options: MuteWatchOptions
  readonly #silence: Silence
  /** Of the connection that is open. */
  #life = new AbortController()
  /** Monotonic time of the last question. */
  #askedAt = Number.NEGATIVE_INFINITY
  #isFailing = false

  constructor(options: MuteWatchOptions) {
    this.#options = options
    this.#silence = new Silence(options.sessions)
  }

  watch(symbols: readonly string[]): void {
    this.#silence.watch(symbols, this.#options.clock.monotonic())
  }

  /** A connection has opened: watches until `closed`. */
  opened(): void {
    const { clock } = this.#options
    this.#life = new AbortController()
    this.#silence.opened(clock.now(), clock.monotonic())
    void this.#run(this.#life.signal)
  }

  closed(): void {
    this.#life.abort()
  }

  /** Time went by unseen. */
  lapsed(): void {
    this.#silence.restart(this.#options.clock.monotonic())
  }

  heard(events: readonly MarketEvent[]): void {
    const { clock } = this.#options
    const [now, at] = [clock.now(), clock.monotonic()]
    for (const event of events) if (event.type === 'tick') this.#silence.heard(event, now, at)
  }

  /**
   * The vendor's opinion of a connection without any data. Unless it is that of a quiet market, what may be on its way
   * gets the rest of 4 s to come.
   */
  async opinion(): Promise<Opinion> {
    const answered = new AbortController()
    const limit = this.#options.clock.sleep(OPINION_WITHIN, AbortSignal.any([this.#life.signal, answered.signal]))
    const opinion = await Promise.race([this.#ask(this.#silence.symbols), limit.then(() => null)])
    if (opinion === 'quiet') answered.abort()
    await limit
    return opinion
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, isReading } = this.#options
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY, signal)
      if (signal.aborted) return
      const at = clock.monotonic()
      if (!isReading()) this.#silence.restart(at)
      const mute = this.#silence.mute(at)
      if (mute.length > 0) this.#remedy(mute)
      if (at - this.#askedAt < ASK_EVERY) continue
      const due = this.#silence.due(clock.now(), at)
      if (due.length > 0) await this.#ask(due)
    }
  }

  /** Asks for everything again; when that did not bring a symbol, connects again, once until it is heard. */
  #remedy(mute: readonly Mute[]): void {
    const { mute: tell, warning, subscribeAgain, giveUp } = this.#options
    const isStill = mute.some(({ times }) => times === 2)
    for (const { symbol, trade } of mute) {
      tell(symbol)
      const what = `${symbol} is mute: what was traded at ${formatClock(trade.time)} did not come`
      warning(`${what}; ${isStill ? 'connecting' : 'subscribing'} again`, symbol)
    }
    if (isStill) giveUp('symbols stay mute on this connection')
    else subscribeAgain()
  }

  /** Asks about these symbols. */
  async #ask(symbols: readonly string[]): Promise<Opinion> {
    const { clock, inquiry, warning } = this.#options
    const { signal } = this.#life
    this.#askedAt = clock.monotonic()
    try {
      const trades = await inquiry.latestTrades(symbols)
      this.#isFailing = false
      if (signal.aborted) return null
      const isQuiet = this.#silence.answered(symbols, trades, clock.now(), clock.monotonic())
      return isQuiet ? 'quiet' : trades.length > 0 ? 'mute' : null
    } catch (error) {
      if (signal.aborted) return null
      this.#silence.unanswered(symbols, clock.now(), clock.monotonic())
      if (!this.#isFailing) warning(`silent symbols cannot be asked about: ${messageOf(error)}`)
      this.#isFailing = true
      return null
    }
  }
}
