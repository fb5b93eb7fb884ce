import type { Clock } from '../clock.ts'
import { ClockWatch, SLICE } from './clock-watch.ts'
import type { LinkEnd } from './link.ts'
import type { Opinion } from './mute-watch.ts'
import type { Vendor } from './vendor.ts'
import type { Watchdog } from './watchdog.ts'

/** How soon a connection that is doubted must show that it lives, ms. */
const SIGN_WITHIN = 5_000
/** What the machine had received before it slept is read by then, ms after the doubt began. */
const LEFTOVERS = 1_000

export interface PulseOptions {
  readonly clock: Clock
  readonly heartbeat: Vendor['heartbeat']
  readonly watchdog: Watchdog
  /** Sends a heartbeat as soon as the vendor's pace allows; false when the connection ended first. */
  readonly beat: () => Promise<boolean>
  /** The vendor's word on a silence that is too long; absent: nobody can be asked. */
  readonly opinion?: (() => Promise<Opinion>) | undefined
  /** Time went by unseen. */
  readonly lapsed: () => void
  /** Looks after a task: its failure ends the connection. */
  readonly run: (task: Promise<void>) => void
}

/**
 * Whether an open connection lives: heartbeats that must be answered, silence that must end, and time that went by unseen. A
 * machine that slept and a clock that was set look the same, so both raise the same doubt, which a sign of life ends: the
 * answer to a heartbeat sent at once, or a message that cannot have been received before. Silence is measured by the
 * monotonic clock.
 */
export class Pulse {
  readonly #options: PulseOptions
  readonly #signal: AbortSignal
  readonly #seen: ClockWatch
  /** Monotonic time of the first heartbeat since the last frame; null while nothing is owed. */
  #owedSince: number | null = null
  /** Monotonic times of the heartbeats without an answer, which come in their order. */
  readonly #beats: number[] = []
  /** Local time before the time that went by unseen; `at` and `until` are monotonic. */
  #doubt: { readonly since: number; readonly at: number; until: number } | null = null
  #isPaused = false

  /** @param signal aborts when the connection ends */
  constructor(options: PulseOptions, signal: AbortSignal) {
    const { clock, watchdog } = options
    this.#options = options
    this.#signal = signal
    this.#seen = new ClockWatch(clock)
    watchdog.restart(this.#seen.at)
  }

  /** Local time up to which the connection is known to have worked, where that is in doubt; else null. */
  get doubtedSince(): number | null {
    this.#look()
    return this.#doubt?.since ?? null
  }

  /** Nothing is read until `resume`: nothing can be expected either. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    const at = this.#options.clock.monotonic()
    this.#options.watchdog.restart(at)
    if (this.#doubt !== null) this.#doubt.until = at + SIGN_WITHIN
  }

  /** A frame came. */
  frame(): void {
    this.#look()
    this.#owedSince = null
    if (this.#doubt !== null && this.#seen.at - this.#doubt.at >= LEFTOVERS) this.#doubt = null
  }

  /** Data came, at that local time. */
  data(now: number): void {
    this.#options.watchdog.data(now, this.#seen.at)
  }

  /**
   * A heartbeat was answered; an answer from before the doubt may have waited in the machine.
   * @returns the monotonic time at which the heartbeat was sent; -Infinity where nobody knows
   */
  answered(): number {
    const sentAt = this.#beats.shift() ?? Number.NEGATIVE_INFINITY
    if (this.#doubt !== null && sentAt >= this.#doubt.at) this.#doubt = null
    return sentAt
  }

  /** Watches until the connection ends. @returns how it ends; undefined when it has ended otherwise */
  async run(): Promise<LinkEnd | undefined> {
    const { clock, heartbeat } = this.#options
    let beatAt = this.#seen.at + heartbeat.everyMs
    while (!this.#signal.aborted) {
      await clock.sleep(Math.min(SLICE, this.#dueIn(beatAt)), this.#signal)
      if (this.#signal.aborted) return undefined
      this.#look()
      if (this.#seen.at >= beatAt) {
        beatAt = this.#seen.at + heartbeat.everyMs
        this.#options.run(this.#beat())
      }
      const end = this.#isPaused ? undefined : (this.#dead() ?? (await this.#mute()))
      if (end !== undefined) return end
    }
    return undefined
  }

  /** Milliseconds to the next thing that falls due. */
  #dueIn(beatAt: number): number {
    const { clock, heartbeat, watchdog } = this.#options
    const at = clock.monotonic()
    let due = beatAt
    if (!this.#isPaused) {
      if (this.#doubt !== null) due = Math.min(due, this.#doubt.until)
      if (this.#owedSince !== null) due = Math.min(due, this.#owedSince + heartbeat.answerWithinMs!)
      due = Math.min(due, at + watchdog.remaining(clock.now(), at))
    }
    return Math.max(0, due - at)
  }

  /** Looks at both clocks; time that went by unseen raises doubt, and no silence is counted over it. */
  #look(): void {
    const { watchdog, heartbeat, lapsed } = this.#options
    const before = this.#seen.look()
    if (before === null) return
    const { at } = this.#seen
    const isAnswered = heartbeat.answerWithinMs !== null
    const since = this.#doubt?.since ?? before
    this.#doubt = { since, at, until: isAnswered ? Number.POSITIVE_INFINITY : at + SIGN_WITHIN }
    this.#owedSince = null
    watchdog.restart(at)
    lapsed()
    if (isAnswered) this.#options.run(this.#beat())
  }

  async #beat(): Promise<void> {
    const { clock, heartbeat, beat } = this.#options
    if (!(await beat()) || heartbeat.answerWithinMs === null) return
    const at = clock.monotonic()
    this.#beats.push(at)
    if (this.#isPaused) return
    this.#owedSince ??= at
    if (this.#doubt !== null) this.#doubt.until = Math.min(this.#doubt.until, at + SIGN_WITHIN)
  }

  /** Whether an answer is overdue. */
  #dead(): LinkEnd | undefined {
    const { answerWithinMs } = this.#options.heartbeat
    const { at } = this.#seen
    if (this.#doubt !== null && at >= this.#doubt.until) {
      const detail = 'the machine slept or a clock was set, and the connection shows no sign of life'
      return { cause: 'disconnect', detail }
    }
    if (this.#owedSince === null || at - this.#owedSince < answerWithinMs!) return undefined
    const seconds = answerWithinMs! / 1_000
    return { cause: 'disconnect', detail: `the line is dead: no answer to a heartbeat within ${seconds} s` }
  }

  async #mute(): Promise<LinkEnd | undefined> {
    const { clock, watchdog, opinion = async () => null } = this.#options
    const isSilent = () => watchdog.remaining(this.#seen.now, this.#seen.at) <= 0
    if (!isSilent()) return undefined
    const told = await opinion()
    // meanwhile the connection may have ended, data come, or time gone by unseen
    if (this.#signal.aborted) return undefined
    this.#look()
    if (this.#isPaused || !isSilent()) return undefined
    if (told === 'quiet') {
      watchdog.quiet(clock.monotonic())
      return undefined
    }
    return { cause: 'stale', detail: 'no data for too long while the market trades', isProven: told === 'mute' }
  }
}
