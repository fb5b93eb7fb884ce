import type { Column } from './columns.ts'
import { milliseconds, NONE } from './figures.ts'
import type { Palette } from './palette.ts'
import type { ProbeRow } from './records.ts'
import { sanitise } from './sanitise.ts'
import { renderTable } from './table.ts'

/** Probe results as a table in the given order, and under it what to do about each endpoint with something in its way. */
export function renderProbe(rows: readonly ProbeRow[], width: number, palette: Palette): string {
  const hindered = rows.filter(({ remedy }) => remedy !== null)
  const remedies = hindered.map((row) => `${paintOf(row, palette)('✗')} ${sanitise(row.url)}: ${sanitise(row.remedy!)}`)
  const table = renderTable(probeColumns(rows), rows, width, palette)
  return remedies.length === 0 ? table : [table, '', ...remedies].join('\n')
}

function probeColumns(rows: readonly ProbeRow[]): Column<ProbeRow>[] {
  const right = { align: 'right' } as const
  const hosts = new Set(rows.map(({ url }) => hostOf(url)))
  const named = hosts.size === rows.length ? hostOf : (url: string) => url
  const inSession = rows.some(({ heartbeat }) => heartbeat !== undefined)
  return [
    { title: 'endpoint', align: 'left', rank: 0, least: 16, flexible: true, text: (row) => sanitise(named(row.url)) },
    { ...right, title: 'DNS', rank: 2, text: (row) => milliseconds(row.dns) },
    { ...right, title: 'TCP', rank: 2, text: (row) => milliseconds(row.tcp) },
    { ...right, title: 'TLS', rank: 2, text: (row) => milliseconds(row.tls) },
    { ...right, title: 'upgrade', rank: 2, text: (row) => milliseconds(row.upgrade) },
    { ...right, title: 'total', rank: 1, text: (row) => milliseconds(row.total), paint: (_, p) => p.strong },
    ...(inSession ? SESSION_COLUMNS : []),
    { title: 'state', align: 'left', rank: 0, text: stateOf, paint: paintOf },
  ]
}

const SESSION_COLUMNS: readonly Column<ProbeRow>[] = [
  { title: 'heartbeat', align: 'right', rank: 0, text: (row) => milliseconds(row.heartbeat ?? null) },
  { title: 'first tick', align: 'right', rank: 0, text: (row) => milliseconds(row.first_tick ?? null) },
]
const LABELS: Readonly<Record<string, string>> = { dns: 'DNS', tcp: 'TCP', tls: 'TLS' }

function stateOf({ status, failed }: ProbeRow): string {
  if (failed)
    return sanitise(`${LABELS[failed.phase] ?? failed.phase} ${failed.code === 'TIMEOUT' ? 'timed out' : failed.code}`)
  if (status === null) return NONE
  return status === 101 ? 'ok' : `HTTP ${status}`
}

function paintOf({ reached, status }: ProbeRow, palette: Palette): (text: string) => string {
  return status === 101 ? palette.good : reached ? palette.warning : palette.down
}

function hostOf(url: string): string {
  return /^wss?:\/\/([^/?#]+)/i.exec(url)?.[1] ?? url
}
