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

/** Longest wait of one timer: beyond it Node fires at once. */
const LONGEST = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    for (let left = Math.max(0, ms); !signal?.aborted; left -= LONGEST) {
      await delay(Math.min(left, LONGEST), undefined, signal ? { signal } : {}).catch(() => {})
      if (left <= LONGEST) return
    }
  },
}

/** Longest wait between two looks at the wall clock, ms. */
const LOOK_EVERY = 1_000

/** Resolves when the wall clock shows `time` (epoch ms), however it got there: a machine may sleep, a clock be set. */
export async function sleepUntil(time: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  for (let left = time - clock.now(); left > 0 && !signal?.aborted; left = time - clock.now())
    await clock.sleep(Math.min(left, LOOK_EVERY), signal)
}
