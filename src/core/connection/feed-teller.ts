import type { Clock } from '../clock.ts'
import type { GapCause, MarketEvent, StatusState } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import type { Channel } from '../pipeline/channel.ts'
import { LineTeller } from '../pipeline/line-teller.ts'
import type { Checkpoint, LineState } from '../pipeline/source.ts'
import { CoverageTeller } from './coverage.ts'
import { GapTracker } from './gaps.ts'

export interface FeedTellerOptions {
  readonly symbols: readonly string[]
  readonly sessions: Sessions
  readonly clock: Clock
  /** What the store has of this source, for the gaps since; with it coverage is told too. */
  readonly checkpoints?: readonly Checkpoint[] | undefined
}

/** What a live feed says in its stream: its events with the gaps among them, how far it was heard, how its line is. */
export class FeedTeller {
  readonly gaps: GapTracker
  readonly coverage: CoverageTeller | undefined
  readonly #name: string
  readonly #clock: Clock
  readonly #channel: Channel<MarketEvent>
  readonly #line: LineTeller
  /** Local time of the last data, of the opening of a connection without any. */
  #dataAt = 0

  constructor(name: string, channel: Channel<MarketEvent>, options: FeedTellerOptions) {
    const { symbols, sessions, clock, checkpoints } = options
    this.#name = name
    this.#clock = clock
    this.#channel = channel
    this.#line = new LineTeller(name, clock)
    const reached = checkpoints?.filter(({ source }) => source === name)
    this.gaps = new GapTracker(name, sessions, reached)
    this.watch(symbols)
    if (checkpoints) this.coverage = new CoverageTeller(name, this.gaps, clock, (coverage) => channel.push(coverage))
  }

  get line(): LineState {
    return this.#line.state
  }

  /** These symbols are subscribed now. */
  watch(symbols: readonly string[]): void {
    this.gaps.watch(symbols, this.#clock.now())
  }

  /** A connection has opened at local time `now`. */
  opened(now: number): void {
    this.#dataAt = now
    this.gaps.up(now)
    this.coverage?.opened()
  }

  /** The subscription works. */
  up(detail: string): void {
    this.#line.up()
    this.status('up', detail)
  }

  /** Data came at local time `now`. */
  data(events: MarketEvent[], now: number): void {
    this.#dataAt = now
    this.#channel.pushAll(this.gaps.mark(events))
  }

  /** There is no connection, because of `detail`. */
  away(detail: string): void {
    this.coverage?.lost()
    this.#line.lost(detail)
  }

  /** What came after local time `since`, up to which the connection is known to have worked, is a gap. */
  lost(cause: GapCause, since: number): void {
    this.gaps.lost(cause, since, Math.min(since, this.#dataAt))
  }

  status(state: StatusState, detail: string, symbol: string | null = null): void {
    const timestamp = this.#clock.now()
    this.#channel.push({ type: 'status', source: this.#name, symbol, state, timestamp, detail })
  }

  /** Nothing more comes. */
  ended(): void {
    const now = this.#clock.now()
    this.#line.lost('the feed has ended')
    this.#channel.pushAll(this.gaps.end(now))
    this.coverage?.ended(now)
  }
}
