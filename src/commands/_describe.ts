import { toDataFrame } from '../core/data-frame.ts'
import type { Io } from './_io.ts'

/** Prints count, mean, deviation, extremes and median of every numeric column. */
export async function printDescription(rows: readonly object[], io: Io): Promise<void> {
  const frame = await toDataFrame(rows)
  io.stdout.write(`${String(frame.describe())}\n`)
}
