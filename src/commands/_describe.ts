import { type Description, describe } from '../core/describe.ts'
import { DESCRIPTION_COLUMNS } from '../core/terminal/description-columns.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { printer } from './_print.ts'

/** Prints count, mean, deviation, extremes and median of every numeric field (a DataFrame's describe). */
export async function printDescription(rows: readonly object[], options: CommonOptions, io: Io): Promise<void> {
  const output = printer<Description>(options, io, { columns: DESCRIPTION_COLUMNS, whole: true })
  await output.write(await describe(rows))
  await output.end()
}
