import { type Description, describe } from '../core/describe.ts'
import type { Column } from '../core/terminal/columns.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { printer } from './_print.ts'

const FIGURES = ['count', 'mean', 'std', 'min', 'median', 'max'] as const
const COLUMNS: readonly Column<Description>[] = [
  { title: 'field', align: 'left', rank: 0, text: ({ field }) => field },
  ...FIGURES.map(
    (name): Column<Description> => ({ title: name, align: 'right', rank: 1, text: (row) => short(row[name]) }),
  ),
]

/** Prints count, mean, deviation, extremes and median of every numeric field (a DataFrame's describe). */
export async function printDescription(rows: readonly object[], options: CommonOptions, io: Io): Promise<void> {
  const output = printer<Description>(options, io, { columns: COLUMNS, whole: true })
  await output.write(await describe(rows))
  await output.end()
}

function short(figure: number): string {
  return Number.isInteger(figure) ? figure.toLocaleString('en') : String(Number(figure.toPrecision(7)))
}
