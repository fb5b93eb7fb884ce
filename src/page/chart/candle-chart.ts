import {
  type CandlestickData,
  CandlestickSeries,
  createChart,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type LogicalRange,
  type MouseEventParams,
  type Time,
  type WhitespaceData,
} from 'lightweight-charts'
import { DAY, MINUTE } from '../../core/market/time.ts'
import { moment } from '../clock.ts'
import type { Desk } from '../desk/desk.ts'
import type { Point, Timeline } from '../desk/timeline.ts'
import type { Watched } from '../desk/watched.ts'
import { element } from '../dom.ts'
import { amount } from '../figures.ts'
import { AxisNames } from './axis-names.ts'
import { fromAxis, markLabel, toAxis } from './axis-time.ts'
import { ChartWords } from './chart-words.ts'
import { holesOf, openHole } from './holes.ts'
import { Legend } from './legend.ts'
import { chartOptions, type Looks, looksOf } from './looks.ts'
import { StretchDrawing, type Stretches } from './stretches.ts'
import { VolatilityLines } from './volatility-lines.ts'
import { priceLabels, wholeLabels } from './whole-labels.ts'

/** Steps that one update of the chart takes singly; more are set at once. */
const FEW = 20
/** Steps left of the screen at which the past is asked for. */
const EARLY = 30
const SPACING = 7
/** Steps that are left free at the right. */
const MARGIN = 4

/** Candles, volume and volatility of the symbol watched, over one axis. */
export class CandleChart {
  readonly #chart: IChartApi
  readonly #candles: ISeriesApi<'Candlestick'>
  readonly #volume: ISeriesApi<'Histogram'>
  readonly #volatility: VolatilityLines
  readonly #drawings: readonly StretchDrawing[]
  readonly #legend = new Legend(element('legend-bar'), element('legend-volatility'))
  readonly #axes = new AxisNames('chart')
  readonly #words = new ChartWords()
  readonly #latest = element<HTMLButtonElement>('chart-latest')
  readonly #onOlder: (before: number) => void
  #looks: Looks
  #stretches: Stretches
  #watched: Watched | null = null
  #drawn = 0
  /** Whether the newest step is to be seen, and is to stay so. */
  #isFollowing = true
  #seen = { words: -1, volatility: -1, gaps: -1 }
  #hovered: number | null = null
  #askedBefore: number | null = null

  /** @param onOlder told that bars before a time are wanted */
  constructor(container: HTMLElement, onOlder: (before: number) => void) {
    this.#onOlder = onOlder
    this.#looks = looksOf(document.documentElement)
    this.#stretches = this.#stretchesOf(null, null)
    this.#chart = createChart(container, { autoSize: true, ...this.#options() })
    this.#candles = this.#chart.addSeries(CandlestickSeries, { borderVisible: false })
    this.#volume = this.#chart.addSeries(HistogramSeries, QUIET, 1)
    this.#volume.applyOptions(wholeLabels(this.#volume, { minMove: 1, formatter: amount }))
    this.#volatility = new VolatilityLines(this.#chart, 2, this.#candles, this.#looks)
    for (const [pane, share] of [6, 1.4, 2].entries()) this.#chart.panes()[pane]!.setStretchFactor(share)
    const drawing = (): StretchDrawing => new StretchDrawing(() => this.#stretches)
    this.#drawings = [drawing(), drawing(), drawing()]
    for (const [i, series] of [this.#candles, this.#volume, this.#volatility.ground].entries()) {
      series.attachPrimitive(this.#drawings[i]!)
    }
    this.#chart.subscribeCrosshairMove((moved) => this.#hover(moved))
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.#scrolled(range))
    this.#latest.addEventListener('click', () => this.toLatest())
    this.dress()
  }

  /** Takes on the colours of the page as they are now. */
  dress(): void {
    this.#looks = looksOf(document.documentElement)
    const { up, down } = this.#looks
    this.#chart.applyOptions(this.#options())
    this.#candles.applyOptions({ upColor: up!, downColor: down!, wickUpColor: up!, wickDownColor: down! })
    this.#volatility.dress(this.#looks)
    this.#stretches = { ...this.#stretches, ...this.#colours() }
    this.#drawn = 0
  }

  paint(desk: Desk): void {
    const { watched, revisions } = desk
    if (this.#seen.words !== revisions.words) this.#translate(revisions.words)
    this.#axes.paint(desk)
    if (watched === null) this.#words.nothing()
    if (watched === null) return
    const isNew = watched !== this.#watched
    if (isNew) this.#turnTo(watched)
    watched.timeline.reach(desk.now)
    const changed = watched.timeline.takeChanged()
    const from = isNew || this.#drawn === 0 ? 0 : changed
    if (from !== null) this.#draw(watched, from)
    if (from !== null && this.#isFollowing) this.toLatest()
    const { volatility, gaps } = watched.revisions
    if (from === 0 || this.#seen.volatility !== volatility)
      this.#volatility.show(watched.volatility, watched.timeline, from === 0)
    const hole = openHole(desk.feeds, desk.now, endOf(watched.timeline))
    if (from !== null || hole !== null || this.#seen.gaps !== gaps) this.#drawStretches(watched, desk)
    this.#seen = { ...this.#seen, volatility, gaps: hole === null ? gaps : -1 }
    this.#legendOf(watched)
    this.#words.paint(watched, desk)
  }

  /** To the newest step, which may be one without a bar: the chart itself counts from the newest bar. */
  toLatest(): void {
    const points = this.#watched?.timeline.points ?? []
    const last = points.findLastIndex(({ bar }) => bar !== null)
    this.#chart.timeScale().scrollToPosition(points.length - 1 - last + MARGIN, false)
  }

  /** Moves by so many steps, to the left when negative. */
  scroll(steps: number): void {
    const scale = this.#chart.timeScale()
    scale.scrollToPosition(scale.scrollPosition() + steps, false)
  }

  zoom(factor: number): void {
    const scale = this.#chart.timeScale()
    scale.applyOptions({ barSpacing: Math.min(60, Math.max(0.6, scale.options().barSpacing * factor)) })
  }

  #options(): Parameters<IChartApi['applyOptions']>[0] {
    const common = chartOptions(this.#looks)
    const timeScale = { ...common.timeScale, timeVisible: true, rightOffset: MARGIN, minBarSpacing: 0.5 }
    const timeFormatter = (time: Time): string => moment(fromAxis(time), (this.#watched?.timeline.every ?? 0) < DAY)
    return {
      ...common,
      timeScale: {
        ...timeScale,
        tickMarkFormatter: markLabel,
        secondsVisible: (this.#watched?.timeline.every ?? 0) < MINUTE,
      },
      localization: { timeFormatter },
    }
  }

  #translate(revision: number): void {
    this.#seen.words = revision
    this.#legend.translate()
    this.#chart.applyOptions(this.#options())
    this.#words.renew()
  }

  #turnTo(watched: Watched): void {
    const before = this.#watched
    this.#watched = watched
    this.#askedBefore = null
    this.#hovered = null
    this.#words.renew()
    this.#seen = { ...this.#seen, volatility: -1, gaps: -1 }
    this.#candles.applyOptions(priceLabels(this.#candles, watched.decimals))
    this.#chart.applyOptions(this.#options())
    if (before?.symbol === watched.symbol && before.every === watched.every) return
    this.#candles.priceScale().applyOptions({ autoScale: true })
    this.#chart.timeScale().applyOptions({ barSpacing: SPACING })
    this.#isFollowing = true
  }

  #draw({ timeline: { points } }: Watched, from: number): void {
    if (from === 0 || points.length - from > FEW) {
      this.#candles.setData(points.map(candleOf))
      this.#volume.setData(points.map((point) => this.#volumeOf(point)))
    } else {
      for (let i = from; i < points.length; i++) {
        const isPast = i < this.#drawn - 1
        this.#candles.update(candleOf(points[i]!), isPast)
        this.#volume.update(this.#volumeOf(points[i]!), isPast)
      }
    }
    this.#drawn = points.length
  }

  #drawStretches(watched: Watched, desk: Desk): void {
    this.#stretches = this.#stretchesOf(watched, desk)
    for (const drawing of this.#drawings) drawing.redraw()
  }

  #stretchesOf(watched: Watched | null, desk: Desk | null): Stretches {
    if (watched === null || desk === null) return { holes: [], jumps: [], ...this.#colours() }
    const hole = openHole(desk.feeds, desk.now, endOf(watched.timeline))
    const gaps = hole ? [...watched.gaps, hole] : watched.gaps
    return { holes: holesOf(gaps, watched.timeline), jumps: watched.timeline.breaks, ...this.#colours() }
  }

  #colours(): Pick<Stretches, 'holeColour' | 'jumpColour'> {
    return { holeColour: this.#looks.hole!, jumpColour: this.#looks.jump! }
  }

  #volumeOf({ start, bar }: Point): HistogramData<Time> | WhitespaceData<Time> {
    const time = toAxis(start)
    if (bar === null || bar.volume === null) return { time }
    return { time, value: bar.volume, color: this.#looks[bar.close >= bar.open ? 'up-soft' : 'down-soft']! }
  }

  #hover({ time, logical }: MouseEventParams<Time>): void {
    this.#hovered = time === undefined || logical === undefined ? null : logical
    if (this.#watched) this.#legendOf(this.#watched)
  }

  #legendOf({ timeline, decimals }: Watched): void {
    const last = timeline.points.findLastIndex(({ bar }) => bar !== null)
    const point = timeline.points[this.#hovered ?? last]
    this.#legend.show(point, point ? this.#volatility.at(point.start) : null, decimals)
  }

  #scrolled(range: LogicalRange | null): void {
    const watched = this.#watched
    if (range === null || watched === null) return
    this.#isFollowing = range.to >= this.#drawn - 1
    this.#latest.hidden = this.#isFollowing
    const oldest = watched.timeline.points.find(({ bar }) => bar !== null)?.start
    if (range.from > EARLY || !watched.more || watched.timeline.isFull || oldest === undefined) return
    if (this.#askedBefore === oldest) return
    this.#askedBefore = oldest
    this.#onOlder(oldest)
  }
}

const QUIET = { priceLineVisible: false, lastValueVisible: false }

function candleOf({ start, bar }: Point): CandlestickData<Time> | WhitespaceData<Time> {
  const time = toAxis(start)
  if (bar === null) return { time }
  const { open, high, low, close } = bar
  return { time, open, high, low, close }
}

function endOf({ points }: Timeline): number {
  return points.at(-1)?.end ?? Number.NEGATIVE_INFINITY
}
