import {
  createChart,
  type IChartApi,
  type ISeriesApi,
  type LineData,
  LineSeries,
  LineType,
  type Time,
} from 'lightweight-charts'
import { FIRST_TICKS, type TapeTick } from '../../core/dashboard/protocol.ts'
import { type Flag, LEFT_OUT } from '../../core/market/event.ts'
import { AxisNames } from '../chart/axis-names.ts'
import { fromAxis, markLabel, toAxis } from '../chart/axis-time.ts'
import { chartOptions, type Looks, looksOf } from '../chart/looks.ts'
import { StretchDrawing, type Stretches } from '../chart/stretches.ts'
import { priceLabels } from '../chart/whole-labels.ts'
import { clockMs } from '../clock.ts'
import { type Desk, nameOf } from '../desk/desk.ts'
import { MAX_TICKS, type Watched } from '../desk/watched.ts'
import { element, Field } from '../dom.ts'
import { price } from '../figures.ts'
import { isChinese, text } from '../texts/texts.ts'

/** Trades of one millisecond lie so many seconds apart on the axis, which takes each time once. */
const APART = 1e-6
/** Room for half a label at the right of the newest trade, px. */
const MARGIN = 30

/** The newest trades, one step a trade: opens with the last 100. */
export class TickLine {
  readonly #chart: IChartApi
  readonly #line: ISeriesApi<'Line'>
  readonly #drawing: StretchDrawing
  readonly #title = new Field(element('ticks-title'))
  readonly #axes = new AxisNames('ticks')
  readonly #summary = new Field(element('ticks-summary'))
  #looks: Looks
  #stretches: Stretches = { holes: [], jumps: [], holeColour: '', jumpColour: '' }
  #watched: Watched | null = null
  #seen = { ticks: -1, gaps: -1, words: -1, rows: -1 }
  /** What is drawn, in order of the axis. */
  #drawn: { readonly time: number; readonly tick: TapeTick }[] = []
  #summarisedAt = Number.NEGATIVE_INFINITY
  /** Whether the last 100 trades are still to be shown: there are fewer, or no tab shows the panel, which has no width then. */
  #isOpening = false

  constructor(container: HTMLElement) {
    this.#looks = looksOf(document.documentElement)
    this.#chart = createChart(container, { autoSize: true, ...this.#options() })
    this.#line = this.#chart.addSeries(LineSeries, { lineWidth: 2, lineType: LineType.WithSteps })
    this.#drawing = new StretchDrawing(() => this.#stretches)
    this.#line.attachPrimitive(this.#drawing)
    this.#chart.timeScale().subscribeSizeChange(() => this.#open())
    this.dress()
  }

  /** Takes on the colours of the page as they are now. */
  dress(): void {
    this.#looks = looksOf(document.documentElement)
    this.#chart.applyOptions(this.#options())
    this.#line.applyOptions({ color: this.#looks.accent! })
    this.#seen.gaps = -1
  }

  paint(desk: Desk): void {
    const { watched, revisions } = desk
    if (watched === null) return
    const isNew = watched !== this.#watched
    if (isNew || this.#seen.words !== revisions.words || this.#seen.rows !== revisions.rows) this.#name(desk)
    this.#axes.paint(desk)
    if (isNew) this.#turnTo(watched)
    if (this.#seen.ticks !== watched.revisions.ticks) this.#draw(watched.ticks, isNew)
    if (this.#seen.gaps !== watched.revisions.gaps || this.#seen.ticks !== watched.revisions.ticks) this.#shade(watched)
    this.#seen = { ...watched.revisions, words: revisions.words, rows: revisions.rows }
    this.#summarise(watched)
  }

  #options(): Parameters<IChartApi['applyOptions']>[0] {
    const common = chartOptions(this.#looks)
    const timeScale = { ...common.timeScale, timeVisible: true, secondsVisible: true, rightOffset: 3, minBarSpacing: 1 }
    return {
      ...common,
      // A fixed edge keeps the label of the first trade whole.
      timeScale: { ...timeScale, tickMarkFormatter: markLabel, fixLeftEdge: true },
      localization: { timeFormatter: (time: Time) => clockMs(fromAxis(time)) },
    }
  }

  #name(desk: Desk): void {
    const { symbol } = desk.watched!
    const name = nameOf(desk.rows.get(symbol), isChinese())
    this.#title.set(`${symbol} ${name}`.trim())
  }

  #turnTo(watched: Watched): void {
    this.#watched = watched
    this.#drawn = []
    this.#summarisedAt = Number.NEGATIVE_INFINITY
    this.#seen = { ticks: -1, gaps: -1, words: -1, rows: -1 }
    this.#line.applyOptions(priceLabels(this.#line, watched.decimals))
  }

  #draw(ticks: readonly TapeTick[], isNew: boolean): void {
    const shown = ticks.filter(({ flags }) => !flags.some((flag) => LEFT_OUT.includes(flag as Flag)))
    const last = this.#drawn.at(-1)?.tick.nth ?? Number.NEGATIVE_INFINITY
    const added = shown.filter(({ nth }) => nth > last)
    if (isNew || this.#drawn.length + added.length > 2 * MAX_TICKS) {
      this.#drawn = []
      for (const tick of shown) this.#place(tick)
      this.#line.setData(this.#drawn.map((_, i) => this.#pointOf(i)))
    } else {
      for (const tick of added) {
        this.#place(tick)
        this.#line.update(this.#pointOf(this.#drawn.length - 1))
      }
    }
    if (isNew) this.#isOpening = true
    this.#open()
  }

  /** Shows the last 100 trades over the whole width, once there is one; fewer stand at its left and grow. */
  #open(): void {
    const scale = this.#chart.timeScale()
    if (!this.#isOpening || scale.width() === 0) return
    const { length } = this.#drawn
    const from = Math.max(0, length - FIRST_TICKS)
    const spacing = (scale.width() - MARGIN) / FIRST_TICKS
    scale.setVisibleLogicalRange({ from, to: from + FIRST_TICKS - 1 + MARGIN / spacing })
    this.#isOpening = length < FIRST_TICKS
  }

  /** Late trades stand where they came: the line is in order of arrival. */
  #place(tick: TapeTick): void {
    const before = this.#drawn.at(-1)?.time ?? Number.NEGATIVE_INFINITY
    this.#drawn.push({ time: Math.max(toAxis(tick.timestamp), before + APART), tick })
  }

  /** Trades that were not sent leave the line open. */
  #pointOf(index: number): LineData<Time> {
    const { time, tick } = this.#drawn[index]!
    const point = { time: time as Time, value: tick.last_price }
    const isOpen = index > 0 && tick.nth - this.#drawn[index - 1]!.tick.nth > FIRST_TICKS
    return isOpen ? { ...point, color: 'transparent' } : point
  }

  /** A hole in the data lies between the trades that it parts. */
  #shade({ gaps }: Watched): void {
    const holes = gaps.flatMap(({ from, to, filled_by }) => {
      const after = this.#drawn.findIndex(({ tick }) => tick.timestamp >= to)
      if (filled_by === 'second feed' || after <= 0 || this.#drawn[after - 1]!.tick.timestamp > to) return []
      if (this.#drawn[0]!.tick.timestamp > from) return []
      return [{ from: after - 0.5, to: after - 0.5, isFilled: false }]
    })
    this.#stretches = { holes, jumps: [], holeColour: this.#looks.hole!, jumpColour: this.#looks.faint! }
    this.#drawing.redraw()
  }

  #summarise({ decimals }: Watched): void {
    if (performance.now() - this.#summarisedAt < 5_000) return
    this.#summarisedAt = performance.now()
    const [first, last] = [this.#drawn[0]?.tick, this.#drawn.at(-1)?.tick]
    if (first === undefined || last === undefined) return
    const range = { from: clockMs(first.timestamp), to: clockMs(last.timestamp) }
    this.#summary.set(
      text('ticks.summary', { count: this.#drawn.length, ...range, price: price(last.last_price, decimals) }),
    )
  }
}
