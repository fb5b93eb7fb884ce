import type { Bar } from '../market/bar.ts'
import { block } from './blocks.ts'
import { bodyWidth, type Candle, candleLines, candleSigns } from './candle.ts'
import { evenly, type Place, plotted } from './chart-columns.ts'
import {
  AXIS_LINES,
  type ChartView,
  framed,
  headingLines,
  headingOf,
  type LegendEntry,
  largest,
  type Panel,
  sideOf,
  smallest,
  spanText,
} from './chart-frame.ts'
import { amount, price } from './figures.ts'
import { bySign, type Palette } from './palette.ts'
import { timeAxis } from './time-axis.ts'
import { type ValueScale, valueScale } from './value-scale.ts'

/** Volume takes this share of the lines between heading and axis. */
const VOLUME_SHARE = 1 / 6
/** As long as an amount is. */
const AMOUNT = '99.9K'

/**
 * Bars of one symbol as candles over their volume, spread over the width; where they are more than columns, several
 * share a candle. Empty bars (NaN prices) leave their place free. An empty text when there is nothing to draw.
 */
export function renderBarChart(bars: readonly Bar[], view: ChartView): string {
  const traded = bars.filter(isTraded)
  if (traded.length === 0) return ''
  const lines = Math.max(1, view.height - headingLines(view) - AXIS_LINES)
  const volumeLines = bars.some(({ volume }) => volume) ? Math.round(lines * VOLUME_SHARE) : 0
  const [low, high] = [smallest(traded.map((bar) => bar.low)), largest(traded.map((bar) => bar.high))]
  const scale = valueScale(low, high, lines - volumeLines)
  const side = sideOf([...scale.labels.values(), ...(volumeLines > 0 ? [AMOUNT] : [])], view.width)
  const room = Math.max(1, view.width - side)
  const places = evenly(bars, (bar) => bar, room)
  const panels = [pricePanel(places, scale, view.palette)]
  if (volumeLines > 0) panels.push(volumePanel(places, volumeLines, view.palette))
  const heading = headingOf(titleOf(traded, bars, view), legendOf(places, volumeLines > 0, view.palette), view)
  const axis = timeAxis(places, (bar) => bar, room, view.zone, (bodyWidth(places[0]!.width) - 1) / 2)
  return framed({ heading, panels, axis }, side, view)
}

function isTraded({ close }: Bar): boolean {
  return Number.isFinite(close)
}

function titleOf(traded: readonly Bar[], bars: readonly Bar[], { zone }: ChartView): string {
  const last = traded.at(-1)!
  return `${last.symbol}  ${spanText(bars[0]!.start, bars.at(-1)!.end, zone)}  last ${price(last.close)}`
}

function legendOf(places: readonly Place<Bar>[], withVolume: boolean, palette: Palette): LegendEntry[] {
  const { up, down } = candleSigns(places[0]!.width)
  const shared = largest(places.map(({ items }) => items.length))
  return [
    { sign: up, text: 'up', paint: palette.up },
    { sign: down, text: 'down', paint: palette.down },
    ...(shared > 1 ? [{ sign: String(shared), text: 'bars a candle' }] : []),
    ...(withVolume ? [{ sign: '▂▅█', text: 'volume' }] : []),
  ]
}

function pricePanel(places: readonly Place<Bar>[], scale: ValueScale, palette: Palette): Panel {
  const lines = plotted(
    places,
    scale.rows,
    ({ items, width }) => {
      const candle = joined(items.filter(isTraded))
      if (candle === null) return Array<string>(scale.rows).fill(' '.repeat(width))
      const paint = bySign(palette, candle.close - candle.open)
      return candleLines(candle, scale, width).map((cells) => (cells.trim() === '' ? cells : paint(cells)))
    },
    palette.faint,
  )
  return { lines, labels: new Map([...scale.labels].map(([row, label]) => [scale.rows - 1 - row, label])) }
}

function joined(bars: readonly Bar[]): Candle | null {
  if (bars.length === 0) return null
  return {
    open: bars[0]!.open,
    high: largest(bars.map(({ high }) => high)),
    low: smallest(bars.map(({ low }) => low)),
    close: bars.at(-1)!.close,
  }
}

function volumePanel(places: readonly Place<Bar>[], rows: number, palette: Palette): Panel {
  const volumeOf = ({ items }: Place<Bar>): number => items.reduce((sum, { volume }) => sum + (volume ?? 0), 0)
  const most = largest(places.map(volumeOf))
  const lines = plotted(
    places,
    rows,
    (place) => {
      const volume = volumeOf(place)
      const eighths = volume > 0 ? Math.max(1, (volume / most) * rows * 8) : 0
      return Array.from({ length: rows }, (_, line) =>
        palette.faint(
          block(eighths - (rows - 1 - line) * 8)
            .repeat(bodyWidth(place.width))
            .padEnd(place.width),
        ),
      )
    },
    palette.faint,
  )
  return { lines, labels: new Map([[0, amount(most)]]) }
}
