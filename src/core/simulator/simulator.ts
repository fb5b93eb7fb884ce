import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { MarketEvent } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Sessions, TradingDay } from '../market/session.ts'
import { isIndex } from '../market/symbol.ts'
import { DAY, HOUR, MINUTE } from '../market/time.ts'
import type { Source } from '../pipeline/source.ts'
import { type Script, SOURCE, type Stage } from './actor.ts'
import { indexScript } from './index-script.ts'
import { securityOf, simulatedInstruments } from './security.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { stockScript } from './stock-script.ts'
import { Timeline } from './timeline.ts'

export interface SimulatorOptions {
  /** Canonical symbols; any exists. None: time passes (at `max` it stands) until `subscribe` names some. */
  symbols: readonly string[]
  seed?: number
  /** Simulated seconds per second; `max`: as fast as it is read. Default 1. */
  speed?: number | 'max'
  /** Mean trades per second and symbol in continuous trading. Default 10. */
  rate?: number
  /** Epoch ms; default 09:30 of the latest trading day that ended more than 24 h ago. A shut market opens the next day. */
  start?: number
  /** Trading days to play, 0 for ever. Default 1. */
  days?: number
  /** Epoch ms at which the play ends, whatever days are left; default never. */
  until?: number
  /** Levels of the Quote events, 0 for none. Default 10. */
  depth?: number
  sessions: Sessions
  /** Base clock of the pace and of the default start. */
  clock: Clock
  signal?: AbortSignal
}

/** Most events in one batch. */
const BATCH = 4096
/** Longest wait before the paced market looks again, base ms. */
const NAP = 60_000

/**
 * A seeded Hong Kong market as a source. What a symbol does depends on seed, symbol, rate and date alone, whatever else is
 * subscribed and however fast it is read. Nights and days without trading are passed over.
 */
export function openSimulator(options: SimulatorOptions): Source {
  return new Simulator(options)
}

class Simulator implements Source {
  readonly name = SOURCE
  readonly kind = 'simulated'
  readonly clock: SimulatedClock
  readonly #options: SimulatorOptions
  readonly #sessions: Sessions
  readonly #seed: number
  readonly #stage: Stage = { out: [] }
  readonly #timeline = new Timeline()
  #symbols: Set<string>
  #day: TradingDay
  readonly #started: number
  #playing = false
  /** Ends a wait: the caller's signal, or a change of the subscription. Made once per subscription, not per wait. */
  #alarm: AbortSignal
  #subscribed = new AbortController()

  constructor(options: SimulatorOptions) {
    this.#options = options
    this.#sessions = options.sessions
    this.#seed = options.seed ?? 1
    this.#symbols = new Set(options.symbols)
    this.#alarm = this.#newAlarm()
    const wanted = options.start ?? defaultStart(options.sessions, options.clock.now())
    this.#day = dayPlayedAt(options.sessions, wanted)
    this.#started = Math.max(wanted, this.#day.phases[0]!.open)
    this.clock = new SimulatedClock(options.clock, options.speed ?? 1, this.#started)
  }

  async instruments(): Promise<readonly Instrument[]> {
    const { seed, day, sessions } = { seed: this.#seed, day: this.#day, sessions: this.#sessions }
    return simulatedInstruments([...this.#symbols], { seed, day, sessions })
  }

  subscribe(symbols: readonly string[]): void {
    const wanted = new Set(symbols)
    for (const symbol of this.#symbols) if (!wanted.has(symbol)) this.#timeline.remove(symbol)
    const added = [...wanted].filter((symbol) => !this.#symbols.has(symbol))
    this.#symbols = wanted
    if (this.#playing) for (const symbol of added) this.#enter(symbol, this.clock.now())
    this.#subscribed.abort()
    this.#alarm = this.#newAlarm()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly MarketEvent[]> {
    const days = this.#options.days ?? 1
    try {
      for (let played = 0; days === 0 || played < days; played++) {
        if (this.#day.end >= this.#until && played > 0) break
        if (played > 0) this.#day = this.#sessions.nextDay(this.#day.end + 12 * HOUR)
        const from = played === 0 ? this.#started : this.#day.phases[0]!.open
        this.clock.jumpTo(from)
        this.#playing = true
        for (const symbol of this.#symbols) this.#enter(symbol, from)
        yield* this.#playDay()
        if (this.#aborted) return
      }
      // The closing price of the last day is settled, or what came before `until`.
      this.clock.jumpTo(Math.max(this.clock.now(), Math.min(this.#day.end, this.#until) + MINUTE))
    } finally {
      this.clock.end()
    }
  }

  get #until(): number {
    return this.#options.until ?? Number.POSITIVE_INFINITY
  }

  get #aborted(): boolean {
    return this.#options.signal?.aborted ?? false
  }

  async *#playDay(): AsyncGenerator<readonly MarketEvent[]> {
    while (!this.#aborted && !this.#isOver()) {
      const { batch, time } = this.#due()
      if (batch.length === 0) {
        await this.#wait()
        continue
      }
      yield batch
      // Who goes by the clock must have seen what happened up to it.
      this.clock.reach(time)
      // A market read as fast as it plays must still let sockets, timers and signals have their turn.
      if (this.#options.speed === 'max') await setImmediate()
    }
  }

  #isOver(): boolean {
    if (this.#timeline.next < this.#until) return false
    return this.#symbols.size > 0 || this.clock.now() >= this.#day.end
  }

  /** What has happened since the last batch, at most BATCH events or so, and up to when. */
  #due(): { batch: readonly MarketEvent[]; time: number } {
    const now = this.#options.speed === 'max' ? Number.MAX_VALUE : this.clock.now()
    const out: MarketEvent[] = []
    this.#stage.out = out
    let time = 0
    for (
      let next = this.#timeline.next;
      next <= now && next < this.#until && out.length < BATCH;
      next = this.#timeline.next
    ) {
      this.#timeline.step()
      time = next
    }
    return { batch: out, time }
  }

  async #wait(): Promise<void> {
    const { speed = 1, clock } = this.#options
    const until = Math.min(this.#timeline.next, this.#day.end)
    const ms = speed === 'max' ? NAP : Math.min(NAP, Math.max(1, (until - this.clock.now()) / speed))
    await clock.sleep(ms, this.#alarm)
  }

  #newAlarm(): AbortSignal {
    const { signal } = this.#options
    this.#subscribed = new AbortController()
    return signal ? AbortSignal.any([signal, this.#subscribed.signal]) : this.#subscribed.signal
  }

  /** Brings a symbol on stage at `time`: its day is played from the start, in silence, up to there. */
  #enter(symbol: string, time: number): void {
    const script = this.#scriptOf(symbol)
    const out = this.#stage.out
    let next = script.next()
    while (!next.done && next.value < time) {
      this.#stage.out = []
      next = script.next()
    }
    this.#stage.out = out
    if (!next.done) this.#timeline.add(symbol, script, next.value)
  }

  #scriptOf(symbol: string): Script {
    const { rate = 10, depth = 10 } = this.#options
    const [day, sessions] = [this.#day, this.#sessions]
    const before = sessions.daysBefore(day.phases[0]!.open, 1)[0]!
    const setting = { seed: this.#seed, rate, depth, sessions, stage: this.#stage, day, before }
    const security = securityOf(symbol)
    return isIndex(symbol) ? indexScript(security, setting) : stockScript(security, setting)
  }
}

/** 09:30 of the latest trading day that ended more than 24 h before `now` (its first continuous minute on a late day). */
export function defaultStart(sessions: Sessions, now: number): number {
  const day = sessions.daysBefore(now, 3).findLast(({ end }) => end < now - DAY)!
  return day.continuous[0]!.open
}

/** The trading day that plays at `time`: that day, or the next one when it is shut or over. */
function dayPlayedAt(sessions: Sessions, time: number): TradingDay {
  const day = sessions.nextDay(time)
  return time < day.end - MINUTE ? day : sessions.nextDay(day.end + 12 * HOUR)
}
