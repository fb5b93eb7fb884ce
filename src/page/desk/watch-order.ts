import type { Row } from './desk.ts'

/**
 * Rows, the most unusual volatility first: by how many times what is usual, and where nothing is usual yet by the share of
 * earlier values below it; those without, in the order they were asked for.
 */
export function mostUnusualFirst(rows: Iterable<Row>): Row[] {
  return [...rows].sort((a, b) => (b.ratio ?? -1) - (a.ratio ?? -1) || (b.percentile ?? -1) - (a.percentile ?? -1))
}

/** Whether a row's code or names contain a text, whatever its case. */
export function matches({ symbol, facts: { name_en, name_zh } }: Row, filter: string): boolean {
  const wanted = filter.trim().toLowerCase()
  return wanted === '' || [symbol, name_en, name_zh].some((name) => name?.toLowerCase().includes(wanted))
}
