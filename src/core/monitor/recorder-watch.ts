import type { Clock } from '../clock.ts'
import type { Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { dayNumber } from '../market/time.ts'
import type { Condition, Source } from '../pipeline/source.ts'
import type { Histogram } from '../statistics/histogram.ts'
import { lateBy, type Machine, type MachineSample } from './machine.ts'
import { overTime } from './over-time.ts'
import { Quiet } from './quiet.ts'
import type { HealthRecord, SymbolAge } from './record.ts'
import { type Facts, judge, type State, type Verdict } from './verdict.ts'
import { total, type Vitals } from './vitals.ts'
import { Window } from './window.ts'

/** Bytes of a store and of its write-ahead log, and how many the log may have. */
export interface StoreSize {
  readonly store: number
  readonly log: number
  readonly logLimit: number
}

/** What this process uses: CPU time since its start, ms, and memory, bytes. */
export interface Usage {
  readonly cpu: number
  readonly memory: number
}

/** A recording as it can be watched; every function is cheap, and may be asked at any time. */
export interface Watched {
  readonly pid: number
  /** What it records into, in words. */
  readonly store: string | null
  /** Canonical; none: whatever comes. */
  readonly symbols: readonly string[]
  readonly source: Pick<Source, 'name' | 'kind' | 'clock' | 'lines' | 'feeds' | 'committed'>
  readonly sessions: Sessions
  readonly clock: Clock
  readonly machine: Pick<Machine, 'sample' | 'loopDelays'>
  readonly vitals: () => Vitals
  /** The tick that came last of each symbol. */
  readonly last: () => Iterable<Tick>
  readonly sinks: () => readonly Condition[]
  /** Null where it is no file of this machine. */
  readonly size: () => StoreSize | null
  /** Local clock less exchange's, ms; 0 where that is not known. */
  readonly skew: () => number
  readonly usage: () => Usage
  /** Gaps of today that the store had before. */
  readonly gapsBefore: number
}

/** All that a recorder tells at one moment; the distributions, exchange to receive and receive to commit, are since its start. */
export interface Told {
  readonly record: HealthRecord
  readonly latency: Histogram
  readonly commit: Histogram
  readonly usage: Usage
}

/** One look at a recording. */
interface Look {
  readonly machine: MachineSample
  readonly received: number
  readonly rejected: number
  readonly latency: Histogram
  readonly commit: Histogram
  readonly loopDelays: Histogram
  readonly cpu: number
}

/** How often it is looked at, and the time that figures a second and quantiles are taken over, ms. */
const LOOK_EVERY = 5_000
const LATELY = 60_000
/** Looks at the event loop, those of 5 s, of which a hundredth can be told. */
const ENOUGH_LOOKS = 100
/** Symbols whose ages are told at most. */
const MOST_SYMBOLS = 1_000

/** Watches a recording from beside: looks at its counts now and then, and can tell at any time how it does. */
export class RecorderWatch {
  readonly #watched: Watched
  readonly #start: number
  readonly #lately = new Window<Look>(LATELY)
  readonly #quiet: Quiet
  #state: { readonly state: State; readonly since: number } | null = null
  #today: { readonly day: number; readonly before: number }

  private constructor(watched: Watched) {
    const { clock, gapsBefore } = watched
    this.#watched = watched
    this.#start = clock.now()
    this.#quiet = new Quiet(clock.monotonic())
    this.#today = { day: dayNumber(this.#start), before: gapsBefore }
  }

  /** Begins, with a first look. */
  static async open(watched: Watched): Promise<RecorderWatch> {
    const watch = new RecorderWatch(watched)
    await watch.#look()
    return watch
  }

  /** Looks every few seconds until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#watched
    for (;;) {
      await clock.sleep(LOOK_EVERY, signal)
      if (signal.aborted) return
      await this.#look()
    }
  }

  /** All that is to be told now. */
  told(): Told {
    const { latency, commit } = this.#watched.vitals()
    return { record: this.record(), latency, commit, usage: this.#watched.usage() }
  }

  /** How the recording does now. */
  record(): HealthRecord {
    const { clock, source, pid, store, size } = this.#watched
    const vitals = this.#watched.vitals()
    const { at, value: before } = this.#lately.first!
    const seconds = (clock.monotonic() - at) / 1_000
    const [latency, commit] = [vitals.latency.since(before.latency), vitals.commit.since(before.commit)]
    const { state, findings, since } = this.#judged(vitals)
    const sizes = size()
    const { cpu, memory } = this.#watched.usage()
    const { timestamp: _, ...machine } = this.#machine()
    return {
      ...{ type: 'health', timestamp: clock.now(), state, since, start: this.#start },
      reasons: findings.map(({ reason }) => reason),
      detail: findings.length === 0 ? null : findings.map(({ detail }) => detail).join('; '),
      ...{ pid, source: source.name, store },
      ...{ store_bytes: sizes?.store ?? null, wal_bytes: sizes?.log ?? null },
      waiting_bytes: this.#watched.sinks().reduce((sum, { waiting }) => sum + waiting, 0),
      ticks_per_second: seconds > 0 ? rounded((vitals.received - before.received) / seconds, 2) : 0,
      queue_seconds: rounded(Math.max(commit.quantile(1) ?? 0, this.#waiting(vitals)) / 1_000, 3),
      ...{ commit_p50: rounded(commit.quantile(0.5), 2), commit_p99: rounded(commit.quantile(0.99), 2) },
      ...{ latency_p50: rounded(latency.quantile(0.5), 2), latency_p99: rounded(latency.quantile(0.99), 2) },
      ...{ received: vitals.received, stored: vitals.stored, duplicates: vitals.duplicates },
      ...{ rejected: vitals.rejected, flagged: vitals.flagged },
      ...{ gaps: vitals.gaps, gaps_today: this.#gapsToday(vitals), holes: vitals.holes },
      ...{ reconnects: vitals.reconnects, bytes: vitals.bytes },
      process_cpu: seconds > 0 ? rounded((cpu - before.cpu) / 1_000 / seconds, 4) : 0,
      process_memory: memory,
      ...machine,
      symbols: this.#ages(),
    }
  }

  async #look(): Promise<void> {
    const { clock, sessions, source, usage } = this.#watched
    const { machine } = this.#watched
    const sample = await machine.sample()
    const vitals = this.#watched.vitals()
    const at = clock.monotonic()
    const { received, latency, commit } = vitals
    const rejected = total(vitals.rejected)
    const copies = { latency: latency.copy(), commit: commit.copy(), loopDelays: machine.loopDelays.copy() }
    this.#lately.push(at, { machine: sample, received, rejected, cpu: usage().cpu, ...copies })
    this.#quiet.look(at, received, sessions.isContinuous(source.clock.now()))
    this.#judged(vitals)
  }

  /** The verdict of now, and since when its state has lasted. */
  #judged(vitals: Vitals): Verdict & { readonly since: number } {
    const verdict = judge(this.#facts(vitals))
    if (this.#state?.state !== verdict.state) this.#state = { state: verdict.state, since: this.#watched.clock.now() }
    return { ...verdict, since: this.#state.since }
  }

  #facts(vitals: Vitals): Facts {
    const { clock, sessions, source, sinks, skew, size } = this.#watched
    const { value: before } = this.#lately.first!
    const sizes = size()
    return {
      ...{ now: clock.now(), kind: source.kind },
      phase: sessions.phaseAt(source.clock.now()),
      ...{ lines: source.lines?.() ?? [], isCovered: source.feeds !== undefined },
      isShared: source.committed !== undefined,
      silence: this.#quiet.now(clock.monotonic()),
      ...{ sinks: sinks(), waiting: this.#waiting(vitals) },
      delay: vitals.commit.since(before.commit).quantile(1) ?? 0,
      received: vitals.received - before.received,
      rejected: total(vitals.rejected) - before.rejected,
      ...{ skew: skew(), log: sizes && { bytes: sizes.log, limit: sizes.logLimit } },
      machine: this.#machine(),
    }
  }

  /** The machine over the last minute. A pause at the very start is no delay yet. */
  #machine(): MachineSample {
    const delays = this.#watched.machine.loopDelays.since(this.#lately.first!.value.loopDelays)
    const loop_delay_p99 = delays.count < ENOUGH_LOOKS ? null : lateBy(delays)
    return { ...overTime(this.#lately.values.map(({ machine }) => machine)), loop_delay_p99 }
  }

  #waiting({ waitingSince }: Vitals): number {
    return waitingSince === null ? 0 : Math.max(0, this.#watched.clock.now() - waitingSince)
  }

  #gapsToday({ gaps }: Vitals): number {
    const day = dayNumber(this.#watched.clock.now())
    // what there was before today counts down from what there is
    if (day !== this.#today.day) this.#today = { day, before: -gaps }
    return this.#today.before + gaps
  }

  #ages(): SymbolAge[] {
    const { clock, source, symbols, last } = this.#watched
    const ages = new Map<string, number | null>(symbols.map((symbol) => [symbol, null]))
    for (const { symbol, received_at, timestamp } of last()) {
      if (symbols.length > 0 && !ages.has(symbol)) continue
      const age = received_at === null ? source.clock.now() - timestamp : clock.now() - received_at
      ages.set(symbol, Math.max(0, Math.round(age / 100) / 10))
    }
    return [...ages]
      .map(([symbol, age]) => ({ symbol, age }))
      .sort((a, b) => (b.age ?? -1) - (a.age ?? -1))
      .slice(0, MOST_SYMBOLS)
  }
}

function rounded(value: number, decimals: number): number
function rounded(value: number | null, decimals: number): number | null
function rounded(value: number | null, decimals: number): number | null {
  return value === null ? null : Number(value.toFixed(decimals))
}
