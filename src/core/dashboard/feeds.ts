import type { MarketEvent, Status, Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import type { Checkpoint } from '../pipeline/source.ts'
import { sanitise } from '../terminal/sanitise.ts'
import type { FeedState } from './protocol.ts'
import { Rate } from './rate.ts'

/** Longest text that is shown. */
const LONGEST = 300
/** A store into which nothing is committed for this long has no recorder. */
const SILENT = 2 * MINUTE
/** Most feeds that are told apart. */
const MOST = 16

interface Feed {
  state: Status['state']
  detail: string
  since: number
  lag: number | null
  ticks: number
  rejected: number
  gaps: number
  rate: Rate
  /** Present at the newest sign of it. */
  heardAt: number
  /** Whether it has told a state of its own; what is recorded tells none. */
  isTold: boolean
  /** Whether it has told how far it was heard, which it does as long as there is trading: then it is silent only when it is away. */
  isCovered: boolean
  /** Whether a recorder goes on committing it; null where none is watched. */
  isRecording: boolean | null
}

type Told = Pick<FeedState, 'state' | 'detail' | 'since'>

/** State, lag, rate and counts of each feed of a source. */
export class Feeds {
  readonly #sessions: Sessions
  readonly #feeds = new Map<string, Feed>()
  /** Name of what the others come through, a queue or a store; null where each has a line of its own. */
  carrier: string | null = null
  /** Version of the newest change of a state; rates and counts change all the time. */
  changed = 0

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  apply(event: MarketEvent, version: number, present: number): void {
    if (event.type === 'quote') return
    // A clock that events tell has no time before the first trade.
    const now = Number.isFinite(present) ? present : timeOf(event)
    const feed = this.#of(event.source, version, now)
    if (feed === null) return
    feed.heardAt = event.type === 'coverage' ? Math.max(feed.heardAt, event.timestamp) : now
    if (event.type === 'coverage') feed.isCovered = true
    if (event.type === 'tick') tick(feed, event, now)
    else if (event.type === 'status') this.#status(feed, event, version)
    else if (event.type === 'rejected') feed.rejected++
    else if (event.type === 'gap') feed.gaps++
  }

  /**
   * What has been committed of each feed: the times of its trades do not tell whether it is being recorded, simulated ones
   * least of all.
   * @param wall the wall clock, epoch ms
   */
  committed(checkpoints: readonly Checkpoint[], wall: number): void {
    for (const [name, feed] of this.#feeds) {
      feed.isRecording = checkpoints.some(({ source, committed_at }) => source === name && wall - committed_at < SILENT)
    }
  }

  /** Every feed has ended, for this reason; none where it was over. @param name of the source, for where none was ever heard */
  end(name: string, detail: string, version: number, present: number): void {
    const now = Number.isFinite(present) ? present : 0
    if (this.#feeds.size === 0) this.#of(name, version, now)
    for (const feed of this.#feeds.values()) this.#tell(feed, { state: 'ended', detail, timestamp: now }, version)
  }

  /** @param isRecorded whether a recorder's store is read, which tells no states */
  states(now: number, isRecorded: boolean): FeedState[] {
    const carrier = this.carrier === null ? undefined : this.#feeds.get(this.carrier)
    return [...this.#feeds].map(([name, feed]) => {
      const own = isRecorded && !feed.isTold ? recorded(feed, now) : stateOf(feed)
      const carries = feed === carrier
      const told = carrier === undefined || carries ? own : this.#carried(own, carrier, isRecorded ? null : feed, now)
      // The time of a replay stands still when nothing comes, and its last seconds with it.
      const rate = told.state === 'ended' || told.state === 'lost' ? 0 : feed.rate.perSecond(now)
      const { lag, ticks, rejected, gaps } = feed
      return { source: shown(name), ...told, lag, rate, ticks, rejected, gaps, carries }
    })
  }

  /**
   * What comes through something else is no better than that, whatever it told last.
   * @param feed of which nothing else tells that it is away; null where something does
   */
  #carried(own: Told, carrier: Feed, feed: Feed | null, now: number): Told {
    if (own.state !== 'up') return own
    if (carrier.state !== 'up') return stateOf(carrier)
    if (feed === null || !feed.isCovered || this.#sessions.tradingTime(feed.heardAt, now) < SILENT) return own
    return { state: 'lost', detail: 'nothing comes: ask its recorder (hkq monitor --once)', since: feed.heardAt }
  }

  #of(name: string, version: number, now: number): Feed | null {
    const known = this.#feeds.get(name)
    if (known !== undefined) return known
    if (this.#feeds.size >= MOST) return null
    const counts = { lag: null, ticks: 0, rejected: 0, gaps: 0, rate: new Rate(), heardAt: now }
    const feed: Feed = {
      state: 'up',
      detail: '',
      since: now,
      ...counts,
      isTold: false,
      isCovered: false,
      isRecording: null,
    }
    this.#feeds.set(name, feed)
    this.changed = version
    return feed
  }

  /** A warning leaves the state as it is; that of a symbol is the symbol's. */
  #status(feed: Feed, status: Status, version: number): void {
    if (status.state === 'warning') this.#tell(feed, { ...status, state: feed.state, timestamp: feed.since }, version)
    else if (status.symbol === null) this.#tell(feed, status, version)
  }

  /** The same state told again, as by each attempt that fails, has lasted since it was told first. */
  #tell(
    feed: Feed,
    { state, detail, timestamp }: Pick<Status, 'state' | 'detail' | 'timestamp'>,
    version: number,
  ): void {
    const since = feed.isTold && feed.state === state ? feed.since : timestamp
    Object.assign(feed, { state, detail: shown(detail), since, isTold: true })
    this.changed = version
  }
}

function tick(feed: Feed, { timestamp, received_at }: Tick, now: number): void {
  feed.ticks++
  feed.rate.add(now)
  if (received_at !== null) feed.lag = received_at - timestamp
}

function stateOf({ state, detail, since }: Feed): Told {
  return { state, detail, since }
}

/** A store's feed is up while something is recorded. */
function recorded(feed: Feed, now: number): Told {
  if (feed.isRecording ?? now - feed.heardAt < SILENT) return stateOf(feed)
  return { state: 'ended', detail: 'nothing is being recorded', since: feed.heardAt }
}

function timeOf(event: MarketEvent): number {
  return event.type === 'gap' ? event.to : (event.timestamp ?? 0)
}

function shown(text: string): string {
  return sanitise(text.slice(0, LONGEST))
}
