import { byTimeAndSeq, type Gap, type GapCause, type MarketEvent, type Seq, type Tick } from '../market/event.ts'
import { openingBefore, type Sessions } from '../market/session.ts'
import { DAY, HOUR, MINUTE } from '../market/time.ts'
import { FeedTime } from '../validation/feed-time.ts'
import { isQuiet, isTraded, missedBy } from './missed.ts'

/** How far the history of one symbol reached before this run. A pipeline Checkpoint is one. */
export interface Reached {
  readonly symbol: string
  /** Exchange time and sequence number of the newest tick; null while there is none. */
  readonly timestamp: number | null
  readonly seq: Seq | null
  /** Local time up to which nothing is missing but what gaps tell, epoch ms. */
  readonly covered_until: number | null
}

/** What is known of one symbol. */
interface Track {
  /** Newest tick delivered or checkpointed; -Infinity before any. */
  timestamp: number
  seq: Seq
  /** Local time up to which nothing is missing but what gaps tell; -Infinity where that is not known. */
  covered: number
  /** What the first tick of the run ends; null once it came. */
  start: 'restart' | 'late_start' | null
  /** Local time from which the symbol was watched, epoch ms; null before the first connection. */
  watched: number | null
  /**
   * The loss since the last tick: local times of the last sign of life before it, and of the last data. One in which trades
   * are known to be missing is one whatever the calendar says.
   */
  loss: { readonly cause: GapCause; readonly at: number; readonly heard: number; readonly isProven?: true } | null
}

/**
 * Writes down the holes of one source, per symbol: after a loss from the last tick delivered to the first one after it
 * (data-model.md); at the start of a run every stretch of session since the checkpoint, or, on a live feed without one,
 * since the opening of the session that is on. A first tick that repeats the last one, or is older, proves an overlap:
 * no gap. A loss while nothing trades, by clock and calendar, is none either, nor a session that was listened to up to its
 * close, whatever traded in it. Pure: times come as arguments.
 */
export class GapTracker {
  readonly #source: string
  readonly #sessions: Sessions
  readonly #tracks = new Map<string, Track>()
  readonly #reached: Map<string, Reached>
  /** Local time of the connect that ended the last loss; null while there is no connection. */
  #upAt: number | null = null
  /** Local time for which `heard` answered last. */
  #heardAt: number | null = null
  /** Whether the local clock goes as it did, as far as the ticks' times tell. */
  #isClockSure = true
  /** Whether the ticks' times are near the clock: the first one's, or any later one's; null before any. */
  #live: boolean | null = null
  readonly #time = new FeedTime()

  constructor(source: string, sessions: Sessions, reached: readonly Reached[] = []) {
    this.#source = source
    this.#sessions = sessions
    this.#reached = new Map(reached.map((entry) => [entry.symbol, entry]))
  }

  /** Exactly these symbols are watched from local time `now` (epoch ms) on; those already watched go on as they are. */
  watch(symbols: readonly string[], now: number): void {
    const kept = new Set(symbols)
    for (const [symbol, { timestamp, seq, covered }] of this.#tracks) {
      if (kept.has(symbol)) continue
      if (timestamp !== NEVER) this.#reached.set(symbol, { symbol, timestamp, seq, covered_until: covered })
      this.#tracks.delete(symbol)
    }
    for (const symbol of symbols) {
      if (this.#tracks.has(symbol)) continue
      const reached = this.#reached.get(symbol)
      const timestamp = reached?.timestamp ?? NEVER
      // What lies far ahead was written by a clock that went wrong.
      const until = reached?.covered_until ?? NEVER
      const covered = until > now + HOUR ? NEVER : until
      const start = startOf(timestamp, covered)
      const watched = this.#upAt === null ? null : now
      this.#tracks.set(symbol, { timestamp, seq: reached?.seq ?? 0, covered, start, watched, loss: null })
    }
  }

  /** The connection is up, at local time `now`. */
  up(now: number): void {
    this.#upAt = now
    for (const track of this.#tracks.values()) track.watched ??= now
  }

  /**
   * The connection is lost: the next tick of each symbol may come after a hole.
   * @param at local time of its last sign of life: much earlier than now where the machine slept
   * @param heard local time at which it last brought data, or was opened
   */
  lost(cause: GapCause, at: number, heard = at): void {
    this.#upAt = null
    for (const track of this.#tracks.values()) {
      const { watched } = track
      if (watched !== null) track.loss ??= { cause, at, heard: Math.max(watched, heard) }
    }
  }

  /** A clock may have been set: nothing more was heard until a tick's time shows that it goes right. */
  clockChanged(): void {
    this.#isClockSure = false
  }

  /** Trades of this symbol alone are known not to have come by local time `now`, though the connection works. */
  mute(symbol: string, now: number): void {
    const track = this.#tracks.get(symbol)
    if (track === undefined) return
    const at = track.start === null ? now : (track.watched ?? now)
    track.loss ??= { cause: 'stale', at, heard: at, isProven: true }
  }

  /**
   * Takes the events just received and returns them with each gap before the tick that ends it; the same array where
   * there is none.
   */
  mark(events: MarketEvent[]): MarketEvent[] {
    let marked: MarketEvent[] | undefined
    for (let i = 0; i < events.length; i++) {
      const event = events[i]!
      if (event.type === 'tick') {
        const gaps = this.#tick(event)
        if (gaps.length > 0) {
          marked ??= events.slice(0, i)
          marked.push(...gaps)
        }
      }
      marked?.push(event)
    }
    return marked ?? events
  }

  /**
   * Symbols of which nothing from before local time `now` is missing but what the gaps so far tell. None where nothing
   * was traded since it was asked last, or the feed is no live one.
   */
  heard(now: number): readonly string[] {
    const since = this.#heardAt ?? this.#upAt
    if (this.#live !== true || !this.#isClockSure || this.#upAt === null || since === null) return []
    if (since >= now || !isTraded(since, now, this.#sessions)) return []
    this.#heardAt = now
    const symbols: string[] = []
    for (const [symbol, track] of this.#tracks) {
      if (!this.#isWhole(track, now)) continue
      track.covered = now
      symbols.push(symbol)
    }
    return symbols
  }

  /**
   * Symbols without any history that a live feed began to watch inside a session, by the opening of that: what was traded
   * since then waits for their first tick, and a run after this one must know it. Each is told once.
   */
  begun(): ReadonlyMap<number, readonly string[]> {
    const begun = new Map<number, string[]>()
    if (this.#live !== true) return begun
    for (const [symbol, track] of this.#tracks) {
      if (track.start !== 'late_start' || track.watched === null || track.covered !== NEVER) continue
      const open = openingBefore(track.watched, this.#sessions)
      if (open === null) continue
      track.covered = open
      begun.set(open, [...(begun.get(open) ?? []), symbol])
    }
    return begun
  }

  /**
   * The run ends at local time `now`: the holes still open on a live feed, which end here. A run that was never
   * connected leaves its hole to the next one.
   */
  end(now: number): Gap[] {
    if (this.#live === false) return []
    this.#live = true
    const gaps: Gap[] = []
    for (const [symbol, track] of this.#tracks) {
      if (track.watched === null) continue
      gaps.push(...this.#holes(symbol, track, now, now))
      track.start = null
      track.loss = null
    }
    this.#upAt ??= now
    this.#heardAt = null
    return gaps
  }

  #tick(tick: Tick): readonly Gap[] {
    const track = this.#tracks.get(tick.symbol)
    if (track === undefined || this.#isAstray(tick)) return NONE
    if (this.#live !== true && tick.received_at !== null) this.#judge(tick.timestamp, tick.received_at)
    const isNewer = byTimeAndSeq(tick, track) > 0
    let gaps = NONE
    if (track.start !== null || track.loss !== null) {
      if (isNewer) gaps = this.#holes(tick.symbol, track, tick.timestamp, tick.received_at ?? tick.timestamp)
      track.start = null
      track.loss = null
    }
    if (isNewer) {
      track.timestamp = tick.timestamp
      track.seq = tick.seq
    }
    return gaps
  }

  /**
   * Judges by a tick whether the feed is live. A feed that turns out to be began with a mistake, or with a trade of an
   * earlier day that was told again: that ended no hole.
   */
  #judge(timestamp: number, now: number): void {
    const isFirst = this.#live === null
    this.#live = Math.abs(now - timestamp) < (isFirst ? DAY : MINUTE)
    if (!this.#live) return
    for (const [symbol, track] of this.#tracks) {
      const isAhead = track.timestamp > now + DAY
      const isOld = track.start === null && track.timestamp < now - DAY
      if (!isAhead && !isOld) continue
      const reached = this.#reached.get(symbol)?.timestamp ?? NEVER
      const known = reached > now + DAY ? NEVER : reached
      if (isAhead) track.timestamp = known
      track.start = startOf(known, track.covered)
    }
  }

  /** Whether a tick's time is absurdly late, by all that came before: it ends no hole and begins none. */
  #isAstray(tick: Tick): boolean {
    if (tick.received_at === null) return false
    if (this.#time.isAstray(tick, tick.received_at)) return true
    this.#isClockSure ||= !this.#time.isSuspect(tick, tick.received_at)
    this.#time.observe(tick, tick.received_at)
    return false
  }

  /** The gap rows of one symbol up to `to`: the time of its first tick since, or the end of the run. `now` is local. */
  #holes(symbol: string, track: Track, to: number, now: number): readonly Gap[] {
    const { timestamp, start, watched, loss } = track
    const row = (cause: GapCause, from: number, until: number): Gap => {
      return { type: 'gap', source: this.#source, symbol, from, to: until, cause, volume: null, filled_by: null }
    }
    const live = this.#live === true
    const rows: Gap[] = []
    if (start === 'restart') {
      for (const { open, close } of missedBy(track, to, live ? (watched ?? now) : to, this.#sessions))
        rows.push(row(start, open, close))
    } else if (start === 'late_start' && live) {
      const open = openingBefore(watched ?? now, this.#sessions)
      if (open !== null && open < to) rows.push(row(start, open, to))
    }
    if (loss === null || rows.at(-1)?.to === to) return rows
    const from = start === null ? timestamp : live ? loss.heard : Number.POSITIVE_INFINITY
    const last = start === null ? from : 0
    const isNone = live && !loss.isProven && isQuiet(last, loss.at, this.#upAt ?? now, this.#sessions)
    if (from <= to && !isNone) rows.push(row(loss.cause, from, to))
    return rows
  }

  /** Whether no hole of the symbol waits for the tick that ends it. */
  #isWhole(track: Track, now: number): boolean {
    const { start, watched, loss, timestamp } = track
    if (watched === null || loss !== null) return false
    // a clock that is behind the last tick cannot tell what was missed since
    if (start === 'restart') return now > timestamp && missedBy(track, now, watched, this.#sessions).length === 0
    return start === null || openingBefore(watched, this.#sessions) === null
  }
}

/** What the first tick of a run ends, by how far the history before it reached. */
function startOf(timestamp: number, covered: number): 'restart' | 'late_start' {
  return Math.max(timestamp, covered) === NEVER ? 'late_start' : 'restart'
}

const NONE: readonly Gap[] = []
const NEVER = Number.NEGATIVE_INFINITY
