import { join } from 'node:path'

/** The text of a file, null where it cannot be read. */
export type ReadText = (path: string) => string | null

/** What Linux grants to this process's group and the groups around it, where that is less than the machine. */
export interface Cgroup {
  /** Bytes: in use without file pages that can go at once (as Kubernetes counts it), and the limit. */
  readonly memory: { readonly used: number; readonly limit: number } | null
  /** CPU time used, ms since any start, and how many CPUs' time may be. */
  readonly cpu: { readonly used: number; readonly cpus: number } | null
}

/** Where one version keeps what. Source: docs.kernel.org, admin-guide/cgroup-v2 and cgroup-v1/memory; scheduler/sched-bwc */
interface Layout {
  readonly memory: { readonly limit: string; readonly used: string; readonly inactive: RegExp }
  readonly quota: (read: ReadText, group: string) => number | null
  /** CPU time, ms. */
  readonly cpuUsed: (read: ReadText, group: string) => number | null
}

const MOUNT = '/sys/fs/cgroup'
/** Version 1 says so of no limit: the largest number of pages. */
const NO_LIMIT = 2 ** 60

const V2: Layout = {
  memory: { limit: 'memory.max', used: 'memory.current', inactive: /^inactive_file (\d+)$/m },
  quota: (read, group) => {
    const [quota, period] = (read(join(group, 'cpu.max')) ?? '').split(' ').map(Number)
    return quota! > 0 && period! > 0 ? quota! / period! : null
  },
  cpuUsed: (read, group) => found(read(join(group, 'cpu.stat')), /^usage_usec (\d+)$/m, 1e-3),
}

const V1: Layout = {
  memory: { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', inactive: /^total_inactive_file (\d+)$/m },
  quota: (read, group) => {
    const [quota, period] = ['quota', 'period'].map((name) => Number(read(join(group, `cpu.cfs_${name}_us`)) ?? 0))
    return quota! > 0 && period! > 0 ? quota! / period! : null
  },
  cpuUsed: (read, group) =>
    found(read(join(group.replace(`${MOUNT}/cpu`, `${MOUNT}/cpuacct`), 'cpuacct.usage')), /^(\d+)/, 1e-6),
}

/** Reads the limits that hold for this process, those of groups further up too: the least of them counts. */
export function readCgroup(read: ReadText): Cgroup {
  const own = read('/proc/self/cgroup') ?? ''
  return { memory: memoryOf(read, own), cpu: cpuOf(read, own) }
}

function memoryOf(read: ReadText, own: string): Cgroup['memory'] {
  const { layout, groups } = groupsOf(own, 'memory')
  const { limit: limitFile, used: usedFile, inactive } = layout.memory
  let least: { group: string; limit: number } | null = null
  for (const group of groups) {
    const limit = found(read(join(group, limitFile)), /^(\d+)/)
    if (limit !== null && limit > 0 && limit < (least?.limit ?? NO_LIMIT)) least = { group, limit }
  }
  const used = least && found(read(join(least.group, usedFile)), /^(\d+)/)
  if (least === null || used === null) return null
  const idle = found(read(join(least.group, 'memory.stat')), inactive) ?? 0
  return { used: Math.max(0, used - idle), limit: least.limit }
}

function cpuOf(read: ReadText, own: string): Cgroup['cpu'] {
  const { layout, groups } = groupsOf(own, 'cpu')
  let least: { group: string; cpus: number } | null = null
  for (const group of groups) {
    const cpus = layout.quota(read, group)
    if (cpus !== null && cpus < (least?.cpus ?? Number.POSITIVE_INFINITY)) least = { group, cpus }
  }
  const used = least && layout.cpuUsed(read, least.group)
  return least === null || used === null ? null : { used, cpus: least.cpus }
}

/**
 * The folders of the group that a controller has this process in, and of those around it, innermost first. In a container
 * the path may be the host's, which is not there: then the root of what is mounted is the container's own group.
 */
function groupsOf(own: string, controller: string): { layout: Layout; groups: string[] } {
  const lines = [...own.matchAll(/^\d+:([^:]*):(\/.*)$/gm)]
  const first = lines.find(([, controllers]) => controllers!.split(',').includes(controller))
  const [, , path = '/'] = first ?? lines.find(([, controllers]) => controllers === '') ?? []
  const mount = first ? join(MOUNT, controller) : MOUNT
  const names = path.split('/').filter(Boolean)
  const steps = names.includes('..') ? [] : names
  const groups = [...steps.keys(), steps.length].reverse().map((depth) => join(mount, ...steps.slice(0, depth)))
  return { layout: first ? V1 : V2, groups }
}

function found(text: string | null, pattern: RegExp, unit = 1): number | null {
  const match = text === null ? null : pattern.exec(text)
  return match ? Number(match[1]) * unit : null
}
