/** What counters of the system stand at; rates are the differences of two readings. */
export interface Reading {
  /** CPU time that was used, and that could have been, ms since any start; and the CPUs behind it. */
  readonly cpuUsed: number
  readonly cpuOffered: number
  readonly cpus: number
  /** Bytes. */
  readonly memoryUsed: number
  readonly memoryLimit: number
  /** Bytes since any start; null where the system does not tell. */
  readonly diskRead: number | null
  readonly diskWritten: number | null
  readonly networkIn: number | null
  readonly networkOut: number | null
}

/** Reads the counters; `device` is the number (`st_dev`) of the disk that is asked about. */
export type Reader = (device: number | null) => Promise<Reading>
