import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { MarketEvent } from '../market/event.ts'
import { Channel } from '../pipeline/channel.ts'
import type { Source } from '../pipeline/source.ts'
import type { LaneId } from './lane.ts'
import { type Moment, Pair } from './pair.ts'

/**
 * Two live feeds as one source: what the first misses the second brings (pair.ts). It ends when both have ended, and as the
 * last one did; one that fails before is told of. What else a source can do is done by the first feed.
 * @param signal the one the feeds end on
 * @param capacity events waiting for the consumer at which the feeds are no longer read; default 65,536
 * @throws HkqError E_USAGE for a source that is no live feed; while iterated what the last feed throws
 */
export function sideBySide(feeds: readonly [Source, Source], signal?: AbortSignal, capacity?: number): Source {
  for (const { kind, name } of feeds) {
    if (kind === 'live') continue
    throw new HkqError('E_USAGE', `"${name}" is no live feed, and only those are read side by side: read it alone`)
  }
  const pair = new Pair([feeds[0].name, feeds[1].name])
  const [first, second] = feeds
  return {
    ...{ name: first.name, kind: 'live', clock: first.clock },
    ...(first.instruments && { instruments: () => first.instruments!() }),
    ...(first.inquiry && { inquiry: first.inquiry }),
    ...(first.subscribe && {
      subscribe: (symbols: readonly string[]) => {
        first.subscribe!(symbols)
        second.subscribe?.(symbols)
      },
    }),
    lines: () => feeds.flatMap((feed) => feed.lines?.() ?? []),
    feeds: () => pair.report(first.clock.monotonic()),
    [Symbol.asyncIterator]: () => new Reading(feeds, pair, signal, capacity),
  }
}

/** Both feeds being read. Leaving takes effect at once, even while `next` is pending. */
class Reading implements AsyncIterator<readonly MarketEvent[]> {
  readonly #pair: Pair
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #feeds: readonly AsyncIterator<readonly MarketEvent[]>[]
  readonly #channel: Channel<MarketEvent>
  readonly #events: AsyncIterator<readonly MarketEvent[]>
  readonly #left = new AbortController()
  #running = 2
  #alarm = new AbortController()
  #armedFor = Number.POSITIVE_INFINITY
  #drained: (() => void)[] = []

  constructor(feeds: readonly [Source, Source], pair: Pair, signal?: AbortSignal, capacity?: number) {
    this.#pair = pair
    this.#clock = feeds[0].clock
    this.#signal = signal
    this.#channel = new Channel(capacity, () => this.#goOn())
    this.#events = this.#channel[Symbol.asyncIterator]()
    this.#feeds = feeds.map((feed) => feed[Symbol.asyncIterator]())
    void this.#read(0)
    void this.#read(1)
  }

  next(): Promise<IteratorResult<readonly MarketEvent[]>> {
    return this.#events.next()
  }

  async return(): Promise<IteratorResult<readonly MarketEvent[]>> {
    this.#leave()
    this.#channel.close()
    await Promise.allSettled(this.#feeds.map((feed) => feed.return?.()))
    await this.#events.return?.()
    return { done: true, value: undefined }
  }

  /** Reads one feed to its end, no faster than the consumer takes what comes of both. Never rejects. */
  async #read(lane: LaneId): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#feeds[lane]!.next()
        if (done) break
        this.#give(this.#pair.push(lane, value, this.#moment))
        this.#arm()
        if (this.#channel.full) await new Promise<void>((resolve) => this.#drained.push(resolve))
      }
      this.#end(lane)
    } catch (error) {
      this.#end(lane, error)
    }
  }

  #end(lane: LaneId, error?: unknown): void {
    const isAsked = this.#signal?.aborted || this.#left.signal.aborted
    const why = error === undefined ? 'the vendor has closed it' : messageOf(error)
    this.#give(this.#pair.ended(lane, isAsked ? null : why, this.#moment))
    if (--this.#running > 0) return
    this.#leave()
    if (error === undefined) this.#channel.close()
    else this.#channel.fail(error)
  }

  /** Has the pair look at the time when that is due, and no later where that has become sooner. */
  #arm(): void {
    const { due } = this.#pair
    if (due >= this.#armedFor || this.#left.signal.aborted) return
    this.#alarm.abort()
    const alarm = new AbortController()
    this.#alarm = alarm
    this.#armedFor = due
    void this.#clock.sleep(Math.max(0, due - this.#clock.monotonic()), alarm.signal).then(() => {
      if (alarm.signal.aborted) return
      this.#armedFor = Number.POSITIVE_INFINITY
      this.#give(this.#pair.look(this.#moment))
      this.#arm()
    })
  }

  #leave(): void {
    this.#left.abort()
    this.#alarm.abort()
  }

  #give(events: readonly MarketEvent[]): void {
    this.#channel.pushAll(events)
  }

  #goOn(): void {
    const waiting = this.#drained
    this.#drained = []
    for (const resolve of waiting) resolve()
  }

  get #moment(): Moment {
    return { now: this.#clock.now(), at: this.#clock.monotonic() }
  }
}
