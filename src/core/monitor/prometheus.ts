import type { Metric, MetricType } from 'prom-client'
import { FLAGS, REJECT_REASONS } from '../market/event.ts'
import type { Histogram } from '../statistics/histogram.ts'
import type { HealthRecord } from './record.ts'
import type { Told } from './recorder-watch.ts'
import { REASONS, STATES } from './verdict.ts'

/** One number with its labels; null where there is none. */
interface Sample {
  readonly value: number | null
  readonly labels?: Readonly<Record<string, string>>
  /** Of a histogram's parts. */
  readonly metricName?: string
}

type Kind = 'counter' | 'gauge' | 'histogram'

/** Ends of a histogram's buckets that are told, ms: from 0.16 ms to 84 s. */
const BUCKETS = [0.1, 100_000] as const

/**
 * What a recorder tells Prometheus, in its text format. Names follow its conventions: base units (seconds, bytes, shares from
 * 0 to 1), `_total` for counters. Label values are few: states, reasons, flags, and the symbols that are recorded.
 */
export async function prometheusText(told: Told): Promise<string> {
  const { Registry } = await import('prom-client')
  const registry = new Registry()
  const add = (kind: Kind, name: string, help: string, values: number | null | readonly Sample[]): void => {
    const samples = (Array.isArray(values) ? values : [{ value: values }]).filter(({ value }) => value !== null)
    const metric = { name, help, type: kind as unknown as MetricType, aggregator: 'sum', values: samples }
    registry.registerMetric({ name, get: async () => metric } as unknown as Metric)
  }
  recorder(told.record, add)
  counters(told.record, add)
  times(told, add)
  machine(told, add)
  return registry.metrics()
}

/** The type of that text. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Add = (kind: Kind, name: string, help: string, values: number | null | readonly Sample[]) => void

function recorder(record: HealthRecord, add: Add): void {
  const { state, reasons, source, store, since, start, symbols } = record
  const info = { source: source ?? '', store: store ?? '' }
  add('gauge', 'hkq_recorder_info', 'Where it records from and into, always 1', [{ value: 1, labels: info }])
  const states = STATES.map((one) => ({ value: Number(one === state), labels: { state: one } }))
  add('gauge', 'hkq_state', '1 for the state it is in', states)
  const why = REASONS.filter((one) => one !== 'no_answer').map((one) => ({
    value: Number(reasons.includes(one)),
    labels: { reason: one },
  }))
  add('gauge', 'hkq_reason', '1 for each reason that it is not well', why)
  add('gauge', 'hkq_state_since_timestamp_seconds', 'When it came into its state', seconds(since))
  add('gauge', 'hkq_start_timestamp_seconds', 'When the recording began', seconds(start))
  const ages = (symbols ?? []).map(({ symbol, age }) => ({ value: age, labels: { symbol } }))
  add('gauge', 'hkq_last_tick_age_seconds', 'Time since the last tick of a symbol came', ages)
}

function counters(record: HealthRecord, add: Add): void {
  const { rejected, flagged } = record
  add('counter', 'hkq_ticks_received_total', 'Ticks received since the recording began', record.received)
  add('counter', 'hkq_ticks_stored_total', 'Ticks that are committed', record.stored)
  add('counter', 'hkq_ticks_duplicate_total', 'Ticks that were stored already', record.duplicates)
  add('counter', 'hkq_ticks_flagged_total', 'Stored ticks that are doubtful, by flag', by('flag', FLAGS, flagged))
  add(
    'counter',
    'hkq_records_rejected_total',
    'Records that can be no trade, by reason',
    by('reason', REJECT_REASONS, rejected),
  )
  add('counter', 'hkq_gaps_total', 'Gaps told since the recording began', record.gaps)
  add('gauge', 'hkq_gaps_today', 'Gaps of this day in Hong Kong, those before this run included', record.gaps_today)
  add('gauge', 'hkq_holes', 'Gaps inside a session that nothing has filled', record.holes)
  add('counter', 'hkq_reconnects_total', 'Connections that had to be made again', record.reconnects)
  add('counter', 'hkq_received_bytes_total', 'Bytes received from the feed', record.bytes)
}

function times({ record, latency, commit }: Told, add: Add): void {
  const queue = 'The longest that a tick waited for its commit within the last minute'
  add('gauge', 'hkq_queue_seconds', queue, record.queue_seconds)
  const [toCommit, toReceive] = ['hkq_receive_to_commit_seconds', 'hkq_exchange_to_receive_seconds']
  add('histogram', toCommit, 'From the arrival of a tick to its commit', parts(toCommit, commit))
  add('histogram', toReceive, "From the exchange's time of a tick to its arrival", parts(toReceive, latency))
}

function machine({ record, usage }: Told, add: Add): void {
  add('gauge', 'hkq_store_size_bytes', "The store's file", record.store_bytes)
  add('gauge', 'hkq_store_log_size_bytes', "The store's write-ahead log", record.wal_bytes)
  add('gauge', 'hkq_store_waiting_bytes', 'What waits on disk for a store that is away', record.waiting_bytes)
  add('gauge', 'hkq_cpu_usage_ratio', 'Share of the CPUs in use, 0 to 1', record.cpu)
  add('gauge', 'hkq_cpus', 'CPUs that may be used', record.cpus)
  add('gauge', 'hkq_memory_used_bytes', 'Memory in use', record.memory_used)
  add('gauge', 'hkq_memory_limit_bytes', 'Memory there is', record.memory_limit)
  add('gauge', 'hkq_disk_used_bytes', 'In use on the disk of the store', record.disk_used)
  add('gauge', 'hkq_disk_size_bytes', 'What that disk can hold', record.disk_size)
  add('gauge', 'hkq_disk_read_bytes_per_second', 'Read from that disk', record.disk_read)
  add('gauge', 'hkq_disk_written_bytes_per_second', 'Written to that disk', record.disk_written)
  add('gauge', 'hkq_network_receive_bytes_per_second', 'Received by the machine', record.network_in)
  add('gauge', 'hkq_network_transmit_bytes_per_second', 'Sent by the machine', record.network_out)
  const delay = 'By how much the event loop was late, 99th percentile of the last minute'
  add('gauge', 'hkq_event_loop_delay_seconds', delay, seconds(record.loop_delay_p99))
  add('counter', 'process_cpu_seconds_total', 'CPU time of the recorder', seconds(usage.cpu))
  add('gauge', 'process_resident_memory_bytes', 'Memory of the recorder', usage.memory)
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000
}

/** Names that have not come yet stand at 0: what grows from there is seen. */
function by(label: string, names: readonly string[], counts: HealthRecord['rejected']): Sample[] {
  return names.map((name) => ({ value: counts?.[name] ?? 0, labels: { [label]: name } }))
}

/** The buckets of a histogram, each with all that lie below its end, their sum and their count. */
function parts(name: string, histogram: Histogram): Sample[] {
  const [least, most] = BUCKETS
  const buckets = [...histogram.doublings()]
    .filter(([ms]) => ms >= least && ms <= most)
    .map(([ms, value]) => ({
      metricName: `${name}_bucket`,
      labels: { le: String(Number((ms / 1e3).toPrecision(6))) },
      value,
    }))
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: histogram.count },
    { metricName: `${name}_sum`, value: histogram.sum / 1e3 },
    { metricName: `${name}_count`, value: histogram.count },
  ]
}
