import { type Column, fitColumns, rowLine, titleLine, wantedWidths } from './columns.ts'
import type { Palette } from './palette.ts'

/** Rows that keep coming, as lines under their titles. */
export interface RowPrinter<R> {
  /** Lines of these rows, ending in a line feed; the titles come first and again when the columns had to change. */
  print(rows: readonly R[]): string
}

/** @param width cells of the terminal; Infinity where there is no terminal: nothing is left out then */
export function createRowPrinter<R>(columns: readonly Column<R>[], width: number, palette: Palette): RowPrinter<R> {
  let widths: readonly number[] = columns.map(() => 0)
  let titled = ''
  return {
    print: (rows) => {
      if (rows.length === 0) return ''
      widths = wantedWidths(columns, rows).map((wanted, i) => Math.max(wanted, widths[i]!))
      const fitted = fitColumns(columns, widths, width)
      const titles = fitted.map(({ column }) => column.title).join()
      const lines = rows.map((row) => rowLine(fitted, row, palette))
      if (titles !== titled) lines.unshift(titleLine(fitted, palette))
      titled = titles
      return `${lines.join('\n')}\n`
    },
  }
}
