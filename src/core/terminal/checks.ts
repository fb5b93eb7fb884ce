import type { Column } from './columns.ts'
import type { Palette } from './palette.ts'
import type { CheckRow } from './records.ts'
import { sanitise } from './sanitise.ts'
import { renderTable } from './table.ts'

const COLUMNS: readonly Column<CheckRow>[] = [
  { title: 'state', align: 'left', rank: 0, text: ({ state }) => state, paint: paintOf },
  { title: 'check', align: 'left', rank: 0, text: ({ name }) => sanitise(name) },
  { title: 'found', align: 'left', rank: 0, flexible: true, text: ({ detail }) => sanitise(detail) },
]

/** Checks as a table in the given order, and under it what to do about each that is not well. */
export function renderChecks(rows: readonly CheckRow[], width: number, palette: Palette): string {
  const remedies = rows.flatMap((row) =>
    row.remedy === null ? [] : [`${paintOf(row, palette)(sanitise(row.name))}: ${sanitise(row.remedy)}`],
  )
  const table = renderTable(COLUMNS, rows, width, palette)
  return remedies.length === 0 ? table : [table, '', ...remedies].join('\n')
}

function paintOf({ state }: CheckRow, palette: Palette): (text: string) => string {
  return { ok: palette.good, warning: palette.warning, failure: palette.down }[state]
}
