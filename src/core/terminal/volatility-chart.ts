import { perYear } from '../statistics/volatility/per-year.ts'
import type { VolatilityRecord } from '../statistics/volatility/record.ts'
import { block } from './blocks.ts'
import type { Span } from './chart-breaks.ts'
import { type Place, plotted, stretched, widthOf } from './chart-columns.ts'
import {
  AXIS_LINES,
  type ChartView,
  framed,
  headingLines,
  headingOf,
  type LegendEntry,
  largest,
  sideOf,
  spanText,
} from './chart-frame.ts'
import { percent } from './figures.ts'
import type { Palette } from './palette.ts'
import { timeAxis } from './time-axis.ts'
import { scaleFromZero, type ValueScale } from './value-scale.ts'

/** A record and what begins at it. */
interface Point {
  readonly record: VolatilityRecord
  readonly mark: Mark | null
}

const MARKS = { alert: '▲', unconfirmed: '△' } as const
type Mark = keyof typeof MARKS

const THRESHOLD = '─'
const USUAL = '┄'
const USUAL_WITHIN = '▒'

/**
 * Volatility of one symbol as an area, the threshold and what is usual as lines over it, and below it a mark wherever an
 * alert or an unconfirmed excess began. Points over the whole width; of those that share a column the highest is shown,
 * and every mark. An empty text when there is nothing to draw.
 * @param annualized whether to draw figures per year
 */
export function renderVolatilityChart(
  records: readonly VolatilityRecord[],
  view: ChartView,
  annualized = false,
): string {
  const points = records.map((record, i) => ({
    record: annualized ? perYear(record) : record,
    mark: markOf(record, records[i - 1]),
  }))
  const known = points.filter(({ record }) => record.volatility !== null)
  if (known.length === 0) return ''
  const { palette, zone, width } = view
  const marked = points.some(({ mark }) => mark !== null)
  const rows = Math.max(1, view.height - headingLines(view) - AXIS_LINES - (marked ? 1 : 0))
  const scale = scaleFromZero(100 * (largest(points.map(highestIn)) || LEAST), rows)
  const labels = new Map([...scale.labels].map(([row, label]) => [rows - 1 - row, `${label}%`]))
  const side = sideOf(labels.values(), width)
  const room = Math.max(1, width - side)
  const places = stretched(points, spanOf, room)
  const { record: last } = known.at(-1)!
  const span = spanText(points[0]!.record.timestamp, points.at(-1)!.record.timestamp, zone)
  const figure = `${percent(last.volatility)}${annualized ? ' p.a.' : ''}`
  const title = `${last.symbol}  volatility ${figure}  ${span}  ${last.estimator}, ${last.window}`
  return framed(
    {
      heading: headingOf(title, legendOf(points, palette), view),
      panels: [
        {
          lines: plotted(
            places,
            rows,
            ({ items, width }) => column(peakOf(items), width, scale, palette),
            palette.faint,
          ),
          labels,
        },
      ],
      base: `${scale.label(0)}%`,
      ...(marked && { marks: marksLine(places, palette) }),
      axis: timeAxis(places, spanOf, room, zone),
    },
    side,
    view,
  )
}

/** Top of a chart of nothing but zeros, a fraction. */
const LEAST = 0.0001

function spanOf({ record: { timestamp } }: Point): Span {
  return { start: timestamp, end: timestamp }
}

/** An alert begins where it says so; an unconfirmed excess where the state before was normal. */
function markOf({ event, state }: VolatilityRecord, before: VolatilityRecord | undefined): Mark | null {
  if (event === 'enter') return 'alert'
  return state === 'unconfirmed' && before?.state === 'normal' ? 'unconfirmed' : null
}

function highestIn({ record: { volatility, threshold, usual } }: Point): number {
  return Math.max(volatility ?? 0, threshold ?? 0, usual ?? 0)
}

function peakOf(points: readonly Point[]): VolatilityRecord {
  return points.reduce((most, point) => (point.record.volatility! > (most.record.volatility ?? -1) ? point : most))
    .record
}

/** The cells of one place from top to bottom; the threshold and what is usual show through the area. */
function column(
  { volatility, threshold, usual, state }: VolatilityRecord,
  width: number,
  scale: ValueScale,
  palette: Palette,
): string[] {
  const area = state === 'alert' ? palette.alert : state === 'unconfirmed' ? palette.warning : palette.good
  const rowOf = (value: number | null): number | null => (value === null ? null : Math.round(scale.row(100 * value)))
  const [thresholdRow, usualRow] = [rowOf(threshold), rowOf(usual)]
  const filled = volatility === null ? 0 : (scale.row(100 * volatility) + 0.5) * 8
  return Array.from({ length: scale.rows }, (_, line) => {
    const row = scale.rows - 1 - line
    if (row === thresholdRow) return palette.strong(THRESHOLD.repeat(width))
    const cell = block(filled - 8 * row)
    if (row === usualRow) return cell === '█' ? area(USUAL_WITHIN.repeat(width)) : palette.faint(USUAL.repeat(width))
    return cell === ' ' ? ' '.repeat(width) : area(cell.repeat(width))
  })
}

function marksLine(places: readonly Place<Point>[], palette: Palette): string {
  const cells = Array<string>(widthOf(places)).fill(' ')
  for (const { at, items } of places) {
    const marks = new Set(items.map(({ mark }) => mark))
    if (marks.has('alert')) cells[at] = palette.alert(MARKS.alert)
    else if (marks.has('unconfirmed')) cells[at] = palette.warning(MARKS.unconfirmed)
  }
  return cells.join('')
}

function legendOf(points: readonly Point[], palette: Palette): LegendEntry[] {
  const has = (what: (point: Point) => boolean): boolean => points.some(what)
  return [
    { sign: '█', text: 'volatility', paint: palette.good },
    ...(has(({ record }) => record.threshold !== null)
      ? [{ sign: THRESHOLD, text: 'threshold', paint: palette.strong }]
      : []),
    ...(has(({ record }) => record.usual !== null) ? [{ sign: USUAL + USUAL_WITHIN, text: 'usual' }] : []),
    ...(has(({ mark }) => mark === 'alert') ? [{ sign: MARKS.alert, text: 'alert', paint: palette.alert }] : []),
    ...(has(({ mark }) => mark === 'unconfirmed')
      ? [{ sign: MARKS.unconfirmed, text: 'unconfirmed', paint: palette.warning }]
      : []),
  ]
}
