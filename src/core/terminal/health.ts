import type { HealthRecord } from '../monitor/record.ts'
import type { Column } from './columns.ts'
import { age, bytes, count, fixed, milliseconds, NONE, share } from './figures.ts'
import type { Palette } from './palette.ts'
import { sanitise } from './sanitise.ts'
import type { Zone } from './zone.ts'

/** One line for each record, as time goes on. */
export function healthColumns(zone: Zone): readonly Column<HealthRecord>[] {
  return [
    { title: 'time', align: 'left', rank: 0, text: ({ timestamp }) => zone.clock(timestamp) },
    { title: 'recorder', align: 'right', rank: 4, text: ({ pid }) => (pid === null ? NONE : String(pid)), least: 8 },
    { title: 'state', align: 'left', rank: 0, text: stateOf, paint: paintOf, least: 8 },
    { title: 'ticks/s', align: 'right', rank: 0, text: (row) => fixed(row.ticks_per_second, 1), least: 8 },
    { title: 'last', align: 'right', rank: 1, text: (row) => newest(row), least: 4 },
    { title: 'queue', align: 'right', rank: 2, text: (row) => queue(row), least: 8 },
    { title: 'commit', align: 'right', rank: 1, text: (row) => milliseconds(row.commit_p99), least: 8 },
    { title: 'gaps', align: 'right', rank: 1, text: (row) => count(row.gaps_today), least: 4 },
    { title: 'cpu', align: 'right', rank: 0, text: (row) => share(row.cpu), least: 6 },
    { title: 'memory', align: 'right', rank: 1, text: (row) => ofWhole(row.memory_used, row.memory_limit), least: 6 },
    { title: 'disk', align: 'right', rank: 2, text: (row) => ofWhole(row.disk_used, row.disk_size), least: 6 },
    { title: 'in', align: 'right', rank: 3, text: (row) => rate(row.network_in), least: 10 },
    { title: 'out', align: 'right', rank: 3, text: (row) => rate(row.network_out), least: 10 },
    { title: 'why', align: 'left', rank: 1, text: (row) => row.detail ?? row.reasons.join(' '), flexible: true },
  ]
}

/** A recorder, or a machine without one, at a glance: a few lines, the state first and what is wrong under it. */
export function renderGlance(record: HealthRecord, zone: Zone, palette: Palette): string {
  const rows: [string, string | null][] = record.state === null ? [] : recorderRows(record, zone)
  const shown = [...rows, ['machine', machine(record)] as const].flatMap(([name, text]) =>
    text === null ? [] : [`  ${palette.faint(name.padEnd(8))}  ${sanitise(text)}`],
  )
  return [title(record, zone, palette), ...shown].join('\n')
}

function title(record: HealthRecord, zone: Zone, palette: Palette): string {
  const { pid, since } = record
  if (record.state === null) return palette.warning('no recorder runs on this machine')
  const from = since === null ? '' : ` since ${moment(since, record.timestamp, zone)}`
  return `${palette.heading(`recorder ${pid ?? ''}`.trim())}  ${paintOf(record, palette)(record.state)}${from}`
}

function recorderRows(record: HealthRecord, zone: Zone): [string, string | null][] {
  const { source, store, start, timestamp } = record
  const began = start === null ? '' : `, since ${moment(start, timestamp, zone)}`
  if (record.received === null)
    return [
      ['why', record.detail],
      ['into', store === null ? null : store + began],
    ]
  return [
    ['why', record.detail],
    ['from', source],
    ['into', store === null ? null : store + began],
    ['ticks', ticks(record)],
    ['lag', lag(record)],
    ['symbols', symbols(record)],
    ['gaps', gaps(record)],
    ['doubtful', `${count(sum(record.rejected))} rejected, ${count(sum(record.flagged))} flagged`],
    ['store', size(record)],
    ['process', `${fixed(record.process_cpu, 3)} CPUs, ${bytes(record.process_memory ?? 0)} of memory`],
  ]
}

function ticks({ ticks_per_second, received, duplicates }: HealthRecord): string {
  return `${fixed(ticks_per_second, 1)}/s, ${count(received)} received, ${count(duplicates)} of them again`
}

function lag(record: HealthRecord): string {
  const pair = (low: number | null, high: number | null): string => `${milliseconds(low)} / ${milliseconds(high)}`
  const latency =
    record.latency_p50 === null ? '' : `, from the exchange ${pair(record.latency_p50, record.latency_p99)}`
  return `to commit ${pair(record.commit_p50, record.commit_p99)}, queue ${queue(record)}${latency}`
}

/** Symbols that are shown at a glance. */
const MOST = 6

function symbols({ symbols }: HealthRecord): string | null {
  if (symbols === null || symbols.length === 0) return null
  const heard = symbols.filter((one) => one.age !== null)
  const [few, more] = [heard.slice(0, MOST), heard.length - MOST]
  const ages = few.map((one) => `${one.symbol} ${age(one.age! * 1_000)}`)
  const rest = more > 0 ? [`${more} more since`] : []
  const silent = symbols.length - heard.length
  return [...ages, ...rest, ...(silent > 0 ? [`${silent} without a tick yet`] : [])].join(', ')
}

function gaps({ gaps_today, holes, reconnects }: HealthRecord): string {
  return `${count(gaps_today)} today, ${count(holes)} unfilled of this run, ${count(reconnects)} reconnects`
}

function size({ store_bytes, wal_bytes, waiting_bytes }: HealthRecord): string | null {
  const parts = [
    store_bytes === null ? '' : `${bytes(store_bytes)}, log ${bytes(wal_bytes ?? 0)}`,
    waiting_bytes ? `${bytes(waiting_bytes)} wait for it` : '',
  ].filter(Boolean)
  return parts.length === 0 ? null : parts.join(', ')
}

function machine(record: HealthRecord): string {
  const { cpu, cpus, memory_used, memory_limit, disk_used, disk_size, loop_delay_p99 } = record
  return [
    `cpu ${share(cpu)} of ${fixed(cpus, Number.isInteger(cpus) ? 0 : 2)}`,
    `memory ${bytes(memory_used)} of ${bytes(memory_limit)}`,
    disk_used === null ? '' : `disk ${bytes(disk_used)} of ${bytes(disk_size ?? 0)}`,
    `network ${rate(record.network_in)} in, ${rate(record.network_out)} out`,
    loop_delay_p99 === null ? '' : `event loop late by ${milliseconds(loop_delay_p99)}`,
  ]
    .filter(Boolean)
    .join(', ')
}

function stateOf({ state }: HealthRecord): string {
  return state ?? 'none'
}

function paintOf({ state }: HealthRecord, palette: Palette): (text: string) => string {
  if (state === 'failing') return palette.down
  return state === 'ok' || state === 'closed' ? palette.good : palette.warning
}

function newest({ symbols }: HealthRecord): string {
  const ages = (symbols ?? []).flatMap((one) => (one.age === null ? [] : [one.age]))
  return ages.length === 0 ? NONE : age(Math.min(...ages) * 1_000)
}

function queue({ queue_seconds }: HealthRecord): string {
  return milliseconds(queue_seconds === null ? null : queue_seconds * 1_000)
}

function ofWhole(used: number | null, whole: number | null): string {
  return share(used === null || !whole ? null : used / whole)
}

function rate(perSecond: number | null): string {
  return perSecond === null ? NONE : `${bytes(Math.round(perSecond))}/s`
}

function sum(counts: HealthRecord['rejected']): number {
  return Object.values(counts ?? {}).reduce<number>((total, one = 0) => total + one, 0)
}

/** A time of today as such, of another day with its date. */
function moment(time: number, now: number, zone: Zone): string {
  return zone.date(time) === zone.date(now) ? zone.clock(time) : `${zone.date(time)} ${zone.clock(time)}`
}
