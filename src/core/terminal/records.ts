/** What a run did, as `record` tells it at its end. */
export interface RunSummary {
  readonly source: string
  readonly received: number
  readonly stored: number
  readonly duplicates: number
  /** Rejected records by reason, flagged ticks by flag. */
  readonly rejected: Readonly<Record<string, number>>
  readonly flagged: Readonly<Record<string, number>>
  readonly gaps: number
  readonly reconnects: number
  /** ms; null where there is no latency to speak of. */
  readonly latency_p50: number | null
  readonly latency_p99: number | null
  readonly bytes: number
}

/** What probing one endpoint found. Phases in ms, null where they were not reached. */
export interface ProbeRow {
  readonly url: string
  readonly dns: number | null
  readonly tcp: number | null
  readonly tls: number | null
  readonly upgrade: number | null
  readonly total: number | null
  /** `ok`, or the phase that failed and how. */
  readonly state: string
  readonly healthy: boolean
  readonly remedy: string | null
}
