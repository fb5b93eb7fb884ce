import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import type { Checkpoint, Sink, Source } from '../../src/core/pipeline/source.ts'
import { startRecording } from '../../src/core/recorder.ts'
import { Random } from '../../src/core/simulator/random.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { createValidator } from '../../src/core/validation/validator.ts'
import { type Audit, audit, type HandedTo, type Reading, recordedIn } from '../support/coverage-equation.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'
import { Tape } from '../support/tape.ts'

/** A vendor's server of a tape. */
export interface VendorServer {
  readonly port: number
  readonly path: string
  /** Requests closer than the vendor allows. */
  readonly tooSoon: readonly string[]
  handedTo: HandedTo
  dismiss(code: number): void
  close(): Promise<void>
}

/** What is put to the matrix: the servers there are, and how the source is opened that is recorded. */
export interface Opener {
  readonly name: string
  /** Each serves the same tape. `floorMs`: least time between two connects. */
  readonly vendors: readonly {
    readonly floorMs: number
    /** @param past how many of each symbol's last trades whoever subscribes gets again */
    serve(tape: Tape, clock: Clock, past: number): Promise<VendorServer>
  }[]
  /** How its rows are brought back to the tape, where a trade's sequence number is not its number. */
  readonly reading?: (tape: Tape) => Reading
  /** @param endpoints WebSocket addresses of the vendors, in order */
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

/** A tape, its servers, the proxies before them, and a recording, all in this process and on one clock that is moved by hand. */
export class World {
  readonly clock: ManualClock
  readonly tape = new Tape(SYMBOLS)
  readonly servers: VendorServer[] = []
  readonly proxies: FaultProxy[] = []
  readonly #opener: Opener
  readonly #path: string
  #closing = new AbortController()
  #stop = new AbortController()
  /** Exchange time of the newest trade in the store, by symbol. */
  readonly #kept = new Map<string, number>()
  #recording: Promise<void> = Promise.resolve()
  #source: Source | undefined

  private constructor(opener: Opener, path: string, start: number) {
    this.#opener = opener
    this.clock = new ManualClock(start)
    this.#path = path
  }

  static async open(opener: Opener, { start = START, past = 0 } = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'hkq-faults-'))
    const world = new World(opener, join(folder, 'faults.db'), start)
    onTestFinished(async () => {
      world.halt()
      await world.stop().catch(() => {})
      for (const proxy of world.proxies) await proxy.close()
      for (const server of world.servers) await server.close()
      rmSync(folder, { recursive: true })
    })
    const jitter = new Random(1)
    for (const vendor of opener.vendors) {
      const server = await vendor.serve(world.tape, world.clock, past)
      world.servers.push(server)
      world.proxies.push(
        await FaultProxy.open({ target: server.port, clock: world.clock, random: () => jitter.uniform() }),
      )
    }
    world.trade()
    await world.record()
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
  async record(): Promise<void> {
    const { clock, proxies, servers } = this
    this.#stop = new AbortController()
    const sessions = new Sessions()
    const store = await openSqlite(this.#path, { mode: 'record', now: () => clock.now() })
    const endpoints = proxies.map(({ port }, i) => `ws://127.0.0.1:${port}${servers[i]!.path}`)
    const source = await this.#opener.open(endpoints, {
      ...{ symbols: SYMBOLS, sessions, clock, signal: this.#stop.signal, checkpoints: await store.checkpoints() },
      // the longest waits that the back-off may choose
      random: () => 0.999,
    })
    this.#source = source
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
    const recording = startRecording({
      source,
      validator,
      sink,
      symbols: SYMBOLS,
      quotes: false,
      sessions,
      clock,
      durability: null,
    })
    this.#recording = recording.done.finally(() => store.close())
    this.#recording.catch(() => {})
  }

  /** Ends the run, with no time for anything but the wire. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#recording
  }

  /** Within `ms` a trade of every symbol from now is stored, and of two feeds each of `lanes` brings trades again. */
  async expectRecovery(lanes: readonly number[], ms: number): Promise<void> {
    const since = this.clock.now()
    const before = this.#received()
    const isKept = (): boolean => SYMBOLS.every((symbol) => (this.#kept.get(symbol) ?? 0) > since)
    const brings = (lane: number): boolean => before.length === 0 || this.#received()[lane]! > before[lane]!
    const isRecovered = (): boolean => isKept() && lanes.every(brings)
    await this.passUntil(isRecovered, ms)
    expect(isRecovered(), `recovered within ${ms / 1_000} s`).toBe(true)
  }

  /** Trades that each of two feeds has brought. */
  #received(): number[] {
    return this.#source?.feeds?.().map(({ received }) => received) ?? []
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

  audit(): Audit {
    const recorded = recordedIn(this.#path, this.#opener.reading?.(this.tape))
    return audit(this.tape, recorded, this.servers[0]!.handedTo)
  }

  /** The vendors' least times between two connects are kept. */
  expectConnects(): void {
    for (const [vendor, { accepted }] of this.proxies.entries()) {
      const pauses = accepted.slice(1).map((at, i) => at - accepted[i]!)
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(this.#opener.vendors[vendor]!.floorMs)
    }
  }

  /** The vendors' least times between two requests are kept. */
  expectRequests(): void {
    for (const { tooSoon } of this.servers) expect(tooSoon).toEqual([])
  }
}

/** Time that goes on at once, ms, and the rounds of the event loop that the wire has meanwhile. */
const STEP = 25
const TURNS = 4
