import type { ChartView } from '../core/terminal/chart-frame.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { paletteOf, zoneOf } from './_print.ts'

const WIDTH = 80
const HEIGHT = 24
/** Charts share the screen when each of them gets as many lines. */
const SHARED = 15

/**
 * Draws one chart a symbol, sized to the terminal with a line left for the prompt.
 * @param linesBelow lines that the command will print after the charts
 */
export function printCharts<R extends { readonly symbol: string }>(
  rows: readonly R[],
  render: (rows: readonly R[], view: ChartView) => string,
  options: CommonOptions,
  io: Io,
  linesBelow = 0,
): void {
  const { columns: width = WIDTH, rows: height = HEIGHT } = io.stdout
  const symbols = new Set(rows.map((row) => row.symbol))
  const free = Math.max(1, height - 1 - linesBelow)
  const share = Math.floor(free / symbols.size)
  const view: ChartView = {
    width,
    height: share >= SHARED ? share : free,
    palette: paletteOf(io.stdout, options, io),
    zone: zoneOf(options),
  }
  for (const symbol of symbols) {
    const chart = render(
      rows.filter((row) => row.symbol === symbol),
      view,
    )
    if (chart !== '') io.stdout.write(`${chart}\n`)
  }
}
