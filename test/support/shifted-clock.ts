import { type Clock, systemClock } from '../../src/core/clock.ts'

/** The machine's clock, its wall clock set to another time: what `preload/shifted-clock.cjs` is to another process. */
export class ShiftedClock implements Clock {
  /** Milliseconds that the wall clock is ahead of the machine's. */
  offset: number

  /** @param now what the wall clock shows at first, epoch ms */
  constructor(now: number) {
    this.offset = now - systemClock.now()
  }

  /** Sets the wall clock. */
  set(now: number): void {
    this.offset = now - systemClock.now()
  }

  now(): number {
    return systemClock.now() + this.offset
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal)
  }
}
