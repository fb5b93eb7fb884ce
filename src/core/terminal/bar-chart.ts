import type { Bar } from '../market/bar.ts'
import { type ChartView, frame, frameWidth, inColumns, largest, smallest } from './chart-frame.ts'
import { price } from './figures.ts'
import { bySign } from './palette.ts'

interface Candle {
  readonly start: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number | null
}

/** What covers half a cell: nothing, the wick (low to high), the body (open to close). */
type Half = 0 | 1 | 2

/** A cell by what its upper and its lower half show. */
const CELLS: readonly (readonly [string, string, string])[] = [
  [' ', '╷', '╻'],
  ['╵', '│', '╽'],
  ['╹', '╿', '┃'],
]
const BLOCKS = ' ▁▂▃▄▅▆▇█'

/**
 * Bars of one symbol as candles with their volume below, one column a bar; more bars than columns are joined. Empty
 * bars (NaN prices) leave their column free. An empty text when there is nothing to draw.
 */
export function renderBarChart(bars: readonly Bar[], view: ChartView): string {
  const traded = bars.filter(({ close }) => Number.isFinite(close))
  if (traded.length === 0) return ''
  const top = largest(traded.map(({ high }) => high))
  const bottom = smallest(traded.map(({ low }) => low))
  const room = Math.max(1, view.width - frameWidth([price(top), price(bottom)]))
  const candles = inColumns(bars, room).map(joined)
  const height = Math.max(2, view.height - 1)
  const columns = candles.map((candle) => column(candle, top, bottom, height))
  const lines = Array.from({ length: height }, (_, line) =>
    candles.map((candle, i) => bySign(view.palette, candle.close - candle.open)(columns[i]![line]!)).join(''),
  )
  const last = traded.at(-1)!
  const framed = frame(
    {
      title: `${last.symbol}  ${view.zone.local(bars[0]!.start).slice(0, 16)} to ${view.zone.local(last.end).slice(0, 16)}  last ${price(last.close)}`,
      lines,
      columns: candles.length,
      label: price,
      ...{ top, bottom },
      times: candles.map(({ start }) => start),
    },
    view,
  ).split('\n')
  const indent = ' '.repeat(frameWidth([price(top), price(bottom)]))
  framed.splice(-2, 0, (indent + view.palette.faint(volumes(candles))).trimEnd())
  return framed.join('\n')
}

function joined(bars: readonly Bar[]): Candle {
  const traded = bars.filter(({ close }) => Number.isFinite(close))
  const volumes = bars.flatMap(({ volume }) => volume ?? [])
  return {
    start: bars[0]!.start,
    open: traded[0]?.open ?? Number.NaN,
    high: largest(traded.map(({ high }) => high)),
    low: smallest(traded.map(({ low }) => low)),
    close: traded.at(-1)?.close ?? Number.NaN,
    volume: volumes.length === 0 ? null : volumes.reduce((sum, volume) => sum + volume, 0),
  }
}

/** The cells of one candle from top to bottom. */
function column({ open, high, low, close }: Candle, top: number, bottom: number, height: number): string[] {
  if (Number.isNaN(close)) return Array<string>(height).fill(' ')
  const steps = 2 * height - 1
  const level = (value: number): number =>
    top > bottom ? Math.round(((value - bottom) / (top - bottom)) * steps) : height
  const [body, wick] = [
    [level(Math.min(open, close)), level(Math.max(open, close))],
    [level(low), level(high)],
  ] as [[number, number], [number, number]]
  const half = (at: number): Half => (at >= body[0] && at <= body[1] ? 2 : at >= wick[0] && at <= wick[1] ? 1 : 0)
  return Array.from({ length: height }, (_, line) => CELLS[half(steps - 2 * line)]![half(steps - 2 * line - 1)]!)
}

function volumes(candles: readonly Candle[]): string {
  const most = Math.max(...candles.map(({ volume }) => volume ?? 0))
  return candles
    .map(({ volume }) => BLOCKS[volume && most > 0 ? Math.max(1, Math.round((volume / most) * 8)) : 0])
    .join('')
}
