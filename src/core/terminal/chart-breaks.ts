import { DAY, HOUR, MINUTE } from '../market/time.ts'

/** When an item of a chart begins and ends, epoch ms; both are the same for one of a moment. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What lies between two neighbours that do not follow on each other: a night, or lunch and missing data. */
export type Break = 'night' | 'pause'

/** Items that follow on each other without a break. */
export interface Stretch<T> {
  /** What lies before them; null for the first. */
  readonly after: Break | null
  readonly items: readonly T[]
}

const NIGHT = 6 * HOUR
const PAUSE = 5 * MINUTE

/** Columns that a stretch takes at least on average where breaks are shown. */
const ROOM: Readonly<Record<Break, number>> = { night: 4, pause: 6 }

/**
 * Items in order, cut where time passed without any: for a night, or for a pause of at least two of their usual steps
 * and five minutes. Breaks of one kind are left out together where `columns` cells have no room for them, and those
 * between days always.
 */
export function stretchesOf<T>(items: readonly T[], spanOf: (item: T) => Span, columns: number): Stretch<T>[] {
  const breaks = visible(breaksBetween(items.map(spanOf)), columns)
  const starts = [0, ...items.keys()].filter((i, n) => n === 0 || (breaks[i] ?? null) !== null)
  return starts.map((from, n) => ({ after: breaks[from] ?? null, items: items.slice(from, starts[n + 1]) }))
}

/** What lies before each item. */
function breaksBetween(spans: readonly Span[]): (Break | null)[] {
  const step = usualStep(spans)
  return spans.map(({ start }, i) => {
    if (i === 0 || step >= DAY) return null
    const passed = start - spans[i - 1]!.end
    return passed >= NIGHT ? 'night' : passed >= Math.max(PAUSE, 2 * step) ? 'pause' : null
  })
}

function visible(breaks: readonly (Break | null)[], columns: number): (Break | null)[] {
  const nights = breaks.filter((kind) => kind === 'night').length
  const all = breaks.filter((kind) => kind !== null).length
  const shown = { night: columns >= ROOM.night * (nights + 1), pause: columns >= ROOM.pause * (all + 1) }
  return breaks.map((kind) => (kind !== null && shown[kind] ? kind : null))
}

/** The median time from one start to the next, ms; 0 of a single item. */
function usualStep(spans: readonly Span[]): number {
  const steps = Float64Array.from(spans.slice(1), ({ start }, i) => start - spans[i]!.start).sort()
  return steps[Math.floor(steps.length / 2)] ?? 0
}
