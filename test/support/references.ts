import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Where a reference lies; how each is made is told in the README beside it. */
export function referencePath(name: string): string {
  return new URL(`../fixtures/references/${name}.csv.gz`, import.meta.url).pathname
}

/** The rows of a reference, each by column name. */
export function reference(name: string): Record<string, string>[] {
  const [header, ...lines] = gunzipSync(readFileSync(referencePath(name)))
    .toString()
    .trim()
    .split('\n')
  const names = header!.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((column, i) => [column, cells[i]!]))
  })
}

/** The number in a cell; NaN where it is empty. */
export function numberOf(cell: string | undefined): number {
  return cell === undefined || cell === '' ? Number.NaN : Number(cell)
}

/** Largest relative error; infinite where one is NaN and the other is not, or where 0 is not 0. */
export function worstError(values: Iterable<number | null>, expected: readonly number[]): number {
  const all = Array.from(values, (value) => value ?? Number.NaN)
  if (all.length !== expected.length) return Number.POSITIVE_INFINITY
  return Math.max(...all.map((value, i) => errorOf(value, expected[i]!)))
}

function errorOf(value: number, expected: number): number {
  if (Object.is(value, expected)) return 0
  const error = Math.abs(value - expected) / Math.abs(expected)
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
}
