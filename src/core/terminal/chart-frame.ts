import { MINUTE } from '../market/time.ts'
import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import type { TimeAxis } from './time-axis.ts'
import { displayWidth, fit, truncate } from './width.ts'
import type { Zone } from './zone.ts'

/** How a chart is drawn. */
export interface ChartView {
  /** Cells and lines of the whole chart, at most. */
  readonly width: number
  readonly height: number
  readonly palette: Palette
  readonly zone: Zone
}

/** Lines of a plot from top to bottom, and the labels beside them by line. */
export interface Panel {
  readonly lines: readonly string[]
  readonly labels: ReadonlyMap<number, string>
}

/** What a sign of the chart means. */
export interface LegendEntry {
  readonly sign: string
  readonly text: string
  readonly paint?: (text: string) => string
}

/** The parts of a chart from top to bottom. */
export interface Chart {
  readonly heading: readonly string[]
  readonly panels: readonly Panel[]
  /** Label of the rule, where it stands for a value. */
  readonly base?: string
  /** A line between rule and times. */
  readonly marks?: string
  readonly axis: TimeAxis
}

/** Lines below the panels: the rule and the times. */
export const AXIS_LINES = 2

const NARROWEST_PLOT = 12
const AXIS = 2
/** Cells between two entries of the legend. */
const APART = 2

/** Cells for labels and axis beside the plot; where the plot would be too narrow, for the axis alone. */
export function sideOf(labels: Iterable<string>, width: number): number {
  const widest = Math.max(0, ...[...labels].map(displayWidth))
  return width - widest - AXIS >= NARROWEST_PLOT ? widest + AXIS : 1
}

/** Lines that `headingOf` gives. */
export function headingLines({ height }: ChartView): number {
  return height < 12 ? 1 : 2
}

/** The title, and under it where there are lines enough the legend: the entries that have room, the first ones first. */
export function headingOf(title: string, legend: readonly LegendEntry[], view: ChartView): string[] {
  const { width, palette } = view
  const heading = palette.heading(truncate(sanitise(title), width))
  if (headingLines(view) === 1) return [heading]
  const shown: string[] = []
  let used = -APART
  for (const { sign, text, paint = palette.faint } of legend) {
    used += APART + displayWidth(`${sign} ${text}`)
    if (used > width) break
    shown.push(`${paint(sign)} ${palette.faint(text)}`)
  }
  return [heading, shown.join(' '.repeat(APART))]
}

/**
 * The chart as text without a line feed at its end, never more lines than the view is high.
 * @param side cells of labels and axis, as `sideOf` gives them
 */
export function framed({ heading, panels, base = '', marks, axis }: Chart, side: number, view: ChartView): string {
  const { palette, height } = view
  const beside = (label: string, axis: string): string =>
    palette.faint(side === 1 ? axis : `${fit(label, side - AXIS, 'right')} ${axis}`)
  const indent = ' '.repeat(side)
  const lines = panels.flatMap(({ lines, labels }) =>
    lines.map((line, i) => beside(labels.get(i) ?? '', labels.has(i) ? '┤' : '│') + line),
  )
  return [
    ...heading,
    ...lines,
    beside(base, '└') + palette.faint(axis.rule),
    ...(marks === undefined ? [] : [indent + marks]),
    indent + palette.faint(axis.labels),
  ]
    .slice(0, height)
    .map((line) => line.trimEnd())
    .join('\n')
}

/** From when to when a chart goes: the times of one day, with seconds within a minute, or the dates of several. */
export function spanText(from: number, to: number, zone: Zone): string {
  const [first, last] = [zone.date(from), zone.date(to)]
  if (first !== last) return `${first} to ${last}`
  const text = to > from && to - from < MINUTE ? zone.clock : zone.minute
  return `${first} ${text(from)} to ${text(to)}`
}

/** The largest value, however many there are; -Infinity for none. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
}

/** The smallest value, however many there are; Infinity for none. */
export function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
}
