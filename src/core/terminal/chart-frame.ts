import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import { displayWidth, fit, truncate } from './width.ts'
import type { Zone } from './zone.ts'

/** How a chart is drawn. */
export interface ChartView {
  readonly width: number
  /** Lines of the plot, without title and axis. */
  readonly height: number
  readonly palette: Palette
  readonly zone: Zone
}

/** The finished inside of a chart: one string a line from top to bottom, one cell a column, with what its edges mean. */
export interface Plot {
  readonly title: string
  /** Coloured lines, each `columns` cells wide. */
  readonly lines: readonly string[]
  readonly columns: number
  /** Value at the top and bottom line, as text. */
  readonly label: (value: number) => string
  readonly top: number
  readonly bottom: number
  /** Start of each column, epoch ms. */
  readonly times: readonly number[]
}

/** Cells that labels and frame take beside the plot. */
export function frameWidth(labels: readonly string[]): number {
  return Math.max(...labels.map(displayWidth)) + 2
}

/** A plot with its title, labelled value axis and time axis. */
export function frame(
  { title, lines, columns, label, top, bottom, times }: Plot,
  { width, palette, zone }: ChartView,
): string {
  const labels = lines.map((_, i) =>
    i % 4 === 0 || i === lines.length - 1 ? label(top - ((top - bottom) * i) / Math.max(1, lines.length - 1)) : '',
  )
  const side = frameWidth(labels) - 2
  const body = lines.map(
    (line, i) => `${palette.faint(`${fit(labels[i]!, side, 'right')} ${labels[i] ? '┤' : '│'}`)}${line}`,
  )
  const indent = ' '.repeat(side + 1)
  return [
    palette.heading(truncate(sanitise(title), width)),
    ...body,
    palette.faint(`${indent}└${'─'.repeat(columns)}`),
    palette.faint(`${indent} ${timeAxis(times, width - side - 2, zone)}`),
  ].join('\n')
}

const LABEL_SPACE = 12

/** Times below their columns: of day, every twelve cells, and the date where a new day begins. */
function timeAxis(times: readonly number[], room: number, zone: Zone): string {
  let axis = ''
  let day = sameDay(times, zone) ? zone.date(times[0]!) : ''
  let next = 0
  for (let i = 0; i < times.length; i++) {
    const date = zone.date(times[i]!)
    const free = date === day ? next : axis.length === 0 ? 0 : axis.length + 1
    const text = date === day ? zone.minute(times[i]!) : date.slice(5)
    if (i < free || i + text.length > room) continue
    axis = axis.padEnd(i) + text
    next = i + LABEL_SPACE
    day = date
  }
  return axis
}

function sameDay(times: readonly number[], zone: Zone): boolean {
  return zone.date(times[0]!) === zone.date(times.at(-1)!)
}

/** The largest value, however many there are; -Infinity for none. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
}

/** The smallest value, however many there are; Infinity for none. */
export function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
}

/** Items in at most `columns` groups of equal size, in order. */
export function inColumns<T>(items: readonly T[], columns: number): T[][] {
  const size = Math.max(1, Math.ceil(items.length / Math.max(1, columns)))
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
