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
import type { Timeline } from '../desk/timeline.ts'
import { percent } from '../figures.ts'
import { toAxis } from './axis-time.ts'
import type { Looks } from './looks.ts'

const FIGURES = ['threshold', 'usual', 'volatility'] as const
/** Values that are drawn one by one; more are set at once. */
const FEW = 20
type Figure = (typeof FIGURES)[number]
type LinePoint = LineData<Time> | WhitespaceData<Time>

/** One value a step of the axis: the last one of those that ended in it. */
interface Placed {
  /** Number of the stretch between two breaks that it lies in. */
  readonly stretch: number
  readonly start: number
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
    const priceFormat = { type: 'custom', minMove: 1e-7, formatter: percent } as const
    const common = { priceFormat, priceLineVisible: false, crosshairMarkerVisible: false, lastValueVisible: false }
    const line = (lineWidth: 1 | 2, lineStyle: LineStyle): ISeriesApi<'Line'> =>
      chart.addSeries(LineSeries, { ...common, lineWidth, lineStyle }, pane)
    const threshold = line(1, LineStyle.Dashed)
    const usual = line(1, LineStyle.Dotted)
    this.#lines = { threshold, usual, volatility: line(2, LineStyle.Solid) }
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
    this.#placed = placed
    if (anew || first < 1 || placed.length - first > FEW) {
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

  #mark(): void {
    const begun = this.#placed.filter(({ record }) => record.event === 'enter')
    const key = begun.map(({ start }) => start).join()
    if (key === this.#marked) return
    this.#marked = key
    const color = this.#looks.alert!
    const mark =
      (position: 'aboveBar' | 'inBar') =>
      (placed: Placed): SeriesMarker<Time> => ({
        ...{ time: toAxis(placed.start), position, shape: 'circle', color },
      })
    this.#marks[0]!.setMarkers(begun.map(mark('aboveBar')))
    this.#marks[1]!.setMarkers(begun.map(mark('inBar')))
  }
}

/** Records by the step in which they ended, one a step: an alert that began in it is kept. */
function placedOn(records: readonly ChartVolatility[], timeline: Timeline): Placed[] {
  const placed: Placed[] = []
  const { points, breaks } = timeline
  let stretch = 0
  for (const record of records) {
    const index = timeline.indexAt(record.timestamp - 1)
    if (index < 0) continue
    while (stretch < breaks.length && breaks[stretch]!.index <= index) stretch++
    const { start } = points[index]!
    const last = placed.at(-1)
    if (last?.start === start) placed.pop()
    const isAlert = last?.start === start && last.record.event === 'enter'
    placed.push({ stretch, start, record: isAlert ? { ...record, event: 'enter' } : record })
  }
  return placed
}
