import type { MarketEvent } from '../market/event.ts'
import type { Sessions, TradingDay } from '../market/session.ts'

/** Where actors put their events; the simulator takes them from here. */
export interface Stage {
  out: MarketEvent[]
}

/**
 * One security's day as a coroutine: it yields the time (epoch ms, never falling) at which it wants to go on, and when it
 * is resumed puts the events of that time on the stage.
 */
export type Script = Generator<number, void, void>

/** What every script of one run shares. */
export interface Setting {
  readonly seed: number
  /** Mean trades per second and symbol in continuous trading. */
  readonly rate: number
  /** Levels of the Quote events, 0 for none; prices and trades do not depend on it. */
  readonly depth: number
  readonly sessions: Sessions
  readonly stage: Stage
  readonly day: TradingDay
  /** The trading day before. */
  readonly before: TradingDay
}

/** Name in the `source` of every simulated event. */
export const SOURCE = 'sim'

/** Sequence numbers of a day: rising over days too, far below 2^53. */
export function firstSeq(day: TradingDay): number {
  return day.number * 100_000_000
}
