import type { Sessions, Stretch } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'

const LEAST = 30_000
const MOST = 10 * MINUTE

/**
 * Tells a stale connection from a quiet market. Silence counts in continuous trading only, from the opening at the
 * earliest; it is too long beyond max(30 s, 5 times the longest silence of this session that data ended on the same
 * connection), doubled, up to 10 minutes, after each reconnect that brought nothing and each time the vendor says that
 * nothing was traded. `now` is the wall clock that sessions follow, `at` the monotonic clock that measures silence.
 */
export class Watchdog {
  readonly #sessions: Sessions
  #session: Stretch | null = null
  #longest = 0
  #quietSince = 0
  #doublings = 0

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  /** Silence starts anew: a connection opened, or a paused one is read again. */
  restart(at: number): void {
    this.#quietSince = at
  }

  /** Data came. */
  data(now: number, at: number): void {
    if (this.#enter(now)) this.#longest = Math.max(this.#longest, this.#silence(now, at))
    this.#quietSince = at
    this.#doublings = 0
  }

  /** The vendor says that nothing was traded: silence starts anew, and may last twice as long. */
  quiet(at: number): void {
    this.#quietSince = at
    this.#doublings++
  }

  /** A stale connection was given up without having brought anything. */
  broughtNothing(): void {
    this.#doublings++
  }

  /** Milliseconds until the silence is too long, 0 or less when it is; a minute at most, for clocks can jump. */
  remaining(now: number, at: number): number {
    if (!this.#enter(now)) return MINUTE
    const base = Math.max(LEAST, 5 * this.#longest)
    const limit = Math.max(base, Math.min(MOST, base * 2 ** this.#doublings))
    return Math.min(MINUTE, limit - this.#silence(now, at))
  }

  #silence(now: number, at: number): number {
    return Math.min(at - this.#quietSince, now - this.#session!.open)
  }

  /** Whether continuous trading is on; forgets the longest silence when another session has begun. */
  #enter(now: number): boolean {
    if (this.#session !== null && now >= this.#session.open && now < this.#session.close) return true
    const stretch = this.#sessions.day(now)?.continuous.find(({ open, close }) => now >= open && now < close) ?? null
    if (stretch !== null) this.#longest = 0
    this.#session = stretch
    return stretch !== null
  }
}
