import type { Clock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import type { Sessions } from '../market/session.ts'
import { MINUTE } from '../market/time.ts'
import { Backoff } from './backoff.ts'
import { SLICE, UNSEEN } from './clock-watch.ts'
import type { Vendor } from './vendor.ts'

/** Longest wait between two attempts while nothing trades, ms. */
const QUIET_CAP = MINUTE
const PROBE = 'run hkq probe-endpoints to see why'

export interface RetryOptions {
  readonly vendor: Pick<Vendor, 'name' | 'reconnect'>
  readonly sessions: Sessions
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Consecutive failures to be retried; undefined: for ever. */
  readonly maxRetries?: number | undefined
  /** What to do when they are exhausted; default: to probe the endpoints. */
  readonly remedy?: string
}

/** Whether and when a lost connection is tried again. */
export class Retries {
  readonly #options: RetryOptions
  readonly #backoff: Backoff
  /** Failures since the last data. */
  #failures = 0

  constructor(options: RetryOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.vendor.reconnect, options.random)
  }

  /** A connect begins. */
  connecting(): void {
    this.#backoff.connecting(this.#options.clock.monotonic())
  }

  /** Data came: whatever failed before is forgiven. */
  delivered(): void {
    this.#backoff.reset()
    this.#failures = 0
  }

  /**
   * The connection was lost, or an attempt failed, because of `detail`.
   * @returns milliseconds to wait before the next one
   * @throws HkqError E_NETWORK when the retries are exhausted
   */
  lost(detail: string): number {
    const { vendor, clock, maxRetries = Number.POSITIVE_INFINITY, remedy = PROBE } = this.#options
    this.#failures++
    if (this.#failures <= maxRetries) return this.#backoff.failed(clock.monotonic(), this.#capMs(clock.now()))
    const times = maxRetries === 1 ? '1 retry' : `${maxRetries} retries in a row`
    const tries = maxRetries === 0 ? 'no retry allowed' : `${times} failed`
    throw new HkqError('E_NETWORK', `${vendor.name} lost: ${detail} (${tries}): ${remedy}`)
  }

  /**
   * Waits `ms`; where time went by unseen no longer than the vendor's floor asks for, since a machine that wakes has waited
   * enough, but a clock that was set has not.
   */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    let left = ms
    while (left > 0 && !signal.aborted) {
      const before = clock.now()
      await clock.sleep(Math.min(SLICE, left), signal)
      left -= SLICE
      if (clock.now() - before >= SLICE + UNSEEN) left = Math.min(left, this.#backoff.floorLeft(clock.monotonic()))
    }
  }

  /** The vendor's cap while the market is open; outside up to a minute, but not past the next opening. */
  #capMs(now: number): number {
    const { sessions, vendor } = this.#options
    const { capMs } = vendor.reconnect
    const phase = sessions.phaseAt(now)
    if (phase !== 'closed' && phase !== 'lunch') return capMs
    const opening = sessions.phaseAt(now + QUIET_CAP)
    return opening !== 'closed' && opening !== 'lunch' ? capMs : Math.max(capMs, QUIET_CAP)
  }
}
