import type { Vendor } from './vendor.ts'

/**
 * When to connect again: at least the vendor's floor after the last connect, and a random wait of up to floor * 2^n
 * (full jitter, n counts failures since the last data) that never exceeds the cap.
 */
export class Backoff {
  readonly #floorMs: number
  readonly #random: () => number
  #failures = 0
  #lastConnect = Number.NEGATIVE_INFINITY

  /** @param random uniform in [0, 1) */
  constructor({ floorMs }: Pick<Vendor['reconnect'], 'floorMs'>, random: () => number) {
    this.#floorMs = floorMs
    this.#random = random
  }

  /** A connect begins, at monotonic time `at`. */
  connecting(at: number): void {
    this.#lastConnect = at
  }

  /** Data came: the next wait is a short one again. */
  reset(): void {
    this.#failures = 0
  }

  /**
   * The attempt failed or the connection was lost.
   * @param at monotonic time, ms
   * @param capMs longest wait now
   * @returns milliseconds to wait before the next connect
   */
  failed(at: number, capMs: number): number {
    const jitter = this.#random() * Math.min(capMs, this.#floorMs * 2 ** this.#failures)
    this.#failures++
    return Math.max(this.floorLeft(at), jitter)
  }

  /** Milliseconds until the vendor's floor lets another connect begin. */
  floorLeft(at: number): number {
    return Math.max(0, this.#lastConnect + this.#floorMs - at)
  }
}
