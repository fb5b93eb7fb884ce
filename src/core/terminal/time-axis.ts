import { HOUR, MINUTE } from '../market/time.ts'
import type { Span } from './chart-breaks.ts'
import { type Place, widthOf } from './chart-columns.ts'
import type { Zone } from './zone.ts'

/** The two lines under a plot. */
export interface TimeAxis {
  /** As wide as the plot: open at a pause, crossed where a night is, with a tick at every label. */
  readonly rule: string
  readonly labels: string
}

interface Label {
  readonly at: number
  readonly text: string
}

const STEPS = [
  ...[1, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4].map((hours) => hours * HOUR),
]
/** Cells from one time to the next on the average, and between two labels at least. */
const APART = 9
const BETWEEN = 1

/**
 * Round times of day below their places, and the date where a day begins when there are several.
 * @param room cells that the labels may take
 * @param middle cell of a place that its label belongs to
 */
export function timeAxis<T>(
  places: readonly Place<T>[],
  spanOf: (item: T) => Span,
  room: number,
  zone: Zone,
  middle = 0,
): TimeAxis {
  const points = pointsOf(places, spanOf, zone, middle)
  const labels = placed([...dayLabels(points), ...timeLabels(points, room, zone)], room)
  const rule = Array<string>(widthOf(places)).fill('─')
  for (const { at, after } of places) if (after !== null) rule[at - 1] = after === 'night' ? '┴' : ' '
  for (const { at } of labels) if (at < rule.length) rule[at] = rule[at] === '┴' ? '┼' : '┬'
  return { rule: rule.join(''), labels: lineOf(labels) }
}

/** An item where it stands. */
interface Point {
  readonly at: number
  /** Where its day begins if it is the first of one: the night before it, where that is shown. */
  readonly dayAt: number
  readonly after: Place<unknown>['after']
  readonly time: number
  /** The time as the zone's clock has it, ms since its midnight of 1970. */
  readonly local: number
  readonly date: string
}

function pointsOf<T>(places: readonly Place<T>[], spanOf: (item: T) => Span, zone: Zone, middle: number): Point[] {
  return places.flatMap(({ at, after, items }) =>
    items.map((item, i) => {
      const { start: time } = spanOf(item)
      return {
        at: at + middle,
        dayAt: i === 0 && after === 'night' ? at - 1 : at + middle,
        after: i === 0 ? after : null,
        time,
        local: time + zone.offset(time),
        date: zone.date(time),
      }
    }),
  )
}

function dayLabels(points: readonly Point[]): Label[] {
  const days = points.filter(({ date }, i) => date !== points[i - 1]?.date)
  if (days.length < 2) return []
  const from = days[0]!.date.slice(0, 4) === days.at(-1)!.date.slice(0, 4) ? 5 : 2
  return days.map(({ dayAt, date }) => ({ at: dayAt, text: date.slice(from) }))
}

function timeLabels(points: readonly Point[], room: number, zone: Zone): Label[] {
  for (const step of STEPS) {
    const round = points.filter((point, i) => beginsStep(point, points[i - 1], step))
    if (round.length * APART > room) continue
    const text = round.every(({ local }) => local % MINUTE === 0) || step >= MINUTE ? zone.minute : zone.clock
    return round.map(({ at, time }) => ({ at, text: text(time) }))
  }
  return []
}

/** Whether a point is the first of a step of the same day: on the dot, or with nothing but a usual step before it. */
function beginsStep({ local, date, after }: Point, before: Point | undefined, step: number): boolean {
  if (before !== undefined && before.date !== date) return false
  if (local % step === 0) return true
  return before !== undefined && after === null && Math.floor(local / step) > Math.floor(before.local / step)
}

/** Those labels that have room, the first ones first. */
function placed(labels: readonly Label[], room: number): Label[] {
  const kept: Label[] = []
  const end = ({ at, text }: Label): number => at + text.length + BETWEEN
  for (const label of labels) {
    if (end(label) - BETWEEN > room) continue
    if (kept.every((other) => end(other) <= label.at || end(label) <= other.at)) kept.push(label)
  }
  return kept.sort((a, b) => a.at - b.at)
}

function lineOf(labels: readonly Label[]): string {
  return labels.reduce((line, { at, text }) => line.padEnd(at) + text, '')
}
