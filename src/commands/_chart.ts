import type { ChartView } from '../core/terminal/chart-frame.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { paletteOf, zoneOf } from './_print.ts'

const WIDTH = 80
const HEIGHT = 24

/** Draws one chart a symbol, sized to the terminal. */
export function printCharts<R extends { readonly symbol: string }>(
  rows: readonly R[],
  render: (rows: readonly R[], view: ChartView) => string,
  options: CommonOptions,
  io: Io,
): void {
  const { columns: width = WIDTH, rows: height = HEIGHT } = io.stdout
  const view: ChartView = {
    width,
    height: Math.max(10, height - 2),
    palette: paletteOf(io.stdout, options, io),
    zone: zoneOf(options),
  }
  for (const symbol of new Set(rows.map((row) => row.symbol))) {
    const chart = render(
      rows.filter((row) => row.symbol === symbol),
      view,
    )
    if (chart !== '') io.stdout.write(`${chart}\n`)
  }
}
