import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import type { Checkpoint, Sink, Source } from '../../src/core/pipeline/source.ts'
import { startRecording } from '../../src/core/recorder.ts'
import { Random } from '../../src/core/simulator/random.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { createValidator } from '../../src/core/validation/validator.ts'
import { audit, expectExact, recordedIn } from '../support/coverage-equation.ts'
import { type Direction, type Fault, FaultProxy, type Lift } from '../support/fault-proxy.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'
import { type NumberedServer, openNumberedServer } from '../support/numbered-server.ts'
import { Tape } from '../support/tape.ts'

/** What is put to the matrix: how the source is opened that is recorded. */
export interface Opener {
  readonly name: string
  /** Servers of one tape that it connects to; the faults are on the way to the first. */
  readonly vendors: number
  open(endpoints: readonly string[], options: OpenerOptions): Source | Promise<Source>
}

export interface OpenerOptions {
  readonly symbols: readonly string[]
  readonly sessions: Sessions
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly checkpoints: readonly Checkpoint[]
}

/** A Monday, in the morning session. */
const START = parseTime('2026-11-23T10:00')
const SYMBOLS = ['00700.HK', '00005.HK']
const PER_SECOND = 40
/** Long enough for a client to notice a dead line by itself: AllTick's heartbeat and its answer take 20 s. */
const FAULT_MS = 25_000
const RECOVERY_MS = 10_000
/** Least time between two connects of a client of AllTick, ms. */
const FLOOR_MS = 3_000

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

/** Moments of a connection at which a fault begins; each puts it on by itself. */
const STAGES: Readonly<Record<string, (world: World, inject: () => void) => Promise<void>>> = {
  /** Before the next connection is opened. */
  handshake: async (world, inject) => {
    world.servers[0]!.dismiss(1012)
    await world.passUntil(() => world.proxies[0]!.size === 0)
    inject()
  },
  /** After the answer to the upgrade, before the first request. */
  subscribe: async (world, inject) => {
    const proxy = world.proxies[0]!
    world.servers[0]!.dismiss(1012)
    await world.passUntil(() => proxy.size === 0)
    let begun = false
    proxy.onForwarded = (direction) => {
      if (begun || direction !== 'to-client') return
      begun = true
      inject()
    }
    await world.passUntil(() => begun)
  },
  streaming: async (_, inject) => inject(),
  /** Just before the server says goodbye. */
  close: async (world, inject) => {
    inject()
    world.servers[0]!.dismiss(1001)
  },
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
          expectExact(audit(world.tape, recordedIn(world.path)))
          expectPace(world)
        })
      }
      it(`ends at once under ${fault.kind}, and the next run accounts for what was on the way`, async () => {
        const world = await World.open(opener)
        await world.pass(3_000)
        const lift = world.proxies[0]!.inject(fault, direction)
        await world.pass(5_000)
        await world.stop()
        await lift()
        await world.record(opener)
        await world.pass(5_000)
        await world.finish()
        expectExact(audit(world.tape, recordedIn(world.path)))
      })
    }

    it('tells the next run of a line that died just before a close, though it was stopped before that was noticed', async () => {
      const world = await World.open(opener, parseTime('2026-11-23T11:59:30'))
      await world.pass(23_000)
      const lift = world.proxies[0]!.inject({ kind: 'black-hole' })
      await world.pass(7_000)
      world.halt()
      await world.pass(4_000)
      await world.stop()
      await lift()
      world.clock.jump(parseTime('2026-11-23T13:30') - world.clock.now())
      world.trade()
      await world.record(opener)
      await world.pass(5_000)
      await world.finish()
      expectExact(audit(world.tape, recordedIn(world.path)))
    })
  })
}

/** The vendor's floor is kept, whatever happens on the way. */
function expectPace({ proxies }: World): void {
  for (const { accepted } of proxies)
    for (const [i, at] of accepted.entries()) if (i > 0) expect(at - accepted[i - 1]!).toBeGreaterThanOrEqual(FLOOR_MS)
}

/** A tape, its servers, the proxies before them, and a recording, all in this process and on one clock that is moved by hand. */
class World {
  readonly clock: ManualClock
  readonly tape = new Tape(SYMBOLS)
  readonly servers: NumberedServer[] = []
  readonly proxies: FaultProxy[] = []
  readonly path: string
  #closing = new AbortController()
  #stop = new AbortController()
  /** Exchange time of the newest trade in the store, by symbol. */
  readonly #kept = new Map<string, number>()
  #recording: Promise<void> = Promise.resolve()

  private constructor(path: string, start: number) {
    this.clock = new ManualClock(start)
    this.path = path
  }

  static async open(opener: Opener, start = START): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-faults-'))
    const world = new World(join(folder, 'faults.db'), start)
    onTestFinished(async () => {
      world.#closing.abort()
      world.#stop.abort()
      for (const proxy of world.proxies) await proxy.close()
      for (const server of world.servers) await server.close()
      rmSync(folder, { recursive: true })
    })
    const jitter = new Random(1)
    for (let i = 0; i < opener.vendors; i++) {
      const server = await openNumberedServer(world.tape, world.clock)
      world.servers.push(server)
      world.proxies.push(
        await FaultProxy.open({ target: server.port, clock: world.clock, random: () => jitter.uniform() }),
      )
    }
    world.trade()
    await world.record(opener)
    return world
  }

  /** The market trades until it halts. */
  trade(): void {
    this.#closing = new AbortController()
    void this.tape.run(this.clock, PER_SECOND, this.#closing.signal)
  }

  halt(): void {
    this.#closing.abort()
  }

  /** Begins a run of the recorder, which goes on from what the store has. */
  async record(opener: Opener): Promise<void> {
    const { clock, proxies, servers, path } = this
    this.#stop = new AbortController()
    const sessions = new Sessions()
    const store = await openSqlite(path, { mode: 'record', now: () => clock.now() })
    const source = await opener.open(
      proxies.map(({ port }, i) => `ws://127.0.0.1:${port}${servers[i]!.path}`),
      // the longest waits that the back-off may choose
      {
        symbols: SYMBOLS,
        sessions,
        clock,
        random: () => 0.999,
        signal: this.#stop.signal,
        checkpoints: store.checkpoints(),
      },
    )
    const validator = createValidator({
      ...{ sessions, live: true },
      ...{ now: () => clock.now(), monotonic: () => clock.monotonic() },
    })
    const sink: Sink = {
      close: () => store.close(),
      write: async (batch) => {
        const written = await store.write(batch)
        for (const event of batch) if (event.type === 'tick') this.#kept.set(event.symbol, event.timestamp)
        return written
      },
    }
    const recording = startRecording({ source, validator, sink, symbols: SYMBOLS, quotes: false, sessions, clock })
    this.#recording = recording.done.finally(() => store.close())
    this.#recording.catch(() => {})
  }

  /** Ends the run, with no time for anything but the wire. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#recording
  }

  /** Whether of every symbol a trade from after `time` is stored. */
  isKeptSince(time: number): boolean {
    return SYMBOLS.every((symbol) => (this.#kept.get(symbol) ?? 0) > time)
  }

  /** Lets time go on by `ms`, slowly enough for what is on the wire to arrive. */
  async pass(ms: number): Promise<void> {
    await this.passUntil(() => false, ms)
  }

  /** As pass, until `condition` holds. */
  async passUntil(condition: () => boolean, ms = 60_000): Promise<void> {
    for (let passed = 0; passed < ms && !condition(); passed += STEP) {
      await this.clock.advance(STEP)
      for (let i = 0; i < TURNS; i++) await turn()
    }
  }

  /** The tape ends, what is on its way arrives, the recording ends. */
  async finish(): Promise<void> {
    await this.pass(2_000)
    this.halt()
    await this.pass(1_000)
    await this.stop()
  }
}

/** Time that goes on at once, ms, and the rounds of the event loop that the wire has meanwhile. */
const STEP = 25
const TURNS = 4
