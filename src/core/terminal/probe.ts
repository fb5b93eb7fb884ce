import type { Column } from './columns.ts'
import { milliseconds } from './figures.ts'
import type { Palette } from './palette.ts'
import type { ProbeRow } from './records.ts'
import { sanitise } from './sanitise.ts'
import { renderTable } from './table.ts'

/** Probe results as a table in the given order, and under it what to do about each endpoint that failed. */
export function renderProbe(rows: readonly ProbeRow[], width: number, palette: Palette): string {
  const failed = rows.filter(({ healthy, remedy }) => !healthy && remedy)
  const remedies = failed.map((row) => `${palette.down('✗')} ${sanitise(row.url)}: ${sanitise(row.remedy!)}`)
  const table = renderTable(probeColumns(rows), rows, width, palette)
  return remedies.length === 0 ? table : [table, '', ...remedies].join('\n')
}

function probeColumns(rows: readonly ProbeRow[]): Column<ProbeRow>[] {
  const right = { align: 'right' } as const
  const hosts = new Set(rows.map(({ url }) => hostOf(url)))
  const named = hosts.size === rows.length ? hostOf : (url: string) => url
  return [
    { title: 'endpoint', align: 'left', rank: 0, least: 16, flexible: true, text: (row) => sanitise(named(row.url)) },
    { ...right, title: 'DNS', rank: 2, text: (row) => milliseconds(row.dns) },
    { ...right, title: 'TCP', rank: 2, text: (row) => milliseconds(row.tcp) },
    { ...right, title: 'TLS', rank: 2, text: (row) => milliseconds(row.tls) },
    { ...right, title: 'upgrade', rank: 2, text: (row) => milliseconds(row.upgrade) },
    { ...right, title: 'total', rank: 1, text: (row) => milliseconds(row.total), paint: (_, p) => p.strong },
    {
      title: 'state',
      align: 'left',
      rank: 0,
      text: (row) => sanitise(row.state),
      paint: (row, p) => (row.healthy ? p.good : p.down),
    },
  ]
}

function hostOf(url: string): string {
  return /^wss?:\/\/([^/?#]+)/i.exec(url)?.[1] ?? url
}
