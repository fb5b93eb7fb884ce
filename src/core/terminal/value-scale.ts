import { fixed } from './figures.ts'

/** How the rows of a plot stand for values: every row one step up, labels on the rows that mean a round value. */
export interface ValueScale {
  readonly rows: number
  /** Rows above the middle of the lowest row, in fractions; below it negative. */
  row(value: number): number
  /** Labels by row, counted from the lowest: round values, evenly apart, all with the same number of decimals. */
  readonly labels: ReadonlyMap<number, string>
  /** A value as labels write it. */
  label(value: number): string
}

/** Round values `step` apart lie `every` rows apart. */
interface Grid {
  readonly every: number
  readonly step: number
  readonly decimals: number
}

/**
 * The closest scale whose `rows` hold both values, the middle of each row a round value or a round part of one.
 * @param low finite, at most `high`; equal ones get a scale around them
 */
export function valueScale(low: number, high: number, rows: number): ValueScale {
  const span = high > low ? Math.max(high - low, Math.abs(high) * 1e-9) : Math.abs(high) * 0.01 || 1
  const taken = (perRow: number): number => Math.round(high / perRow) - Math.round(low / perRow) + 1
  const grid = closest(span / rows, rows, (perRow) => taken(perRow) <= rows)
  const perRow = grid.step / grid.every
  const lowest = Math.round(low / perRow) - Math.floor((rows - taken(perRow)) / 2)
  return scaleOf(grid, low >= 0 ? Math.max(0, lowest) : lowest, rows)
}

/** The closest scale from zero, which lies in the middle of the row below the lowest, to `high` (above zero). */
export function scaleFromZero(high: number, rows: number): ValueScale {
  return scaleOf(
    closest(high / (rows + 0.5), rows, (perRow) => Math.round(high / perRow) <= rows),
    1,
    rows,
  )
}

function scaleOf(grid: Grid, lowest: number, rows: number): ValueScale {
  const { every, step, decimals } = grid
  const label = (value: number): string => fixed(value, decimals)
  const labels = new Map<number, string>()
  for (let row = 0; row < rows; row++) {
    if ((lowest + row) % every === 0) labels.set(row, label(((lowest + row) / every) * step))
  }
  return { rows, labels, label, row: (value) => (value * every) / step - lowest }
}

const ROUND = [1, 2, 2.5, 5] as const

/** The grid with the least value a row that fits; `least` is about what it must be at least. */
function closest(least: number, rows: number, fits: (perRow: number) => boolean): Grid {
  for (let power = Math.floor(Math.log10(least)); ; power++) {
    const found = ROUND.flatMap((round) =>
      rowsApart(rows).map((every) => ({
        every,
        step: round * 10 ** power,
        decimals: Math.min(100, Math.max(0, (round === 2.5 ? 1 : 0) - power)),
      })),
    )
      .filter(({ every, step }) => fits(step / every))
      .sort((a, b) => a.step / a.every - b.step / b.every)[0]
    if (found) return found
  }
}

/** How many rows two labels may lie apart: none crowded, and two of them in view wherever the values lie. */
function rowsApart(rows: number): readonly number[] {
  if (rows < 4) return [1]
  return (rows < 16 ? [2, 3, 4] : rows < 30 ? [3, 4, 5] : [4, 5, 6]).filter((every) => 2 * every <= rows)
}
