import type { Bar } from '../market/bar.ts'
import type { Sessions } from '../market/session.ts'
import { DAY, dayNumber, HOUR, MINUTE, timeOfDay } from '../market/time.ts'

/** Which end of a bar its time names. */
export type Label = 'start' | 'end'

const NOON = 12 * HOUR
const AFTERNOON = 13 * HOUR
const CLOSES: readonly number[] = [NOON, 16 * HOUR]

/** What the labels of one day say, and whether one quiet minute more or less could not have said the opposite. */
interface Verdict {
  label: Label
  sure: boolean
}

/**
 * Turns bars named by one time into bars with a start and an end, by the labels of each symbol's day: last label 15:59
 * is the start of a minute, 16:00 its end (half days 11:59, 12:00). A day that does not tell follows the days before it,
 * or waits for the first that does. Bars named by a date alone are whole trading days.
 */
export class Labels {
  readonly #sessions: Sessions
  readonly #given: Label | undefined
  readonly #every: number | undefined
  #known: Verdict | null = null
  #waiting: Bar[][] = []
  readonly #days = new Map<string, Bar[]>()

  /**
   * @param label what the user says; absent: seen from the days
   * @param every length of the bars, ms; absent: seen from the labels, of which a quiet day has too few
   */
  constructor(sessions: Sessions, label?: Label, every?: number) {
    this.#sessions = sessions
    this.#given = label
    this.#every = every
  }

  /** Takes a bar whose `start` is its label; returns the bars that this has placed. */
  add(bar: Bar): Bar[] {
    const day = this.#days.get(bar.symbol)
    if (day !== undefined && dayNumber(day[0]!.start) === dayNumber(bar.start)) {
      day.push(bar)
      return []
    }
    this.#days.set(bar.symbol, [bar])
    return day === undefined ? [] : this.#finish(day)
  }

  /** The bars still held, at the end of the input. */
  end(): Bar[] {
    const placed = [...this.#days.values()].flatMap((day) => this.#finish(day))
    this.#days.clear()
    return [...this.#release('start'), ...placed]
  }

  #finish(unsorted: Bar[]): Bar[] {
    const day = unsorted.sort((a, b) => a.start - b.start)
    if (day.every(({ start }) => timeOfDay(start) === 0)) return day.map((bar) => this.#wholeDay(bar))
    const label = this.#given ?? this.#judge(day)
    if (label !== undefined) return [...this.#release(label), ...this.#place(day, label)]
    this.#waiting.push(day)
    return []
  }

  #judge(day: readonly Bar[]): Label | undefined {
    const verdict = judge(
      day.map(({ start }) => timeOfDay(start)),
      this.#every,
    )
    if (verdict !== null && (verdict.sure || !this.#known?.sure)) this.#known = verdict
    return this.#known?.label
  }

  #release(label: Label): Bar[] {
    const placed = this.#waiting.flatMap((day) => this.#place(day, label))
    this.#waiting = []
    return placed
  }

  #place(day: readonly Bar[], label: Label): Bar[] {
    const step = this.#every ?? stepOf(day.map(({ start }) => timeOfDay(start)))
    const offset = label === 'end' ? step : 0
    return day.map((bar) => ({ ...bar, start: bar.start - offset, end: bar.start - offset + step }))
  }

  #wholeDay(bar: Bar): Bar {
    const continuous = this.#sessions.day(bar.start)?.continuous
    if (continuous === undefined) return { ...bar, end: bar.start + DAY }
    return { ...bar, start: continuous[0]!.open, end: continuous.at(-1)!.close }
  }
}

/** @param labels times of day, rising */
function judge(labels: readonly number[], every?: number): Verdict | null {
  const last = labels.at(-1)!
  const [noon, afternoon] = [labels.includes(NOON), labels.includes(AFTERNOON)]
  if (afternoon && !noon) return { label: 'start', sure: true }
  if (CLOSES.includes(last) || (noon && !afternoon)) return { label: 'end', sure: true }
  return CLOSES.includes(last + (every ?? stepOf(labels))) ? { label: 'start', sure: false } : null
}

/** The length of the bars: the longest of which all labels are multiples. */
function stepOf(labels: readonly number[]): number {
  if (labels.length < 2) return MINUTE
  return labels.reduce(gcd)
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
