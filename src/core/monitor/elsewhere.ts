import { cpus, freemem, totalmem } from 'node:os'
import type { Reader } from './reading.ts'

/**
 * Reads the counters where there is no /proc (macOS, Windows), by systeminformation. It starts a process or two for each
 * reading, 10 ms of CPU or so, and knows no limits of containers: so Linux is read by our own hand.
 */
export const readElsewhere: Reader = async () => {
  const { default: system } = await import('systeminformation')
  const [memory, disk, network] = await Promise.all([
    system.mem().catch(() => null),
    system.fsStats().catch(() => null),
    system.networkStats().catch(() => null),
  ])
  const each = cpus().map(({ times }) => ({ idle: times.idle, all: Object.values(times).reduce((a, b) => a + b, 0) }))
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
  const memoryLimit = memory?.total ?? totalmem()
  return {
    cpuUsed: sum(each.map(({ all, idle }) => all - idle)),
    cpuOffered: sum(each.map(({ all }) => all)),
    cpus: each.length,
    memoryUsed: memoryLimit - (memory?.available ?? freemem()),
    memoryLimit,
    diskRead: disk?.rx ?? null,
    diskWritten: disk?.wx ?? null,
    networkIn: network?.[0]?.rx_bytes ?? null,
    networkOut: network?.[0]?.tx_bytes ?? null,
  }
}
