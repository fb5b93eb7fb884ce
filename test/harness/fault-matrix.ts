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

/** Moments of a connection at which a fault begins; each puts it on by itself. */
const STAGES: Readonly<Record<string, (world: World, inject: () => void) => Promise<void>>> = {
  /** Before the next connection is opened. */
  handshake: async (world, inject) => {
    world.servers[0]!.dismiss(1012)
    await world.passUntil(() => world.proxies[0]!.size === 0)
    inject()
  },
  /** After the answer to the upgrade, before the first request. */
  subscribe: (world, inject) => atFirst('to-client', world, inject),
  streaming: async (_, inject) => inject(),
  /** Just before the server says goodbye. */
  close: async (world, inject) => {
    inject()
    world.servers[0]!.dismiss(1001)
  },
}

/** Injects once the first bytes of the next connection were passed on in that direction. */
async function atFirst(direction: Direction, world: World, inject: () => void): Promise<void> {
  const proxy = world.proxies[0]!
  world.servers[0]!.dismiss(1012)
  await world.passUntil(() => proxy.size === 0)
  let begun = false
  proxy.onForwarded = (passed) => {
    if (begun || passed !== direction) return
    begun = true
    inject()
  }
  await world.passUntil(() => begun)
}

/** Moments at which a line dies that nobody closes. */
const DEATHS: typeof STAGES = {
  'after it asked for the upgrade': (world, inject) => atFirst('to-server', world, inject),
  'before it subscribed': (world, inject) => atFirst('to-client', world, inject),
  'while streaming': async (_, inject) => inject(),
}

/** Defines the tests of every fault at every stage: recovery within 10 s of the fault's end, the equation exact. */
export function faultMatrix(opener: Opener): void {
  describe(`${opener.name} under faults`, () => {
    for (const { fault, direction = 'both' } of FAULTS) {
      for (const [stage, begin] of Object.entries(STAGES)) {
        it(`recovers from ${fault.kind} during ${stage}, and accounts for every trade`, async () => {
          const world = await World.open(opener)
          await world.pass(3_000)
          let lift: Lift | undefined
          await begin(world, () => {
            lift = world.proxies[0]!.inject(fault, direction)
          })
          await world.pass(FAULT_MS)
          await lift!()
          const lifted = world.clock.now()
          await world.passUntil(() => world.isKeptSince(lifted), RECOVERY_MS)
          expect(world.isKeptSince(lifted), `recovered within ${RECOVERY_MS / 1_000} s`).toBe(true)
          await world.finish()
          expectExact(world.audit())
          world.expectConnects()
          if (!SLOWING.has(fault.kind)) world.expectRequests()
        })
      }
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
        await begin(world, () => void world.proxies[0]!.inject({ kind: 'black-hole', running: true }))
        await world.pass(NOTICED_MS)
        const noticed = world.clock.now()
        await world.passUntil(() => world.isKeptSince(noticed), RECOVERY_MS)
        expect(world.isKeptSince(noticed), 'goes on').toBe(true)
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
