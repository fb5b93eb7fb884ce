import type { MachineSample } from './machine.ts'
import type { Reason, State } from './verdict.ts'

type Counts = Readonly<Partial<Record<string, number>>>

/** How long ago the last tick of a symbol came, s; null where none has come yet. */
export interface SymbolAge {
  readonly symbol: string
  readonly age: number | null
}

/**
 * The `health` record: a recorder and its machine at one moment. Counts since the recording began; figures a second,
 * quantiles and what the machine did over the last minute, or since then. What concerns a recorder is null where none runs.
 */
export interface HealthRecord extends Omit<MachineSample, 'timestamp'> {
  readonly type: 'health'
  /** Epoch ms, as the two that follow. */
  readonly timestamp: number
  readonly state: State | null
  /** When it came into that state, and when it began. */
  readonly since: number | null
  readonly start: number | null
  readonly reasons: readonly Reason[]
  /** The reasons in words; null where there are none. */
  readonly detail: string | null
  readonly pid: number | null
  readonly source: string | null
  /** What it records into, and the store's size on disk with its write-ahead log, bytes. */
  readonly store: string | null
  readonly store_bytes: number | null
  readonly wal_bytes: number | null
  /** What waits on disk for a store that is away, bytes. */
  readonly waiting_bytes: number | null
  readonly ticks_per_second: number | null
  /** The longest that a tick waited from its arrival to its commit, those that wait still included, s. */
  readonly queue_seconds: number | null
  /** Arrival to commit, ms. */
  readonly commit_p50: number | null
  readonly commit_p99: number | null
  /** Exchange to arrival, ms; null where the feed is no live one or tells whole seconds. */
  readonly latency_p50: number | null
  readonly latency_p99: number | null
  readonly received: number | null
  readonly stored: number | null
  readonly duplicates: number | null
  readonly rejected: Counts | null
  readonly flagged: Counts | null
  readonly gaps: number | null
  readonly gaps_today: number | null
  readonly holes: number | null
  readonly reconnects: number | null
  readonly bytes: number | null
  /** CPUs that the recorder uses, 1 for a whole one, and its memory, bytes. */
  readonly process_cpu: number | null
  readonly process_memory: number | null
  /** Of the symbols it records: those that came longest ago first, those of which none came last. */
  readonly symbols: readonly SymbolAge[] | null
}

/** A record of nothing, in the order of the JSON. */
export const NOTHING: HealthRecord = {
  ...{ type: 'health', timestamp: 0, state: null, since: null, start: null, reasons: [], detail: null },
  ...{ pid: null, source: null, store: null, store_bytes: null, wal_bytes: null, waiting_bytes: null },
  ...{ ticks_per_second: null, queue_seconds: null },
  ...{ commit_p50: null, commit_p99: null, latency_p50: null, latency_p99: null },
  ...{ received: null, stored: null, duplicates: null, rejected: null, flagged: null },
  ...{ gaps: null, gaps_today: null, holes: null, reconnects: null, bytes: null },
  ...{ process_cpu: null, process_memory: null },
  ...{ cpu: null, cpus: 0, memory_used: 0, memory_limit: 0, disk_used: null, disk_size: null },
  ...{ disk_read: null, disk_written: null, network_in: null, network_out: null, loop_delay_p99: null },
  symbols: null,
}

/** The record of a machine on which no recorder runs. */
export function machineAlone(sample: MachineSample): HealthRecord {
  return { ...NOTHING, ...sample }
}
