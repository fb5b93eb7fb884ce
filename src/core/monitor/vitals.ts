import type { Histogram } from '../statistics/histogram.ts'

type Counts = Readonly<Partial<Record<string, number>>>

/** What a recording has counted since its start, and what it is at. */
export interface Vitals {
  readonly received: number
  readonly stored: number
  readonly duplicates: number
  /** By reason, and by flag. */
  readonly rejected: Counts
  readonly flagged: Counts
  readonly gaps: number
  /** Of which nothing has filled, and trades may lack. */
  readonly holes: number
  readonly reconnects: number
  /** Received from the network. */
  readonly bytes: number
  /** Exchange to receive, and receive to commit, ms; these grow on. */
  readonly latency: Histogram
  readonly commit: Histogram
  /** Since when, epoch ms, the first tick of the write that is under way has waited; null while there is none. */
  readonly waitingSince: number | null
}

/** All of several counts. */
export function total(counts: Counts): number {
  return Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0)
}
