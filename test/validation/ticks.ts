import type { Flag, MarketEvent, Status, Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { makeTick } from '../../src/core/market/trade.ts'
import type { Candidate } from '../../src/core/validation/admit.ts'

export const sessions = new Sessions()

/** A time of Friday 2026-11-20, a full day. */
export const at = (clock: string): number => parseTime(`2026-11-20T${clock.padEnd(8, ':00')}`)

/** A sound trade of 00700.HK in the middle of the morning. */
export function candidate(over: Partial<Candidate> = {}): Candidate {
  return {
    symbol: '00700.HK',
    timestamp: at('10:00:00'),
    last_price: 600,
    volume: 100,
    turnover: null,
    quote: null,
    side: null,
    trade_type: null,
    flags: [],
    seq: 1,
    source: 'alltick',
    received_at: null,
    ...over,
  }
}

export function tick(over: Partial<Candidate> & { symbol?: string } = {}): Tick {
  return makeTick({ ...candidate(), symbol: '00700.HK', ...over }, sessions)
}

export const flagsOf = (events: readonly MarketEvent[]): (readonly Flag[])[] =>
  events.flatMap((event) => (event.type === 'tick' ? [event.flags] : []))

export const warningsIn = (events: readonly MarketEvent[]): Status[] =>
  events.filter((event): event is Status => event.type === 'status' && event.state === 'warning')
