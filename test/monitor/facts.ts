import type { MachineSample } from '../../src/core/monitor/machine.ts'
import type { Facts } from '../../src/core/monitor/verdict.ts'
import type { LineState } from '../../src/core/pipeline/source.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
const NOW = Date.UTC(2026, 10, 20, 2)

export const QUIET_MACHINE: MachineSample = {
  ...{ timestamp: NOW, cpu: 0.1, cpus: 2, memory_used: 1e9, memory_limit: 8e9, disk_used: 20e9, disk_size: 100e9 },
  ...{ disk_read: 0, disk_written: 1_000, network_in: 5_000, network_out: 100, loop_delay_p99: 1 },
}

/** A line that is up, or was lost so long ago. */
export function line(lostFor?: number, state: LineState['state'] = 'lost', detail: string | null = 'reset'): LineState {
  if (lostFor === undefined) return { source: 'alltick', state: 'up', since: NOW - 60 * MINUTE, detail: null }
  return { source: 'alltick', state, since: NOW - lostFor, detail }
}

/** A line that was never up, so long after it began. */
export function unborn(age: number, detail: string | null = null): LineState {
  return line(age, 'connecting', detail)
}

/** A recorder of one live feed in the morning, all well, but for what is said. */
export function facts(more: Partial<Facts> = {}): Facts {
  return {
    ...{
      now: NOW,
      age: 60 * MINUTE,
      phase: 'morning',
      kind: 'live',
      lines: [line()],
      isCovered: false,
      isShared: false,
    },
    ...{ silence: { ms: SECOND, limit: MINUTE }, sinks: [{ trouble: null, waiting: 0 }], waiting: 0, delay: 3 },
    ...{ received: 6_000, rejected: 0, skew: 20, log: { bytes: 4e6, limit: 64e6 }, machine: QUIET_MACHINE },
    ...more,
  }
}
