import type { Gap } from '../market/event.ts'
import type { Clocks } from './clocks.ts'
import type { Comparison } from './comparison.ts'
import type { Hearing } from './hearing.ts'
import type { Lane, LaneId } from './lane.ts'
import type { Waiting } from './pairing.ts'
import type { Told } from './told.ts'

/** What both rules know of the two feeds. */
export interface Side {
  readonly lanes: readonly [Lane, Lane]
  readonly hearing: Hearing
  readonly clocks: Clocks
  readonly comparison: Comparison
}

/** What becomes of a trade. */
export interface Verdict {
  /** Whether it goes out. */
  readonly isGiven: boolean
  /** Whether the other feed has told it too. */
  readonly isPaired: boolean
}

/** A trade of which it had to be waited what becomes of it. */
export interface Released {
  readonly lane: LaneId
  readonly waiting: Waiting
  readonly verdict: Verdict
}

/** How two feeds become one. Times `at` are monotonic, ms. */
export interface Rule {
  trade(lane: LaneId, tick: Told, at: number): Verdict
  /** Trades that were kept back until now. @param all whether no more comes */
  released(at: number, all?: boolean): readonly Released[]
  /** The rows of what may have been left out by what was released. */
  doubts(): readonly Gap[]
  /** When `released` may have some, monotonic ms; Infinity for never. */
  readonly due: number
  /** A feed is heard anew, and what it has missed meanwhile is not known. @param isNew on a new connection; else it was only silent */
  joined(at: number, isNew: boolean): void
  /** The first feed is away: the trades of the second that go out in its place. */
  away(): readonly Waiting[]
  /** A feed is away for good: rows that nobody else will tell. */
  over(lane: LaneId): readonly Gap[]
  /** The rows that are told for a hole of one feed, of what the other is known to have heard. */
  gap(lane: LaneId, gap: Gap, at: number): readonly Gap[]
  /** Whether books, and records without symbol or time, of this feed go out; null for all symbols. */
  leads(lane: LaneId, symbol: string | null): boolean
  /** Whether how far this feed heard a symbol is true of what went out. */
  covers(lane: LaneId, symbol: string): boolean
  /** Trades that the other feed has not told. */
  waiting(lane: LaneId): Iterable<Waiting>
}
