import type { FeedReport } from '../pipeline/feed-report.ts'

type Counts = Readonly<Partial<Record<string, number>>>

/** What a run did, as `record` tells it at its end. */
export interface RunSummary {
  readonly source: string
  readonly received: number
  readonly stored: number
  readonly duplicates: number
  /** Rejected records by reason, flagged ticks by flag. */
  readonly rejected: Counts
  readonly flagged: Counts
  readonly gaps: number
  readonly reconnects: number
  /** Exchange to receive, ms; null where there is no latency to speak of. */
  readonly latency_p50: number | null
  readonly latency_p99: number | null
  /** Receive to commit, ms. */
  readonly commit_p50: number | null
  readonly commit_p99: number | null
  /** What a commit survives; null without a store. */
  readonly durability: string | null
  readonly bytes: number
  /** Each of two feeds side by side. */
  readonly feeds?: readonly FeedReport[]
}

/** What probing one endpoint found. Phases in ms, null where they were not passed. */
export interface ProbeRow {
  readonly url: string
  /** Any HTTP answer came. */
  readonly reached: boolean
  /** HTTP status of the answer: 101 is a WebSocket. */
  readonly status: number | null
  readonly dns: number | null
  readonly tcp: number | null
  readonly tls: number | null
  readonly upgrade: number | null
  readonly total: number | null
  /** Phase that failed, and how. */
  readonly failed: { readonly phase: string; readonly code: string } | null
  readonly remedy: string | null
  /** Of a session with a token, ms: round trip of a heartbeat, wait for the first tick. */
  readonly heartbeat?: number | null
  readonly first_tick?: number | null
}

/** One thing that was checked. */
export interface CheckRow {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failure'
  readonly detail: string
  /** What to do; null when all is well. */
  readonly remedy: string | null
}
