import { describe, expect, it } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { expectExact } from '../support/coverage-equation.ts'
import type { Direction, Fault, Lift } from '../support/fault-proxy.ts'
import { type Opener, World } from './fault-world.ts'

/** Within this a client notices a dead line by itself: AllTick's heartbeat and its answer take 20 s. */
const NOTICED_MS = 20_000
const FAULT_MS = 25_000
const RECOVERY_MS = 10_000

const FAULTS: readonly { readonly fault: Fault; readonly direction?: Direction }[] = [
  { fault: { kind: 'latency', ms: 2_000, jitterMs: 500 } },
  { fault: { kind: 'down' } },
  { fault: { kind: 'bandwidth', bytesPerSecond: 400 } },
  { fault: { kind: 'slow-close', ms: 6_000 } },
  { fault: { kind: 'black-hole' } },
  { fault: { kind: 'reset', afterMs: 700 } },
  { fault: { kind: 'slicer', bytes: 25, variation: 24, pauseMs: 1 } },
  { fault: { kind: 'data-limit', bytes: 900 } },
]

/** Faults under which requests arrive closer than they were sent. */
const SLOWING: ReadonlySet<Fault['kind']> = new Set(['latency', 'bandwidth'])

type Begin = (world: World, lane: number, inject: () => void) => Promise<void>

/** Moments of a connection at which a fault begins; each puts it on by itself. */
const STAGES: Readonly<Record<string, Begin>> = {
  /** Before the next connection is opened. */
  handshake: async (world, lane, inject) => {
    await dismissed(world, lane)
    inject()
  },
  /** After the answer to the upgrade, before the first request. */
  subscribe: (world, lane, inject) => atFirst('to-client', world, lane, inject),
  streaming: async (_world, _lane, inject) => inject(),
  /** Just before the server says goodbye. */
  close: async (world, lane, inject) => {
    inject()
    world.servers[lane]!.dismiss(1001)
  },
}

/** The server closes its connections, as one does that restarts. */
async function dismissed(world: World, lane: number): Promise<void> {
  world.servers[lane]!.dismiss(1012)
  await world.passUntil(() => world.proxies[lane]!.size === 0)
}

/** Injects once the first bytes of the next connection were passed on in that direction. */
async function atFirst(direction: Direction, world: World, lane: number, inject: () => void): Promise<void> {
  await dismissed(world, lane)
  let begun = false
  world.proxies[lane]!.onForwarded = (passed) => {
    if (begun || passed !== direction) return
    begun = true
    inject()
  }
  await world.passUntil(() => begun)
}

/** Moments at which a line dies that nobody closes. */
const DEATHS: Readonly<Record<string, Begin>> = {
  'after it asked for the upgrade': (world, lane, inject) => atFirst('to-server', world, lane, inject),
  'before it subscribed': (world, lane, inject) => atFirst('to-client', world, lane, inject),
  'while streaming': async (_world, _lane, inject) => inject(),
}

/** Where the faults are, and after how long they begin. */
export interface Where {
  /** Vendors on the way to whom they are, by their place; default the first. */
  readonly on?: readonly number[]
  readonly stages?: readonly string[]
  /** Default 3 s. */
  readonly afterMs?: number
}

/** Defines the tests of every fault at every stage: recovery within 10 s of the fault's end, the equation exact. */
export function faultMatrix(opener: Opener, where: Where = {}): void {
  const { on = [0], stages = Object.keys(STAGES), afterMs = 3_000 } = where
  describe(`${opener.name} under faults`, () => {
    for (const { fault, direction = 'both' } of FAULTS) {
      for (const stage of stages) {
        it(`recovers from ${fault.kind} during ${stage}, and accounts for every trade`, async () => {
          const world = await World.open(opener)
          await world.pass(afterMs)
          const lifts: Lift[] = []
          for (const lane of on) {
            await STAGES[stage]!(world, lane, () => {
              lifts.push(world.proxies[lane]!.inject(fault, direction))
            })
          }
          await world.pass(FAULT_MS)
          for (const lift of lifts) await lift()
          await world.expectRecovery(on, RECOVERY_MS)
          await world.finish()
          expectExact(world.audit())
          world.expectConnects()
          if (!SLOWING.has(fault.kind)) world.expectRequests()
        })
      }
    }
  })
}

/** Defines the tests of runs that end under a fault, of lines that die, and of what is told again, by the first vendor. */
export function faultsOfOneLine(opener: Opener): void {
  describe(`${opener.name} whose line fails`, () => {
    for (const { fault, direction = 'both' } of FAULTS) {
      it(`ends at once under ${fault.kind}, and the next run accounts for what was on the way`, async () => {
        const world = await World.open(opener)
        await world.pass(3_000)
        const lift = world.proxies[0]!.inject(fault, direction)
        await world.pass(5_000)
        await world.stop()
        await lift()
        await world.record()
        await world.pass(5_000)
        await world.finish()
        expectExact(world.audit())
      })
    }

    for (const [moment, begin] of Object.entries(DEATHS)) {
      it(`leaves a line that died ${moment} and was never closed, and accounts for every trade`, async () => {
        const world = await World.open(opener)
        await world.pass(3_000)
        await begin(world, 0, () => void world.proxies[0]!.inject({ kind: 'black-hole', running: true }))
        await world.pass(NOTICED_MS)
        await world.expectRecovery([0], RECOVERY_MS)
        await world.finish()
        expectExact(world.audit())
        world.expectConnects()
      })
    }

    it('makes no hole, and doubles nothing, where the missed trades are given again', async () => {
      const world = await World.open(opener, { past: 100 })
      await world.pass(3_000)
      const lift = world.proxies[0]!.inject({ kind: 'reset' })
      await world.pass(500)
      await lift()
      await world.finish()
      const result = world.audit()
      expectExact(result)
      expect(world.proxies[0]!.accepted).toHaveLength(2)
      expect(result.stored + result.quarantined).toBe(result.sent)
    })

    it('tells the next run of a line that died just before a close, though it was stopped before that was noticed', async () => {
      const world = await World.open(opener, { start: parseTime('2026-11-23T11:59:30') })
      await world.pass(23_000)
      const lift = world.proxies[0]!.inject({ kind: 'black-hole' })
      await world.pass(7_000)
      world.halt()
      await world.pass(4_000)
      await world.stop()
      await lift()
      world.clock.jump(parseTime('2026-11-23T13:30') - world.clock.now())
      world.trade()
      await world.record()
      await world.pass(5_000)
      await world.finish()
      expectExact(world.audit())
    })
  })
}
