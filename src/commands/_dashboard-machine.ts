import type { Machine } from '../core/dashboard/protocol.ts'
import { Machine as Measured } from '../core/monitor/machine.ts'
import type { Io } from './_io.ts'

/** What the dashboard shows of the machine that serves it; `close` it in the end. */
export function openMachine(io: Io): { measure: () => Promise<Machine>; close: () => void } {
  const measured = new Measured({ clock: io.clock })
  return {
    async measure() {
      const { cpu, memory_used, memory_limit, disk_used, disk_size, loop_delay_p99 } = await measured.sample()
      return { cpu, memory_used, memory_limit, disk_used, disk_size, loop_delay: loop_delay_p99 }
    },
    close: () => measured.close(),
  }
}
