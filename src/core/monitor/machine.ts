import { platform } from 'node:os'
import { type Clock, systemClock } from '../clock.ts'
import type { Histogram } from '../statistics/histogram.ts'
import { diskOf } from './disk.ts'
import { readElsewhere } from './elsewhere.ts'
import { linuxReader } from './linux.ts'
import { LoopDelay } from './loop-delay.ts'
import type { Reader, Reading } from './reading.ts'

/**
 * The machine at one moment. Inside a container or a service with limits these are its limits and what it uses of them; null
 * is what the system does not tell, and what is a rate in the first sample.
 */
export interface MachineSample {
  /** Epoch ms. */
  readonly timestamp: number
  /** Share of the CPU time that could be used since the sample before, 0 to 1. */
  readonly cpu: number | null
  /** CPUs that may be used; a quota can make that a fraction. */
  readonly cpus: number
  /** Bytes in use, without what the system gives back at once, and bytes there are. */
  readonly memory_used: number
  readonly memory_limit: number
  /** Bytes in use on the disk of `path`, and bytes that its user may fill in all. */
  readonly disk_used: number | null
  readonly disk_size: number | null
  /** Bytes a second since the sample before: of that disk, and of the network that leads out of the machine. */
  readonly disk_read: number | null
  readonly disk_written: number | null
  readonly network_in: number | null
  readonly network_out: number | null
  /** By how much the event loop of this process was late since the sample before, 99th percentile, ms. */
  readonly loop_delay_p99: number | null
}

export interface MachineOptions {
  /** A file or folder on the disk that is told of, there or not yet; default: the working folder. */
  readonly path?: string
  readonly clock?: Clock
  /** Default: that of the system. */
  readonly reader?: Reader
}

/** Samples the machine: one sample each call of `sample`, rates over the time since the one before. `close` it in the end. */
export class Machine {
  readonly #path: string
  readonly #clock: Clock
  readonly #read: Reader
  readonly #loop = new LoopDelay()
  #loopBefore = this.#loop.delays.copy()
  #before: (Reading & { readonly at: number }) | null = null

  constructor({ path = '.', clock = systemClock, reader = readerOf(clock) }: MachineOptions = {}) {
    this.#path = path
    this.#clock = clock
    this.#read = reader
  }

  /** By how much the event loop of this process was late since the beginning, ms; it grows on. */
  get loopDelays(): Histogram {
    return this.#loop.delays
  }

  async sample(): Promise<MachineSample> {
    const disk = await diskOf(this.#path)
    const reading = { ...(await this.#read(disk?.device ?? null)), at: this.#clock.monotonic() }
    const before = this.#before ?? reading
    this.#before = reading
    const delays = this.loopDelays.since(this.#loopBefore)
    this.#loopBefore = this.loopDelays.copy()
    const rate = (name: 'diskRead' | 'diskWritten' | 'networkIn' | 'networkOut'): number | null =>
      perSecond(before[name], reading[name], reading.at - before.at)
    return {
      timestamp: this.#clock.now(),
      cpu: cpuOver(before, reading),
      cpus: reading.cpus,
      memory_used: reading.memoryUsed,
      memory_limit: reading.memoryLimit,
      disk_used: disk?.used ?? null,
      disk_size: disk?.size ?? null,
      disk_read: rate('diskRead'),
      disk_written: rate('diskWritten'),
      network_in: rate('networkIn'),
      network_out: rate('networkOut'),
      loop_delay_p99: lateBy(delays),
    }
  }

  close(): void {
    this.#loop.close()
  }
}

/** What 99 of 100 looks at the event loop did not exceed, ms. */
export function lateBy(delays: Histogram): number | null {
  const ms = delays.quantile(0.99)
  return ms === null ? null : Number(ms.toFixed(2))
}

function readerOf(clock: Clock): Reader {
  return platform() === 'linux' ? linuxReader(clock) : readElsewhere
}

/** Null over no time, and where the counter began anew meanwhile. */
function perSecond(before: number | null, after: number | null, ms: number): number | null {
  if (before === null || after === null || ms <= 0 || after < before) return null
  return Math.round(((after - before) / ms) * 1_000)
}

/** Counters of the system are coarse: a share stays between 0 and 1. Null where another share was granted meanwhile. */
function cpuOver(before: Reading, after: Reading): number | null {
  const offered = after.cpuOffered - before.cpuOffered
  if (offered <= 0 || after.cpus !== before.cpus) return null
  const share = (after.cpuUsed - before.cpuUsed) / offered
  return Number(Math.min(1, Math.max(0, share)).toFixed(4))
}
