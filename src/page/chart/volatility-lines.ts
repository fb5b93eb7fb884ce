import {
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type LineData,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  type Time,
  type WhitespaceData,
} from 'lightweight-charts'
import type { ChartVolatility } from '../../core/dashboard/protocol.ts'
import { dayNumber, HOUR } from '../../core/market/time.ts'
import type { Timeline } from '../desk/timeline.ts'
import { percent } from '../figures.ts'
import { toAxis } from './axis-time.ts'
import type { Looks } from './looks.ts'
import { wholeLabels } from './whole-labels.ts'

const FIGURES = ['threshold', 'usual', 'volatility'] as const
/** Values that are drawn one by one; more are set at once. */
const FEW = 20
/** Steps so long (ms) that a stretch between two breaks holds but a few: their line goes over breaks. */
const LONG = HOUR / 2
type Figure = (typeof FIGURES)[number]
type LinePoint = LineData<Time> | WhitespaceData<Time>

/** One value a step of the axis: the last one of those that ended in it. */
interface Placed {
  /** Number of the stretch that its line may be drawn in. */
  readonly stretch: number
  readonly start: number
  /** Whether an alert began in its step. */
  readonly isAlert: boolean
  readonly record: ChartVolatility
}

/** Volatility, what is usual and the threshold in a pane of their own, with marks where an alert began. */
export class VolatilityLines {
  readonly #lines: Readonly<Record<Figure, ISeriesApi<'Line'>>>
  readonly #marks: readonly ISeriesMarkersPluginApi<Time>[]
  #looks: Looks
  #placed: Placed[] = []
  #marked = ''

  /** @param candles what alerts are marked over too */
  constructor(chart: IChartApi, pane: number, candles: ISeriesApi<'Candlestick'>, looks: Looks) {
    const common = { priceLineVisible: false, crosshairMarkerVisible: false, lastValueVisible: false }
    const line = (lineWidth: 1 | 2, lineStyle: LineStyle): ISeriesApi<'Line'> =>
      chart.addSeries(LineSeries, { ...common, lineWidth, lineStyle }, pane)
    const threshold = line(1, LineStyle.Dashed)
    const usual = line(1, LineStyle.Dotted)
    this.#lines = { threshold, usual, volatility: line(2, LineStyle.Solid) }
    for (const one of Object.values(this.#lines)) {
      one.applyOptions(wholeLabels(one, { minMove: 1e-7, formatter: percent }))
    }
    this.#marks = [createSeriesMarkers(candles, []), createSeriesMarkers(this.#lines.volatility, [])]
    this.#looks = looks
    this.dress(looks)
  }

  /** The series that a drawing behind the pane can hang on. */
  get ground(): ISeriesApi<'Line'> {
    return this.#lines.volatility
  }

  dress(looks: Looks): void {
    this.#looks = looks
    this.#lines.volatility.applyOptions({ color: looks.accent! })
    this.#lines.usual.applyOptions({ color: looks.usual! })
    this.#lines.threshold.applyOptions({ color: looks.alert! })
    this.#marked = ''
    this.#mark()
  }

  /** @param anew whether the axis has changed under what is drawn */
  show(records: readonly ChartVolatility[], timeline: Timeline, anew: boolean): void {
    const placed = placedOn(records, timeline)
    const drawn = this.#placed.at(-1)?.start ?? Number.NEGATIVE_INFINITY
    const first = placed.findIndex(({ start }) => start >= drawn)
    const isPastNew = first !== this.#placed.length - 1
    this.#placed = placed
    if (anew || isPastNew || first < 1 || placed.length - first > FEW) {
      for (const name of FIGURES) this.#lines[name].setData(placed.map((_, i) => this.#pointOf(name, i)))
    } else {
      // The point before is drawn again too: how the line leaves it depends on the one after.
      for (let i = first - 1; i < placed.length; i++) {
        for (const name of FIGURES) this.#lines[name].update(this.#pointOf(name, i), placed[i]!.start < drawn)
      }
    }
    this.#mark()
  }

  /** The newest value at or before a step of the axis. */
  at(start: number): ChartVolatility | null {
    return this.#placed.findLast((placed) => placed.start <= start)?.record ?? null
  }

  /** A line is not drawn across a break, nor where its figure is undefined: it leaves the last point before unseen. */
  #pointOf(name: Figure, at: number): LinePoint {
    const { stretch, start, record } = this.#placed[at]!
    const time = toAxis(start)
    const value = record[name]
    if (value === null) return { time }
    const next = this.#placed[at + 1]
    const isLeft = next !== undefined && (next.record[name] === null || next.stretch !== stretch)
    return isLeft ? { time, value, color: 'transparent' } : { time, value }
  }

  /** Over the candle of each alert, and on the line where it is still on at the end of the step. */
  #mark(): void {
    const begun = this.#placed.filter(({ isAlert }) => isAlert)
    const key = begun.map(({ start, record }) => `${start} ${record.state}`).join()
    if (key === this.#marked) return
    this.#marked = key
    const color = this.#looks.alert!
    const mark =
      (position: 'aboveBar' | 'inBar') =>
      (placed: Placed): SeriesMarker<Time> => ({
        ...{ time: toAxis(placed.start), position, shape: 'circle', color },
      })
    this.#marks[0]!.setMarkers(begun.map(mark('aboveBar')))
    this.#marks[1]!.setMarkers(begun.filter(({ record }) => record.state === 'alert').map(mark('inBar')))
  }
}

/** Records by the step in which they ended, one a step: that an alert began in it is kept. */
function placedOn(records: readonly ChartVolatility[], timeline: Timeline): Placed[] {
  const placed: Placed[] = []
  const isBroken = breaksBetween(timeline)
  let [stretch, before] = [0, 0]
  for (const record of records) {
    const index = timeline.indexAt(record.timestamp - 1)
    if (index < 0) continue
    if (placed.length > 0 && isBroken(before, index)) stretch++
    before = index
    const { start } = timeline.points[index]!
    const last = placed.at(-1)
    if (last?.start === start) placed.pop()
    const isAlert = record.event === 'enter' || (last?.start === start && last.isAlert)
    placed.push({ stretch, start, record, isAlert })
  }
  return placed
}

/**
 * Tells whether a line may not be drawn from one step to another: over a break, or where steps are long, over a day without
 * a value.
 */
function breaksBetween({ every, points, breaks }: Timeline): (from: number, to: number) => boolean {
  const isLong = every >= LONG
  const day = (index: number): number => dayNumber(points[index]!.start)
  const days = isLong ? points.flatMap((_, i) => (i > 0 && day(i) !== day(i - 1) ? [i] : [])) : []
  const ends = new Set(isLong ? days : breaks.map(({ index }) => index))
  return (from, to) => {
    let passed = 0
    for (let i = from + 1; i <= to; i++) if (ends.has(i)) passed++
    return passed > (isLong ? 1 : 0)
  }
}
