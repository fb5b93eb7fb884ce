import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from '../../../src/commands/_io.ts'
import { openEnded } from '../../../src/commands/_recorded.ts'
import type { Setup } from '../../../src/commands/_setup.ts'
import { runOver, type VolatilityCommand } from '../../../src/commands/_volatility-run.ts'
import { barsFrom } from '../../../src/commands/resample.ts'
import type { Clock } from '../../../src/core/clock.ts'
import { GapTracker } from '../../../src/core/connection/gaps.ts'
import type { Bar } from '../../../src/core/market/bar.ts'
import type { Batches, MarketEvent, Tick } from '../../../src/core/market/event.ts'
import { toJson } from '../../../src/core/market/json.ts'
import { Channel } from '../../../src/core/pipeline/channel.ts'
import { distinct } from '../../../src/core/pipeline/distinct.ts'
import type { Checkpoint } from '../../../src/core/pipeline/source.ts'
import { VolatilityMonitor } from '../../../src/core/statistics/volatility/monitor.ts'
import type { VolatilityRecord } from '../../../src/core/statistics/volatility/record.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { createValidator } from '../../../src/core/validation/validator.ts'
import { type Session, SYMBOLS, sessions } from './session.ts'

const SOURCE = 'alltick'
/** How long a trade may take to arrive, as a feed tells its coverage. */
const ARRIVAL = 2_000

/** As often as a follower looks, ms. */
const LOOK = 300

/** A clock that stands until it is moved; whoever sleeps wakes after a look's time, or when it has passed, however far. */
class StepClock implements Clock {
  #now: number
  #sleepers = new Set<{ until: number; wake: () => void }>()

  constructor(now: number) {
    this.#now = now
  }

  now = (): number => this.#now
  monotonic = (): number => this.#now

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { until: this.#now + ms, wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  async moveTo(time: number): Promise<void> {
    for (const next of [this.#now + LOOK, time]) {
      this.#now = Math.max(this.#now, Math.min(next, time))
      for (const { until, wake } of [...this.#sleepers]) if (until <= this.#now) wake()
      await turns()
    }
  }
}

/** Enough rounds of the event loop for whoever woke to come to rest. */
async function turns(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** One connection to the wire: what arrives, with the gaps and the coverage that a feed makes of it. */
class Line {
  readonly #tracker: GapTracker

  constructor(now: number, checkpoints: readonly Checkpoint[] = []) {
    this.#tracker = new GapTracker(SOURCE, sessions, checkpoints)
    this.#tracker.watch(SYMBOLS, now)
  }

  up(now: number): MarketEvent[] {
    this.#tracker.up(now)
    return [{ type: 'status', source: SOURCE, symbol: null, state: 'up', timestamp: now, detail: '' }]
  }

  lost(now: number): MarketEvent[] {
    this.#tracker.lost('disconnect', now)
    return [{ type: 'status', source: SOURCE, symbol: null, state: 'lost', timestamp: now, detail: '' }]
  }

  take(trades: readonly Tick[], now: number): MarketEvent[] {
    return [...this.#tracker.mark([...trades]), ...this.#covered(now - ARRIVAL)]
  }

  end(now: number): MarketEvent[] {
    return [...this.#tracker.end(now), ...this.#covered(now)]
  }

  #covered(timestamp: number): MarketEvent[] {
    const symbols = this.#tracker.heard(timestamp)
    return symbols.length === 0 ? [] : [{ type: 'coverage', source: SOURCE, symbol: null, symbols, timestamp }]
  }
}

/** A command that runs, and what it has given. */
export interface Running<T> {
  readonly given: readonly T[]
  stop(): Promise<void>
}

/** A market that is played to a recorder and to whoever listens, by a clock that the play moves. */
export class World {
  readonly session: Session
  readonly clock: StepClock
  readonly #folder = mkdtempSync(join(tmpdir(), 'hkq-live-'))
  readonly #path = join(this.#folder, 'a.db')
  readonly #feeds = new Map<Channel<MarketEvent>, Line>()
  #recorder!: Store
  #line!: Line | null

  private constructor(session: Session) {
    this.session = session
    this.clock = new StepClock(session.start)
  }

  static async of(session: Session): Promise<World> {
    const world = new World(session)
    world.#recorder = await openSqlite(world.#path, { mode: 'record', sessions, now: world.clock.now })
    world.#line = new Line(session.start)
    world.#line.up(session.start)
    return world
  }

  /** Plays the session; `before` is called before each push. */
  async play(before: (push: number) => Promise<void>): Promise<void> {
    const outages = [...this.session.outages]
    for (const [i, { at, trades }] of this.session.pushes.entries()) {
      const outage = outages[0]
      if (outage !== undefined && at >= outage.to) {
        outages.shift()
        await this.clock.moveTo(outage.from)
        await this.#lost(outage.from, outage.kind === 'recorder stopped')
        await this.clock.moveTo((outage.from + outage.to) / 2)
        await before(i)
        await this.clock.moveTo(outage.to)
        await this.#up(outage.to)
      } else await before(i)
      await this.clock.moveTo(at)
      await this.#arrive(trades, at)
    }
    for (const after of [3_000, 6_000, 10_000]) {
      await this.clock.moveTo(this.session.end + after)
      await this.#arrive([], this.clock.now())
    }
    await this.clock.moveTo(this.session.end + 13_000)
  }

  async close(): Promise<void> {
    await this.#recorder.close()
    rmSync(this.#folder, { recursive: true })
  }

  async bars(every: number, from: 'store' | 'follow' | 'feed'): Promise<Running<Bar>> {
    const options = { every, align: 'session', auctions: 'join', fill: 'none', follow: from === 'follow' } as const
    return this.#run((signal, io) =>
      this.#opened(from, signal).then((recorded) => barsFrom(recorded, options as never, SETUP, signal, io)),
    )
  }

  /** @param history whether the feed is warmed up from the store */
  async volatility(
    settings: Partial<VolatilityCommand>,
    from: 'store' | 'follow' | 'feed',
    history = false,
  ): Promise<Running<VolatilityRecord>> {
    const options = {
      ...settings,
      ...(from === 'follow' && { follow: true }),
      ...(history && { history: this.#path, since: this.session.start }),
    } as VolatilityCommand
    return this.#run((signal, io) =>
      this.#opened(from, signal).then((recorded) =>
        runOver(recorded, {
          evaluator: (run) => new VolatilityMonitor(run, run),
          options,
          settings: { ...settings, sessions } as never,
          setup: SETUP,
          signal,
          onLive() {},
          io,
        }),
      ),
    )
  }

  async #opened(from: 'store' | 'follow' | 'feed', signal: AbortSignal) {
    if (from !== 'feed') return { store: await openSqlite(this.#path, { mode: 'read', sessions }) }
    const channel = new Channel<MarketEvent>()
    const now = this.clock.now()
    const line = new Line(now)
    if (this.#line !== null && !this.#isDown(now)) channel.pushAll(line.up(now))
    this.#feeds.set(channel, line)
    const source = {
      name: SOURCE,
      kind: 'live' as const,
      clock: this.clock,
      [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
    }
    return { source, events: openEnded(distinct(channel), signal), validator: createValidator() }
  }

  async #run<T>(begin: (signal: AbortSignal, io: Io) => Promise<Batches<T>>): Promise<Running<T>> {
    const stop = new AbortController()
    const given: T[] = []
    const before = new Set(this.#feeds.keys())
    const io = { clock: this.clock, stderr: { writable: false }, env: {}, built: '.' } as unknown as Io
    const batches = await begin(stop.signal, io)
    const own = [...this.#feeds.keys()].find((channel) => !before.has(channel))
    const done = (async () => {
      for await (const batch of batches) given.push(...batch)
    })()
    await turns()
    return {
      given,
      stop: async () => {
        stop.abort()
        if (own !== undefined) {
          own.pushAll(this.#feeds.get(own)!.end(this.clock.now()))
          own.close()
          this.#feeds.delete(own)
        }
        await done
      },
    }
  }

  #isDown(now: number): boolean {
    return this.session.outages.some(({ from, to }) => now >= from && now < to)
  }

  async #lost(at: number, isRecorderStopped: boolean): Promise<void> {
    if (isRecorderStopped) {
      await this.#store(this.#line!.end(at))
      this.#line = null
    } else this.#line!.lost(at)
    for (const [channel, line] of this.#feeds) channel.pushAll(line.lost(at))
    await turns()
  }

  async #up(at: number): Promise<void> {
    this.#line ??= new Line(at, await this.#recorder.checkpoints())
    this.#line.up(at)
    for (const [channel, line] of this.#feeds) channel.pushAll(line.up(at))
  }

  async #arrive(trades: readonly Tick[], at: number): Promise<void> {
    await this.#store(this.#line!.take(trades, at))
    for (const [channel, line] of this.#feeds) channel.pushAll(line.take(trades, at))
    await turns()
  }

  async #store(events: readonly MarketEvent[]): Promise<void> {
    if (events.length > 0) await this.#recorder.write(events)
  }
}

const SETUP: Setup = { config: { warnings: [] } as never, sessions, symbols: SYMBOLS }

/** The last word on each bar that is final, as JSON but for the count of revisions, by symbol and start. */
export function lastWords(bars: readonly Bar[]): string[] {
  const last = new Map<string, string>()
  for (const { revision: _, ...bar } of bars) if (bar.final) last.set(`${bar.symbol} ${bar.start}`, toJson(bar as Bar))
  return [...last].sort().map(([, json]) => json)
}

/** The records as JSON by symbol and time; one that was given twice must have been the same. */
export function jsonOf(records: readonly VolatilityRecord[]): string[] {
  const all = new Map<string, string>()
  for (const record of records) {
    const key = `${record.symbol} ${record.timestamp}`
    const json = toJson(record)
    const before = all.get(key)
    if (before !== undefined && before !== json) throw new Error(`given twice, not alike:\n${before}\n${json}`)
    all.set(key, json)
  }
  return [...all].sort().map(([, json]) => json)
}
