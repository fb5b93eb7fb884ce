import Table from 'cli-table3'
import { type Column, fitColumns, wantedWidths } from './columns.ts'
import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import { fit } from './width.ts'

const RULES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}
const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }

/**
 * A finished table as text, without a line feed at its end: titles over a rule, one line a row, columns left out where
 * the terminal is narrow.
 */
export function renderTable<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  width: number,
  palette: Palette,
): string {
  const fitted = fitColumns(columns, wantedWidths(columns, rows), width)
  const table = new Table({ chars: RULES, style: PLAIN, colWidths: fitted.map((column) => column.width) })
  table.push(fitted.map(({ column, width: cells }) => palette.heading(fit(column.title, cells, column.align))))
  table.push(fitted.map(({ width: cells }) => palette.faint('─'.repeat(cells))))
  for (const row of rows) {
    table.push(
      fitted.map(({ column, width: cells }) => {
        const text = fit(sanitise(column.text(row)), cells, column.align)
        return column.paint ? column.paint(row, palette)(text) : text
      }),
    )
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
