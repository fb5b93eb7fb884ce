import type { ChartBar, ChartSession } from '../../core/dashboard/protocol.ts'
import { DAY, dayNumber, HOUR } from '../../core/market/time.ts'

/** Most points that a chart holds; older ones are let go. */
export const MAX_POINTS = 5_000
/** Points over that before they are cut, so that a cut is rare. */
const SLACK = 500
const LUNCH = HOUR / 2

/** One step of the time axis, half-open. Without a bar nothing was traded in it, or nothing was heard. */
export interface Point {
  readonly start: number
  readonly end: number
  readonly bar: ChartBar | null
}

/** A jump of the time axis: it lies before point `index`. */
export interface Break {
  readonly index: number
  readonly kind: 'night' | 'lunch'
}

interface Stretch {
  readonly open: number
  readonly close: number
}

/**
 * The time axis of a chart: one point for each step of continuous trading from the oldest bar to the present, with or without a bar,
 * so that a minute takes the same room whether traded or not. Nights and lunch take none: they are breaks.
 */
export class Timeline {
  readonly every: number
  #points: Point[] = []
  #sessions: readonly ChartSession[]
  #grid: readonly Stretch[]
  #changed: number | null = 0
  #breaks: readonly Break[] | null = null

  /**
   * @param every length of a bar, ms
   * @param from start of the axis where that is before the oldest bar: the opening of a day that was heard late
   */
  constructor(every: number, bars: readonly ChartBar[], sessions: readonly ChartSession[], from?: number) {
    this.every = every
    this.#sessions = sessions
    this.#grid = gridOf(sessions, every)
    this.#rebuild(bars, from)
  }

  get points(): readonly Point[] {
    return this.#points
  }

  get isFull(): boolean {
    return this.#points.length >= MAX_POINTS
  }

  get breaks(): readonly Break[] {
    this.#breaks ??= this.every >= DAY ? [] : breaksOf(this.#points)
    return this.#breaks
  }

  /** The first point that changed since the last call: 0 when all did, null when none. */
  takeChanged(): number | null {
    const changed = this.#changed
    this.#changed = null
    return changed
  }

  /** Adds stretches of trading: those of a day that begins, or of the past. */
  extend(sessions: readonly ChartSession[]): void {
    const known = new Set(this.#sessions.map(({ open }) => open))
    const added = sessions.filter(({ open }) => !known.has(open))
    this.#sessions = [...this.#sessions, ...added].sort((a, b) => a.open - b.open)
    this.#grid = gridOf(this.#sessions, this.every)
  }

  /** Adds bars of the past. */
  prepend(bars: readonly ChartBar[], sessions: readonly ChartSession[]): void {
    this.extend(sessions)
    const own = this.#points.flatMap(({ bar }) => bar ?? [])
    const first = own[0]?.start ?? Number.POSITIVE_INFINITY
    const present = this.#points.at(-1)?.start
    this.#rebuild([...bars.filter(({ start }) => start < first), ...own])
    if (present !== undefined) this.reach(present)
  }

  /** Puts in a bar begun or changed. */
  put(bar: ChartBar): void {
    const last = this.#points.at(-1)
    if (last === undefined || bar.start > last.start) {
      this.#append(bar.start)
      this.#push({ start: bar.start, end: bar.end, bar })
      return
    }
    const index = this.indexAt(bar.start)
    if (index >= 0 && this.#points[index]!.start === bar.start) {
      this.#points[index] = { start: bar.start, end: bar.end, bar }
      this.#touch(index)
    } else if (index >= 0 || !this.isFull) {
      this.#points.splice(index + 1, 0, { start: bar.start, end: bar.end, bar })
      this.#breaks = null
      this.#touch(0)
    }
  }

  /** Lets the axis go on to the step that contains `now`, traded or not. */
  reach(now: number): void {
    if (this.#points.length > 0) this.#append(now + 1)
  }

  /** Index of the last point that starts at or before `time`; -1 when it lies before all. */
  indexAt(time: number): number {
    let low = 0
    let high = this.#points.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#points[middle]!.start <= time) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** The points that a stretch of time touches (both ends inclusive), as first and last index; null when none. */
  between(from: number, to: number): readonly [number, number] | null {
    let first = this.indexAt(from)
    if (first < 0 || this.#points[first]!.end <= from) first++
    const last = this.indexAt(to)
    return first <= last ? [first, last] : null
  }

  /** Whether a time lies in a stretch of trading that is known. */
  knows(time: number): boolean {
    return this.#sessions.some(({ open, close }) => time >= open && time < close)
  }

  #rebuild(bars: readonly ChartBar[], from?: number): void {
    this.#points = []
    const begin = from ?? bars[0]?.start
    if (begin !== undefined) {
      const first = this.#grid.findLast(({ open, close }) => open <= begin && close > begin)
      const start = first ? first.open + Math.floor((begin - first.open) / this.every) * this.every : begin
      for (const point of this.#steps(start, bars[0]?.start ?? begin)) this.#points.push(point)
    }
    for (const bar of bars) {
      const last = this.#points.at(-1)
      if (last) for (const point of this.#steps(last.end, bar.start)) this.#points.push(point)
      this.#points.push({ start: bar.start, end: bar.end, bar })
    }
    if (this.#points.length > MAX_POINTS) this.#points = this.#points.slice(-MAX_POINTS)
    this.#breaks = null
    this.#touch(0)
  }

  /** Steps of the grid from the last point to `before` (exclusive). */
  #append(before: number): void {
    const last = this.#points.at(-1)
    if (last) for (const point of this.#steps(last.end, before)) this.#push(point)
  }

  #push(point: Point): void {
    this.#points.push(point)
    this.#breaks = null
    this.#touch(this.#points.length - 1)
    if (this.#points.length <= MAX_POINTS + SLACK) return
    this.#points.splice(0, this.#points.length - MAX_POINTS)
    this.#touch(0)
  }

  *#steps(from: number, before: number): Generator<Point> {
    for (const { open, close } of this.#grid) {
      if (close <= from) continue
      if (open >= before) return
      const passed = Math.ceil((Math.max(from, open) - open) / this.every)
      for (let start = open + passed * this.every; start < Math.min(close, before); start += this.every) {
        yield { start, end: Math.min(start + this.every, close), bar: null }
      }
    }
  }

  #touch(index: number): void {
    this.#changed = Math.min(this.#changed ?? index, index)
  }
}

/** Where steps may lie: continuous trading, of which a day is one step. */
function gridOf(sessions: readonly ChartSession[], every: number): Stretch[] {
  const continuous = sessions.filter(({ phase }) => phase === 'morning' || phase === 'afternoon')
  if (every < DAY) return continuous
  return continuous.flatMap(({ open }, i) => {
    if (i > 0 && dayNumber(continuous[i - 1]!.open) === dayNumber(open)) return []
    const last = continuous.findLast((other) => dayNumber(other.open) === dayNumber(open))!
    return [{ open, close: last.close }]
  })
}

function breaksOf(points: readonly Point[]): Break[] {
  return points.flatMap(({ start }, index): Break[] => {
    if (index === 0) return []
    const { start: from, end } = points[index - 1]!
    if (dayNumber(from) !== dayNumber(start)) return [{ index, kind: 'night' }]
    return start - end >= LUNCH ? [{ index, kind: 'lunch' }] : []
  })
}
