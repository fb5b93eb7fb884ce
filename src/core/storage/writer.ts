import type { Clock } from '../clock.ts'
import type { Batches, MarketEvent, Tick } from '../market/event.ts'
import type { Sink, Written } from '../pipeline/source.ts'
import { Histogram } from '../statistics/histogram.ts'

/**
 * Events of one write at most: several milliseconds of work, and nearly the whole gain of a group commit. Well below 16,384,
 * where V8 calls an array a large object and keeps it, with every tick in it, until the next full collection.
 */
const MOST = 4096

/** What a writer has done so far. */
export interface WriterStats {
  /** Ticks taken from the source. */
  received: number
  stored: number
  duplicates: number
  writes: number
  /** Receive to commit, ms, of ticks received since the writer was made; null where none was. */
  latency_p50: number | null
  latency_p99: number | null
}

/** Drains batches into a sink. */
export interface Writer {
  /**
   * Writes everything `batches` yields, as much at once as has arrived meanwhile (natural batching), and returns when it
   * ends. `onWritten` follows every commit with the events it made safe.
   * @throws whatever the sink or the source throws; the source is closed then
   */
  run(batches: Batches, onWritten?: (events: readonly MarketEvent[], written: Written) => void): Promise<void>
  readonly stats: WriterStats
  /** Receive to commit, ms, of ticks received since the writer was made. */
  readonly latency: Histogram
  /** Since when, local time, epoch ms, the first tick of the write that is under way has waited; null while there is none. */
  readonly waitingSince: number | null
}

/** @param clock the one that stamped `received_at` */
export function createWriter(sink: Sink, clock: Clock): Writer {
  const latency = new Histogram()
  const counts = { received: 0, stored: 0, duplicates: 0, writes: 0 }
  const began = clock.now()
  let underWay: { readonly events: readonly MarketEvent[]; readonly since: number } | null = null

  async function write(events: readonly MarketEvent[]): Promise<Written> {
    underWay = { events, since: clock.now() }
    const written = await sink.write(events)
    underWay = null
    const committed = clock.now()
    for (const event of events) {
      if (event.type !== 'tick') continue
      counts.received++
      if (isReceivedHere(event)) latency.add(committed - event.received_at)
    }
    counts.writes++
    counts.stored += written.stored
    counts.duplicates += written.duplicates
    return written
  }

  /** What is replayed was received by somebody else, at another time. */
  function isReceivedHere(tick: Tick): tick is Tick & { received_at: number } {
    return tick.received_at !== null && tick.received_at >= began
  }

  return {
    async run(batches, onWritten) {
      for await (const events of gathered(batches, MOST)) {
        const written = await write(events)
        onWritten?.(events, written)
      }
    },
    get stats() {
      return { ...counts, latency_p50: latency.quantile(0.5), latency_p99: latency.quantile(0.99) }
    },
    latency,
    get waitingSince() {
      if (underWay === null) return null
      const first = underWay.events.find((event): event is Tick => event.type === 'tick')
      return first !== undefined && isReceivedHere(first) ? first.received_at : underWay.since
    },
  }
}

/**
 * The same events in batches of what is at hand: batches that are ready without waiting are joined until there are
 * `most` events, larger ones are cut.
 */
export async function* gathered<E>(batches: AsyncIterable<readonly E[]>, most: number): AsyncGenerator<readonly E[]> {
  const iterator = batches[Symbol.asyncIterator]()
  // asked for but not yet taken: it may be waiting, or hold the end or an error that comes after what is at hand
  let next: Promise<IteratorResult<readonly E[]>> | undefined
  try {
    while (true) {
      const first: IteratorResult<readonly E[]> = await (next ?? iterator.next())
      next = undefined
      if (first.done) return
      let events = first.value
      while (events.length < most) {
        next = iterator.next()
        const more = await ready(next)
        if (more === undefined || more.done) break
        next = undefined
        events = events.concat(more.value)
      }
      for (let i = 0; i < events.length; i += most) yield events.length <= most ? events : events.slice(i, i + most)
    }
  } finally {
    const closed = iterator.return?.().then(undefined, () => {})
    // a generator that waits cannot be closed before it wakes
    if (next === undefined) await closed
  }
}

/**
 * What a promise holds if it is fulfilled by the next turn of the event loop, else undefined. It waits no longer than it must:
 * whatever waits keeps what the promise holds from the garbage collector, and a flood fills a turn.
 */
function ready<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const turn = setImmediate(resolve, undefined)
    const settle = (value?: T): void => {
      clearImmediate(turn)
      resolve(value)
    }
    promise.then(settle, () => settle())
  })
}
