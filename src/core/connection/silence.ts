import { byTimeAndSeq, type Seq, type Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import type { LatestTrade } from '../pipeline/inquiry.ts'
import { UsualPause } from './usual-pause.ts'

/** Shortest silence of a symbol that is asked about, and longest wait between two questions, ms. */
const LEAST = 35_000
const MOST = 10 * MINUTE
/** Pauses shorter than this belong to one burst of trades and tell nothing, ms. */
const BURST = 1_000
/** How long a trade may be on its way before it counts as one that does not come, ms. */
const ARRIVAL = 5_000
/** Pushes may tell whole seconds where answers tell milliseconds. */
const SECOND = 1_000

/** A symbol whose trades do not come; `times`: how often that was found since it was last heard. */
export interface Mute {
  readonly symbol: string
  readonly trade: LatestTrade
  readonly times: number
}

/** What is known of one symbol on this connection. */
interface Track {
  readonly usual: UsualPause
  /** The newest trade that came, or that was there before anything could come: what answers are compared with. */
  known: { timestamp: number; seq: Seq; isOwn: boolean } | null
  /** Monotonic time of the last trade; null where none began the pause that goes on. */
  heardAt: number | null
  /** Silence, or the time since the last question, counts from this monotonic time. */
  from: number
  /** How long until the next question; null: as long as silence may last. */
  wait: number | null
  /** A newer trade that the vendor told, and when. It may be on its way still. */
  claim: { readonly trade: LatestTrade; readonly at: number } | null
  times: number
}

/**
 * Tells a mute symbol from a quiet one. Silence counts in continuous trading only; a symbol silent for longer than
 * max(35 s, 5 times its usual pause at this time of day) is to be asked about. A latest trade newer than the newest one of
 * this connection, which does not come while the rest of the feed goes past it, proves it mute; the same trade proves it
 * quiet, and the next question waits twice as long, up to 10 minutes. Where nothing came yet on this connection the first
 * answer only tells what was there before. Pure: `now` is the wall clock that sessions follow, `at` the monotonic one.
 */
export class Silence {
  readonly #sessions: Sessions
  readonly #tracks = new Map<string, Track>()
  /** Local time at which the connection opened; newest exchange time and monotonic time of its last trade of any symbol. */
  #openedAt = 0
  #newest = Number.NEGATIVE_INFINITY
  #heardAt = 0
  /** Whether an answer has told the very trade that had come: then times and sequences are the same in both. */
  #agrees = false

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  get symbols(): readonly string[] {
    return [...this.#tracks.keys()]
  }

  /** Exactly these symbols are watched from now on. */
  watch(symbols: readonly string[], at: number): void {
    const kept = new Set(symbols)
    for (const symbol of this.#tracks.keys()) if (!kept.has(symbol)) this.#tracks.delete(symbol)
    for (const symbol of symbols) {
      if (this.#tracks.has(symbol)) continue
      const nothing = { known: null, heardAt: null, from: at, wait: null, claim: null, times: 0 }
      this.#tracks.set(symbol, { usual: new UsualPause(), ...nothing })
    }
  }

  /** A new connection, of which nothing is known. */
  opened(now: number, at: number): void {
    this.#openedAt = now
    this.#newest = Number.NEGATIVE_INFINITY
    this.restart(at)
    for (const track of this.#tracks.values()) track.known = track.wait = null
  }

  /** Silence starts anew: nothing was read for a while, or time went by unseen. */
  restart(at: number): void {
    this.#heardAt = at
    for (const track of this.#tracks.values()) {
      track.heardAt = track.claim = null
      track.from = at
    }
  }

  heard(tick: Tick, now: number, at: number): void {
    const track = this.#tracks.get(tick.symbol)
    if (track === undefined) return
    this.#heardAt = at
    if (tick.timestamp > this.#newest) this.#newest = tick.timestamp
    if (track.heardAt !== null && at - track.heardAt >= BURST) {
      const open = this.#openingOf(now)
      if (open !== null) track.usual.learn(now, Math.min(at - track.heardAt, now - open))
    }
    const { known } = track
    if (known === null) track.known = { timestamp: tick.timestamp, seq: tick.seq, isOwn: true }
    else if (byTimeAndSeq(tick, known) > 0) {
      known.timestamp = tick.timestamp
      known.seq = tick.seq
      known.isOwn = true
    }
    track.heardAt = track.from = at
    track.wait = track.claim = null
    track.times = 0
  }

  /** The symbols to be asked about now. */
  due(now: number, at: number): string[] {
    const open = this.#openingOf(now)
    if (open === null) return []
    const due: string[] = []
    for (const [symbol, track] of this.#tracks) {
      if (Math.min(at - track.from, now - open) >= (track.wait ?? limitOf(track, now))) due.push(symbol)
    }
    return due
  }

  /**
   * What the vendor told of these symbols; one that it does not mention has no trade.
   * @returns whether it proves that nothing was traded which should have come on this connection
   */
  answered(symbols: readonly string[], trades: readonly LatestTrade[], now: number, at: number): boolean {
    const latest = new Map(trades.map((trade) => [trade.symbol, trade]))
    let isQuiet = trades.length > 0
    for (const symbol of symbols) {
      const track = this.#tracks.get(symbol)
      const trade = latest.get(symbol)
      if (track === undefined) continue
      const isFirst = track.known === null && trade !== undefined
      track.wait = isFirst ? LEAST : next(track, now)
      track.from = at
      if (trade === undefined) continue
      if (isFirst) {
        track.known = { timestamp: trade.time, seq: trade.seq, isOwn: false }
        isQuiet &&= trade.time < this.#openedAt - MINUTE
      } else if (this.#isNewer(trade, track.known!)) {
        track.claim = { trade, at }
        isQuiet = false
      }
    }
    return isQuiet
  }

  /** These symbols could not be asked about. */
  unanswered(symbols: readonly string[], now: number, at: number): void {
    for (const symbol of symbols) {
      const track = this.#tracks.get(symbol)
      if (track === undefined) continue
      track.from = at
      track.wait = next(track, now)
    }
  }

  /** The symbols that are proven mute by now, each told once; what comes of them is judged anew. */
  mute(at: number): Mute[] {
    const found: Mute[] = []
    for (const [symbol, track] of this.#tracks) {
      const { claim } = track
      if (claim === null || at - claim.at < ARRIVAL) continue
      if (this.#newest <= claim.trade.time && at - this.#heardAt < ARRIVAL) continue
      found.push({ symbol, trade: claim.trade, times: ++track.times })
      track.known = track.heardAt = track.claim = null
      track.from = at
      track.wait = LEAST
    }
    return found
  }

  #isNewer(trade: LatestTrade, known: NonNullable<Track['known']>): boolean {
    const { time: timestamp, seq } = trade
    if (timestamp === known.timestamp && seq === known.seq && known.isOwn) this.#agrees = true
    if (timestamp - known.timestamp >= SECOND) return true
    return this.#agrees && seq !== known.seq && byTimeAndSeq({ timestamp, seq }, known) > 0
  }

  /** When the session that is on at `now` opened; null outside. */
  #openingOf(now: number): number | null {
    return this.#sessions.day(now)?.continuous.find(({ open, close }) => now >= open && now < close)?.open ?? null
  }
}

/** How long a symbol may be silent at `now`. */
function limitOf({ usual }: Track, now: number): number {
  return Math.max(LEAST, 5 * usual.at(now))
}

function next(track: Track, now: number): number {
  const limit = limitOf(track, now)
  return Math.max(limit, Math.min(MOST, 2 * (track.wait ?? limit)))
}
