import { toDataFrame } from './data-frame.ts'

/** One numeric field of many records, as DataFrame.describe() has it. */
export interface Description {
  type: 'description'
  field: string
  count: number
  mean: number
  std: number
  min: number
  median: number
  max: number
}

const NOT_NUMBERS: ReadonlySet<string> = new Set([
  'type',
  'symbol',
  'start',
  'end',
  'timestamp',
  'final',
  'has_gap',
  'seasonal',
])

/**
 * Count, mean, sample deviation, extremes and median of every numeric field of `rows`, nulls left out; fields without a
 * number are not described.
 * @throws HkqError as toDataFrame
 */
export async function describe(rows: readonly object[]): Promise<Description[]> {
  const fields = Object.keys(rows[0] ?? {}).filter((name) => !NOT_NUMBERS.has(name))
  const described: Description[] = []
  for (const field of fields) {
    const numbers = rows.map((row) => ({ value: row[field as keyof typeof row] as unknown })).filter(isNumber)
    if (numbers.length === 0) continue
    const summary = (await toDataFrame(numbers)).describe()
    const figure = (name: string): number => Number(summary.values[summary.index.indexOf(name)]![0])
    const [mean, std, min, median, max] = ['mean', 'std', 'min', 'median', 'max'].map(figure) as [
      number,
      number,
      number,
      number,
      number,
    ]
    described.push({ type: 'description', field, count: numbers.length, mean, std, min, median, max })
  }
  return described
}

function isNumber(row: { value: unknown }): boolean {
  return typeof row.value === 'number' && Number.isFinite(row.value)
}
