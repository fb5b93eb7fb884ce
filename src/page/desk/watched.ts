import {
  type ChartGap,
  type ChartVolatility,
  type Depth,
  FIRST_TICKS,
  type History,
  INTERVALS,
  type Interval,
  type Older,
  type TapeTick,
  type Watched as WatchedChanges,
} from '../../core/dashboard/protocol.ts'
import { DAY, HOUR, MINUTE } from '../../core/market/time.ts'
import { decimalsOf } from '../figures.ts'
import { MAX_POINTS, Timeline } from './timeline.ts'

/** Lines of time and sales that are kept. */
export const MAX_TICKS = 200
const MAX_GAPS = 500

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: MINUTE, h: HOUR, d: DAY }

/** Length of a bar, ms. */
export function lengthOf(every: Interval): number {
  return Number.parseInt(every, 10) * UNITS[every.at(-1)!]!
}

export function isInterval(text: unknown): text is Interval {
  return INTERVALS.includes(text as Interval)
}

/** Everything that is shown of the symbol watched, at one interval. Each of its numbers rises when that part has changed. */
export class Watched {
  readonly id: number
  readonly symbol: string
  readonly every: Interval
  readonly timeline: Timeline
  readonly revisions = { ticks: 0, depth: 0, volatility: 0, gaps: 0 }
  volatility: readonly ChartVolatility[]
  gaps: ChartGap[]
  /** Oldest first. */
  ticks: TapeTick[]
  depth: Depth | null
  /** Whether there is more of the past to ask for. */
  more: boolean
  decimals: 2 | 3

  constructor(history: History) {
    const { id, symbol, every, bars, sessions, volatility, gaps, ticks, depth, more } = history
    this.id = id
    this.symbol = symbol
    this.every = every
    this.timeline = new Timeline(lengthOf(every), bars, sessions, more ? undefined : beginOf(history))
    this.volatility = volatility
    this.gaps = [...gaps]
    this.ticks = [...ticks].slice(-FIRST_TICKS)
    this.depth = depth
    this.more = more
    this.decimals = decimalsOf([...bars.slice(-FIRST_TICKS).map(({ close }) => close), ...pricesOf(depth)])
  }

  /** Takes in what changed. @returns whether a bar lies where no trading was known: the history has to be asked for again */
  take({ bars = [], ticks = [], depth, volatility = [], gaps = [], sessions = [] }: WatchedChanges): boolean {
    if (sessions.length > 0) this.timeline.extend(sessions)
    for (const bar of bars) this.timeline.put(bar)
    if (ticks.length > 0) {
      this.ticks.push(...ticks)
      if (this.ticks.length > MAX_TICKS) this.ticks.splice(0, this.ticks.length - MAX_TICKS)
      this.revisions.ticks++
    }
    if (depth) {
      this.depth = depth
      this.revisions.depth++
    }
    if (volatility.length > 0) this.#takeVolatility(volatility)
    for (const gap of gaps) this.#takeGap(gap)
    if (this.decimals === 2) this.decimals = decimalsOf([...bars.map(({ close }) => close), ...pricesOf(depth ?? null)])
    return bars.some(({ start }) => !this.timeline.knows(start))
  }

  /** Takes in a stretch of the past. */
  prepend({ bars, sessions, volatility, gaps, more }: Older): void {
    this.timeline.prepend(bars, sessions)
    this.takeEarlier(volatility)
    for (const gap of gaps) this.#takeGap(gap)
    this.more = more && bars.length > 0 && !this.timeline.isFull
  }

  /** Takes in volatility of a stretch of the past, in place of what was known of it. */
  takeEarlier(points: readonly ChartVolatility[]): void {
    const [first, last] = [points[0]?.timestamp, points.at(-1)?.timestamp]
    if (first === undefined || last === undefined) return
    const before = this.volatility.filter(({ timestamp }) => timestamp < first)
    const after = this.volatility.filter(({ timestamp }) => timestamp > last)
    this.volatility = [...before, ...points, ...after].slice(-MAX_POINTS)
    this.revisions.volatility++
  }

  #takeVolatility(changes: readonly ChartVolatility[]): void {
    const first = changes[0]!.timestamp
    const before = this.volatility.filter(({ timestamp }) => timestamp < first)
    this.volatility = [...before, ...changes].slice(-MAX_POINTS)
    this.revisions.volatility++
  }

  #takeGap(gap: ChartGap): void {
    const known = this.gaps.findIndex(
      ({ from, to, cause }) => from === gap.from && to === gap.to && cause === gap.cause,
    )
    if (known >= 0) this.gaps[known] = gap
    else this.gaps.push(gap)
    if (this.gaps.length > MAX_GAPS) this.gaps.shift()
    this.revisions.gaps++
  }
}

/** Where an axis begins whose past is told whole: at the first hole where that is before the first bar. */
function beginOf({ bars, gaps, sessions }: History): number | undefined {
  const first = Math.min(bars[0]?.start ?? Number.POSITIVE_INFINITY, gaps[0]?.from ?? Number.POSITIVE_INFINITY)
  const begin = sessions.find(({ phase, close }) => (phase === 'morning' || phase === 'afternoon') && close > first)
  return begin && Math.max(begin.open, first)
}

function* pricesOf(depth: Depth | null): Generator<number> {
  for (const [price] of depth?.bids ?? []) yield price
  for (const [price] of depth?.asks ?? []) yield price
}
