import { setTimeout as delay } from 'node:timers/promises'

/** Time as an argument: the system's, a simulation's, or a test's. */
export interface Clock {
  /** Wall clock, epoch milliseconds UTC. Sessions and ages follow it. */
  now(): number
  /** Milliseconds from an arbitrary start, never going back. Silence and back-off are measured by it. */
  monotonic(): number
  /** Resolves after `ms`; resolves at once (never rejects) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. Sleeping does not keep a process alive that has nothing else to do only if `signal` ends it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(Math.max(0, ms), undefined, signal ? { signal } : {}).catch(() => {})
  },
}
