import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import { displayWidth, fit } from './width.ts'

/** One column of a table for people: what it shows of a row, and how much it matters when the terminal is narrow. */
export interface Column<R> {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Plain text of the cell, whoever it comes from: what steers a terminal is taken out of it. */
  readonly text: (row: R) => string
  /** Colours a finished cell; absent leaves it plain. */
  readonly paint?: (row: R, palette: Palette) => (text: string) => string
  /** 0 is always shown; of the others the highest number goes first when there is no room. */
  readonly rank: number
  /** Least width in cells, so that a column does not jump while its figures change, or is not cut further. */
  readonly least?: number
  /** Whether the text may be cut to make room. */
  readonly flexible?: boolean
}

/** A column with the width it got. */
export interface Fitted<R> {
  readonly column: Column<R>
  readonly width: number
}

const SPACE = 2
const FLEXIBLE_LEAST = 8

/**
 * Columns that fit into `width` cells side by side, two apart: flexible ones shrink, then the least important ones are
 * left out, then what is left is shared out again.
 * @param widths width each column wants, in the order of `columns`
 */
export function fitColumns<R>(columns: readonly Column<R>[], widths: readonly number[], width: number): Fitted<R>[] {
  let kept = columns.map((column, i) => ({ column, width: widths[i]!, least: least(column, widths[i]!) }))
  const needed = (): number => kept.reduce((sum, { least }) => sum + least + SPACE, -SPACE)
  while (needed() > width) {
    const rank = Math.max(...kept.map(({ column }) => column.rank))
    if (rank === 0) break
    const last = kept.findLastIndex(({ column }) => column.rank === rank)
    kept = kept.filter((_, i) => i !== last)
  }
  let spare = Math.max(0, width - needed())
  return kept.map(({ column, width: wanted, least }) => {
    const given = Math.min(wanted - least, spare)
    spare -= given
    return { column, width: least + given }
  })
}

function least(column: Column<never>, wanted: number): number {
  return column.flexible ? Math.min(wanted, column.least ?? FLEXIBLE_LEAST) : wanted
}

/** The widths the columns want for these rows: the widest of title, least width and cells. */
export function wantedWidths<R>(columns: readonly Column<R>[], rows: readonly R[]): number[] {
  return columns.map(({ title, text, least = 0 }) =>
    rows.reduce(
      (widest, row) => Math.max(widest, displayWidth(sanitise(text(row)))),
      Math.max(least, displayWidth(title)),
    ),
  )
}

/** The line of titles. */
export function titleLine<R>(fitted: readonly Fitted<R>[], palette: Palette): string {
  return fitted
    .map(({ column, width }) => palette.faint(fit(column.title, width, column.align)))
    .join(' '.repeat(SPACE))
    .trimEnd()
}

/** One row as a line. */
export function rowLine<R>(fitted: readonly Fitted<R>[], row: R, palette: Palette): string {
  return fitted
    .map(({ column, width }) => {
      const cell = fit(sanitise(column.text(row)), width, column.align)
      return column.paint ? column.paint(row, palette)(cell) : cell
    })
    .join(' '.repeat(SPACE))
    .trimEnd()
}
