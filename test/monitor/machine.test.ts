import { mkdtempSync, rmSync } from 'node:fs'
import { platform, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { readElsewhere } from '../../src/core/monitor/elsewhere.ts'
import { linuxReader } from '../../src/core/monitor/linux.ts'
import { Machine } from '../../src/core/monitor/machine.ts'
import type { Reading } from '../../src/core/monitor/reading.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { CONTAINER, MACHINE, NVME_PARTITION, OLD_CONTAINER, OLD_UNLIMITED, SERVICE } from './linux-files.ts'

type Files = Readonly<Record<string, string>>

const MIB = 2 ** 20

function reading(files: Files, device: number | null = NVME_PARTITION, clock = new ManualClock()) {
  return linuxReader(clock, (path) => files[path] ?? null)(device)
}

describe('Linux without limits', () => {
  it('is read whole: idle and waiting time is not used, guests are not counted twice', async () => {
    expect(await reading(MACHINE)).toMatchObject({ cpuUsed: 4_000, cpuOffered: 20_000, cpus: 2 })
  })

  it('counts the CPUs that the process may run on', async () => {
    const pinned = { ...MACHINE, '/proc/self/status': 'Cpus_allowed_list:\t1,4-6\n' }
    expect(await reading(pinned)).toMatchObject({ cpuUsed: 1_500, cpuOffered: 10_000, cpus: 1 })
  })

  it('counts memory in use without what the system gives back at once', async () => {
    expect(await reading(MACHINE)).toMatchObject({ memoryUsed: 2_048 * MIB, memoryLimit: 8_192 * MIB })
  })

  it('counts the network that leads out, by either protocol, and no bridge', async () => {
    expect(await reading(MACHINE)).toMatchObject({ networkIn: 1_200, networkOut: 430 })
  })

  it('counts all cards but the loopback where no route leads out', async () => {
    const { '/proc/net/route': _4, '/proc/net/ipv6_route': _6, ...routeless } = MACHINE
    expect(await reading(routeless)).toMatchObject({ networkIn: 8_200, networkOut: 8_430 })
  })

  it('counts the bytes of the disk it is asked about', async () => {
    expect(await reading(MACHINE)).toMatchObject({ diskRead: 1_000 * 512, diskWritten: 3_000 * 512 })
    expect(await reading(MACHINE, 42)).toMatchObject({ diskRead: null, diskWritten: null })
    expect(await reading(MACHINE, null)).toMatchObject({ diskRead: null, diskWritten: null })
  })

  it('tells what it can where nothing is to be read', async () => {
    expect(await reading({})).toMatchObject({ cpus: 0, memoryLimit: totalmem(), networkIn: null })
  })
})

describe('Linux with limits', () => {
  it('takes the least limit of a service and of the slices around it, each with its own use', async () => {
    const clock = new ManualClock()
    await clock.advance(10_000)
    expect(await reading(SERVICE, null, clock)).toMatchObject({
      ...{ memoryLimit: 1_024 * MIB, memoryUsed: 200 * MIB },
      ...{ cpus: 1.5, cpuUsed: 6_000, cpuOffered: 15_000 },
    })
  })

  it('takes those of a container that sees its own group as the root', async () => {
    expect(await reading(CONTAINER)).toMatchObject({ memoryLimit: 512 * MIB, memoryUsed: 96 * MIB })
    expect(await reading(CONTAINER)).toMatchObject({ cpus: 0.5, cpuUsed: 2_500 })
  })

  it('takes those of the first version, under the path of the host', async () => {
    expect(await reading(OLD_CONTAINER)).toMatchObject({ memoryLimit: 256 * MIB, memoryUsed: 96 * MIB })
    expect(await reading(OLD_CONTAINER)).toMatchObject({ cpus: 1, cpuUsed: 3_000 })
  })

  it('takes the machine where a limit is none, or more than there is', async () => {
    const machine = await reading(MACHINE)
    expect(await reading(OLD_UNLIMITED)).toEqual(machine)
    const generous = { '/sys/fs/cgroup/memory.max': `${2 ** 40}\n`, '/sys/fs/cgroup/cpu.max': '800000 100000\n' }
    expect(await reading({ ...CONTAINER, ...generous })).toEqual(machine)
  })
})

describe('a machine', () => {
  const START: Reading = {
    ...{ cpuUsed: 1_000, cpuOffered: 5_000, cpus: 2, memoryUsed: 1, memoryLimit: 2 },
    ...{ diskRead: 100, diskWritten: 200, networkIn: 1_000, networkOut: null },
  }

  /** A machine whose counters stand at each of these readings in turn, two seconds apart. */
  async function samples(...readings: Reading[]) {
    const clock = new ManualClock(1_000)
    const left = [...readings]
    const machine = new Machine({ clock, reader: async () => left.shift()! })
    onTestFinished(() => machine.close())
    const taken = []
    for (const _ of readings) {
      taken.push(await machine.sample())
      await clock.advance(2_000)
    }
    return taken
  }

  it('tells rates from the second sample on, over the time between', async () => {
    const more = { ...START, cpuUsed: 2_000, cpuOffered: 9_000, diskRead: 2_100, diskWritten: 200, networkIn: 5_000 }
    const [first, second] = await samples(START, more)
    expect(first).toMatchObject({ timestamp: 1_000, cpu: null, network_in: null, memory_used: 1, memory_limit: 2 })
    expect(second).toMatchObject({ timestamp: 3_000, cpu: 0.25, disk_read: 1_000, disk_written: 0, network_in: 2_000 })
    expect(second!.network_out).toBeNull()
  })

  it('tells no rate over a counter that began anew, nor over a change of what it may use', async () => {
    const anew = { ...START, cpuUsed: 2_000, cpuOffered: 9_000, cpus: 1, networkIn: 10 }
    const [, second] = await samples(START, anew)
    expect(second).toMatchObject({ cpu: null, network_in: null })
  })

  it('keeps a share between nothing and all, however coarse the counters are', async () => {
    const [, over, back] = await samples(
      START,
      { ...START, cpuUsed: 9_000, cpuOffered: 6_000 },
      { ...START, cpuUsed: 8_000, cpuOffered: 7_000 },
    )
    expect([over!.cpu, back!.cpu]).toEqual([1, 0])
  })

  it('tells of the disk of a store that is not there yet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-machine-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const machine = new Machine({ path: join(folder, 'none', 'yet.db') })
    onTestFinished(() => machine.close())
    const { disk_used, disk_size } = await machine.sample()
    expect(disk_used).toBeGreaterThan(0)
    expect(disk_size).toBeGreaterThan(disk_used!)
  })

  it('tells how late its event loop is', async () => {
    const machine = new Machine()
    onTestFinished(() => machine.close())
    const until = performance.now() + 400
    await new Promise((later) => setTimeout(later, 120))
    while (performance.now() < until);
    await new Promise((later) => setTimeout(later, 120))
    expect((await machine.sample()).loop_delay_p99).toBeGreaterThan(100)
  })
})

it.runIf(platform() === 'linux')('this machine is told of alike by our hand and by the library', async () => {
  const [ours, theirs] = [await linuxReader(systemClock)(null), await readElsewhere(null)]
  expect(theirs.memoryLimit).toBeGreaterThanOrEqual(ours.memoryLimit)
  expect(Math.abs(theirs.memoryUsed / theirs.memoryLimit - ours.memoryUsed / ours.memoryLimit)).toBeLessThan(0.2)
  expect(theirs.cpus).toBeGreaterThanOrEqual(ours.cpus)
  expect(theirs.networkIn).toBeGreaterThanOrEqual(ours.networkIn ?? 0)
})
