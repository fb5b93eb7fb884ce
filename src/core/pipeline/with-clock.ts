import type { Clock } from '../clock.ts'
import type { Batches } from '../market/event.ts'

/** Longest wait between two looks at the clock, ms: a machine may sleep, a clock be set. */
const LOOK_EVERY = 10_000

/**
 * The batches, and an empty one whenever `clock` reaches `due()` (epoch ms) before the next batch comes; now and then one
 * while it is waited for.
 */
export async function* withClock<E>(events: Batches<E>, clock: Clock, due: () => number): AsyncGenerator<readonly E[]> {
  const iterator = events[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<readonly E[]>> | undefined
  let standing = false
  try {
    while (true) {
      next ??= iterator.next()
      const before = clock.now()
      const waiting = standing ? Number.POSITIVE_INFINITY : due()
      const result = await firstOf(next, clock, waiting - before)
      if (result === null) {
        standing = clock.now() <= before
        yield []
        continue
      }
      next = undefined
      standing = false
      if (result.done) return
      yield result.value
    }
  } finally {
    if (next === undefined) await iterator.return?.()
    else void iterator.return?.().catch(() => {})
  }
}

/** What `next` resolves to, or null when `ms` have passed before. */
async function firstOf<T>(next: Promise<T>, clock: Clock, ms: number): Promise<T | null> {
  if (ms === Number.POSITIVE_INFINITY) return next
  const timer = new AbortController()
  const slept = clock.sleep(Math.min(Math.max(ms, 0), LOOK_EVERY), timer.signal)
  try {
    return await Promise.race([next, slept.then(() => null)])
  } finally {
    timer.abort()
  }
}
