import type { Gap, MarketEvent } from '../core/market/event.ts'
import type { Source } from '../core/pipeline/source.ts'
import type { Resumable } from '../core/storage/deferred-store.ts'
import type { Validator } from '../core/validation/validator.ts'
import type { Io } from './_io.ts'
import type { CommonOptions } from './_options.ts'
import { tell } from './_print.ts'
import type { Setup } from './_setup.ts'

/** A recording whose holes are filled beside it. */
interface Refillable {
  readonly source: Source
  readonly store: Resumable | undefined
  readonly validator: Validator
  /** Told of each hole that has been filled. */
  readonly filled: (gap: Gap) => void
}

/** Takes what has been committed; `ended` comes after the signal. */
interface Refilling {
  add(events: readonly MarketEvent[]): void
  readonly ended: Promise<void>
}

const NOTHING: Refilling = { add: () => {}, ended: Promise.resolve() }

/** Fills the holes of a recording, and those that earlier runs left, where the vendor answers and a store keeps them. */
export async function startRefill(
  { source, store, validator, filled }: Refillable,
  signal: AbortSignal,
  { symbols, setup, options }: { symbols: readonly string[]; setup: Setup; options: CommonOptions },
  io: Io,
): Promise<Refilling> {
  const { inquiry } = source
  if (store === undefined || inquiry === undefined) return NOTHING
  const { BackgroundRefill } = await import('../core/holes/background.ts')
  let newest = Number.NEGATIVE_INFINITY
  const refill = new BackgroundRefill({
    ...{ store, inquiry, sessions: setup.sessions, clock: io.clock, signal },
    // a replay has its own present: that of its trades
    now: () => (validator.feed.live ? io.clock.now() : newest),
    onFilled: (gap) => {
      filled(gap)
      if (options.verbose) tell(`filled the hole of ${gap.symbol} with the vendor's minutes`, options, io)
    },
    onTrouble: (line) => tell(`hkq: ${line}`, options, io),
  })
  refill.resume(await store.gaps({ symbols }))
  return {
    add: (events) => {
      const last = events.findLast((event) => event.type === 'tick')
      if (last !== undefined) newest = Math.max(newest, last.timestamp)
      const gaps = events.filter((event) => event.type === 'gap')
      if (gaps.length > 0) refill.add(gaps)
    },
    ended: refill.run(),
  }
}
