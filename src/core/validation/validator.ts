import { systemClock } from '../clock.ts'
import {
  type Batches,
  type Flag,
  LEFT_OUT,
  type MarketEvent,
  type RejectReason,
  type Status,
  type Tick,
} from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import { FeedTime } from './feed-time.ts'
import { OddLot } from './odd-lot.ts'
import { PriceJump } from './price-jump.ts'
import { RunningTotalWatch } from './running-total.ts'

/** What the validator may know of the feed; all of it optional. */
export interface ValidationOptions {
  /** Default: Hong Kong's built-in calendar. */
  sessions?: Sessions
  /** Local wall clock, epoch ms: stands in where a tick has no receive time. */
  now?: () => number
  /** Local monotonic clock, ms: tells a wall clock that was set from time that passed. Given with `now`, or neither. */
  monotonic?: () => number
  /** Largest unsuspicious step between two trades (0.2 = 20 %, the default); null switches the rule off. */
  maxJump?: number | null
  /** Whether the source is a live feed; simulated and recorded ones have no time rule. */
  live?: boolean
  /** Static facts by symbol, for board lots and spread tables; may fill while the feed runs. */
  instruments?: ReadonlyMap<string, Instrument>
}

/** What went through, per reason and per flag (the vendor's own and those of the join included). */
export interface ValidationCounts {
  ticks: number
  rejected: Partial<Record<RejectReason, number>>
  flagged: Partial<Record<Flag, number>>
}

/** The rules that need context, for one feed. Nothing is dropped or reordered: ticks gain flags, warnings are added. */
export interface Validator {
  /** The same events, doubtful ticks replaced by flagged copies; the batch itself when there is nothing to say. */
  push(batch: readonly MarketEvent[]): readonly MarketEvent[]
  readonly counts: ValidationCounts
  /** The tick that came last of each symbol. */
  readonly last: () => IterableIterator<Tick>
  /** Whether the ticks so far came live, their median receive - exchange time (ms), and whether that is a latency. */
  readonly feed: { readonly live: boolean; readonly skew: number; readonly measuresLatency: boolean }
}

/** Sudden parting of wall and monotonic clock that is no drift, ms. */
const CLOCK_STEP = 1_000
/** Nothing was taken for so long, ms: what waited meanwhile would be suspect for being late. */
const STANDSTILL = MINUTE
/** A clock error worth a warning, ms. */
const SKEW_WARNING = 2_000

interface SymbolState {
  jump: PriceJump
  lot: OddLot
  total: RunningTotalWatch
  /** The tick that came last. */
  last: Tick
  /** Exchange time of the last tick before a loss or a standstill, until one comes on time again. */
  lostAfter: number | null
}

/**
 * A validator with fresh state; one per feed. Rules and verdicts: a price that jumps, a time off the clock, an odd lot,
 * a time without trading are flags of the tick, never a loss of it.
 * @param options the defaults suit a simulated or recorded source
 * @returns its `push` takes batch after batch, its `counts` are those so far
 */
export function createValidator(options: ValidationOptions = {}): Validator {
  const { sessions = new Sessions(), live = false, instruments } = options
  const { now = systemClock.now, monotonic = options.now ?? systemClock.monotonic } = options
  const maxJump = options.maxJump === undefined ? 0.2 : options.maxJump
  const counts: ValidationCounts = { ticks: 0, rejected: {}, flagged: {} }
  const feed = new FeedTime()
  const states = new Map<string, SymbolState>()
  let totalWarned = false
  let apart = now() - monotonic()
  let pushedAt = monotonic()

  /** After a step of the wall clock, or a sleep of the machine, what was learnt of the clock is void. */
  function noticeStep(warnings: Status[], { source, timestamp }: Tick): void {
    const step = now() - monotonic() - apart
    apart += step
    if (Math.abs(step) < CLOCK_STEP) return
    feed.restart()
    warnings.push({ type: 'status', source, symbol: null, state: 'warning', timestamp, detail: stepText(step) })
  }

  function stateOf(tick: Tick): SymbolState {
    const { symbol } = tick
    let state = states.get(symbol)
    if (state === undefined) {
      const jump = new PriceJump(symbol, maxJump ?? 0)
      state = { jump, lot: new OddLot(), total: new RunningTotalWatch(), last: tick, lostAfter: null }
      states.set(symbol, state)
    }
    state.last = tick
    return state
  }

  /**
   * A connection is lost, or the process stood still: what its server has of the time until the next one, and what waits in
   * the line, may be told then.
   */
  function lost({ symbols }: Partial<Status> = {}): void {
    for (const [symbol, state] of states)
      if (symbols === undefined || symbols.includes(symbol)) state.lostAfter ??= state.last.timestamp
  }

  /** Whether a tick is of the time that a lost connection left out: told late, not of a wrong time. */
  function isToldLate({ lostAfter }: SymbolState, tick: Tick, receivedAt: number): boolean {
    return lostAfter !== null && tick.timestamp >= lostAfter && feed.isBehind(tick, receivedAt)
  }

  /** The tick itself, or a flagged copy; warnings go to `warnings`. */
  function judge(tick: Tick, warnings: Status[]): Tick {
    const state = stateOf(tick)
    let flags = tick.flags
    const flag = (name: Flag): void => {
      if (!flags.includes(name)) flags = [...flags, name]
    }
    if (live) {
      const receivedAt = tick.received_at ?? now()
      const isSuspect = feed.isSuspect(tick, receivedAt)
      if (!isSuspect) state.lostAfter = null
      else if (!isToldLate(state, tick, receivedAt)) flag('suspect_time')
      if (feed.observe(tick, receivedAt) && feed.live && Math.abs(feed.skew) >= SKEW_WARNING) {
        warnings.push(warning(tick, null, skewText(feed.skew)))
      }
    }
    if (!sessions.tradesAt(tick.timestamp)) flag('out_of_session')
    const instrument = instruments?.get(tick.symbol)
    if (state.lot.isOdd(tick, instrument)) flag('odd_lot')
    if (maxJump !== null && !isApart(flags) && state.jump.isSuspect(tick, instrument?.kind)) flag('suspect_price')
    if (!totalWarned && tick.volume !== null && state.total.observe(tick.volume)) {
      totalWarned = true
      warnings.push(warning(tick, tick.symbol, TOTAL_TEXT))
    }
    counts.ticks++
    for (const name of flags) counts.flagged[name] = (counts.flagged[name] ?? 0) + 1
    return flags === tick.flags ? tick : { ...tick, flags }
  }

  function push(batch: readonly MarketEvent[]): readonly MarketEvent[] {
    const warnings: Status[] = []
    const first = live ? batch.find((event) => event.type === 'tick') : undefined
    if (first?.type === 'tick') noticeStep(warnings, first)
    if (live && monotonic() - pushedAt >= STANDSTILL) lost()
    pushedAt = monotonic()
    let out: MarketEvent[] | null = null
    for (let i = 0; i < batch.length; i++) {
      const event = batch[i]!
      const judged = event.type === 'tick' ? judge(event, warnings) : event
      if (event.type === 'status' && event.state === 'lost') lost(event)
      if (event.type === 'rejected') counts.rejected[event.reason] = (counts.rejected[event.reason] ?? 0) + 1
      if (out === null && (judged !== event || warnings.length > 0)) out = batch.slice(0, i)
      if (out !== null) out.push(judged, ...warnings.splice(0))
    }
    return out ?? batch
  }

  function* last(): Generator<Tick> {
    for (const state of states.values()) yield state.last
  }

  return { push, counts, last, feed }
}

/**
 * The validator as a step: the same batches, doubtful ticks flagged, rejected records passed on.
 * @param events batches of one feed, in order of arrival
 * @param options as for createValidator, or a validator whose counts are wanted afterwards
 * @returns as many batches, warnings of the feed (`status`) among their events
 * @throws what the events throw
 */
export async function* validate(
  events: Batches,
  options: ValidationOptions | Validator = {},
): AsyncGenerator<readonly MarketEvent[]> {
  const validator = 'push' in options ? options : createValidator(options)
  for await (const batch of events) yield validator.push(batch)
}

/** A trade that is no measure of the price: off the exchange, of another time, an odd lot. It is left out of bars anyway. */
function isApart(flags: readonly Flag[]): boolean {
  return flags.some((name) => name !== 'suspect_price' && LEFT_OUT.includes(name))
}

const TOTAL_TEXT = 'volume never falls: it looks like the running total of the day; read such a source with ?volume=day'

function stepText(step: number): string {
  return `the local clock was set ${step < 0 ? 'back' : 'forward'} by ${(Math.abs(step) / 1000).toFixed(1)} s, or the machine slept`
}

function skewText(skew: number): string {
  const seconds = (Math.abs(skew) / 1000).toFixed(1)
  return `the local clock is ${seconds} s ${skew < 0 ? 'behind' : 'ahead of'} the exchange's times: synchronise it`
}

function warning(tick: Tick, symbol: string | null, detail: string): Status {
  return { type: 'status', source: tick.source, symbol, state: 'warning', timestamp: tick.timestamp, detail }
}
