import type { Clock } from '../clock.ts'
import { HkqError, messageOf } from '../errors.ts'
import type { Gap, MarketEvent, Status, StatusState } from '../market/event.ts'
import { LineTeller } from '../pipeline/line-teller.ts'
import type { LineState, Source } from '../pipeline/source.ts'
import { Given } from './given.ts'
import { HeldCoverage } from './held-coverage.ts'
import type { Entry, Reader } from './queue.ts'
import { isAway } from './refusal.ts'

export interface QueueOptions {
  /** What people call the queue, without any secret. */
  readonly label: string
  readonly open: () => Promise<Reader>
  /** The events of an entry; one that cannot be read is a Rejected event. */
  readonly unpack: (payload: string) => readonly MarketEvent[]
  /** Canonical symbols; none means all of the queue. */
  readonly symbols: readonly string[]
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Whether `committed` will be called; else a batch counts as dealt with when the next one is asked for. */
  readonly isKept: boolean
  /** Whether what is sent while nobody listens is lost. */
  readonly isForgetful: boolean
  /** Failed attempts in a row before it gives up; absent: never. */
  readonly maxRetries?: number | undefined
}

/** Events to give on and the entries they came in. */
interface Batch {
  readonly events: readonly MarketEvent[]
  readonly ids: readonly string[]
}

/** Waits between two tries to reach a server that is away, ms: the first, and the longest. */
const FIRST_WAIT = 250
const LONGEST_WAIT = 10_000
/** Least time between two looks at what the group has acknowledged, ms. */
const LOOK_EVERY = 250
/** How long the end waits for the last commits, ms. */
const FAREWELL = 70_000
/** Between two looks whether they have come, ms. */
const LAST_LOOKS = 20

/**
 * A queue as a live source. Entries are acknowledged once they are committed, and come again where they are not; once it
 * was reached the server may go away for any time. What the queue has lost is a gap.
 * @throws HkqError E_NETWORK when its server cannot be reached, E_STORAGE when it refuses
 */
export async function openQueueSource(options: QueueOptions): Promise<Source> {
  try {
    return new QueueSource(options, await options.open())
  } catch (error) {
    throw asSource(error)
  }
}

/** To whoever reads it, a queue that is away is a network that cannot be reached. */
function asSource(error: unknown): unknown {
  return isAway(error) ? new HkqError('E_NETWORK', messageOf(error), { cause: error }) : error
}

class QueueSource implements Source {
  readonly kind = 'live'
  readonly name: string
  readonly clock: Clock
  readonly #options: QueueOptions
  readonly #wanted: ReadonlySet<string>
  readonly #given = new Given()
  readonly #held = new HeldCoverage()
  readonly #leftOut = new Set<string>()
  readonly #line: LineTeller
  #reader: Reader | undefined
  #acknowledging: Promise<void> | undefined
  /** Local time at which the queue was last known to hold everything. */
  #soundAt: number
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: QueueOptions, reader: Reader) {
    this.#options = options
    this.#reader = reader
    this.#wanted = new Set(options.symbols)
    this.name = options.label
    this.clock = options.clock
    this.#line = new LineTeller(options.label, options.clock)
    this.#soundAt = options.clock.now()
  }

  committed(batches: number): void {
    this.#given.committed(batches)
    this.#acknowledge()
  }

  lines(): readonly LineState[] {
    return [this.#line.state]
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly MarketEvent[]> {
    try {
      for await (const { events, ids } of this.#batches()) {
        this.#given.add(ids)
        yield events
        if (!this.#options.isKept) this.committed(this.#given.count)
      }
      await this.#lastCommits()
    } finally {
      await this.#acknowledging
      await this.#reader?.close()
    }
  }

  /** Batches of one connection after the other. */
  async *#batches(): AsyncGenerator<Batch> {
    const { signal, clock, maxRetries = Number.POSITIVE_INFINITY } = this.#options
    let [wait, failures] = [FIRST_WAIT, 0]
    while (!signal.aborted) {
      try {
        const isBack = this.#reader === undefined
        const reader = this.#reader ?? (await this.#options.open())
        this.#reader = reader
        yield* this.#begin(reader, isBack)
        for await (const batch of this.#read(reader)) {
          ;[wait, failures] = [FIRST_WAIT, 0]
          if (batch.events.length > 0) yield batch
        }
      } catch (error) {
        if (!isAway(error) || ++failures > maxRetries) throw asSource(error)
        const reader = this.#reader
        this.#reader = undefined
        this.#line.lost(messageOf(error))
        await reader?.close()
        if (reader !== undefined) yield { events: [this.#status('lost', messageOf(error))], ids: [] }
        await clock.sleep(wait, signal)
        wait = Math.min(2 * wait, LONGEST_WAIT)
      }
    }
  }

  /** What is told of a connection that was made: that it is up, and what was lost meanwhile. */
  *#begin(reader: Reader, isBack: boolean): Generator<Batch> {
    this.#acknowledge()
    this.#line.up()
    const isHole = isBack && (this.#options.isForgetful || reader.isNew)
    const events: MarketEvent[] = [this.#status('up', this.name)]
    if (isHole) events.push(this.#hole(this.#options.isForgetful ? 'disconnect' : 'overflow'))
    yield { events, ids: [] }
  }

  async *#read(reader: Reader): AsyncGenerator<Batch> {
    const { signal, clock } = this.#options
    const ended = new AbortController()
    void this.#given.keep(reader, clock, ended.signal)
    try {
      while (!signal.aborted) {
        const entries = await reader.take()
        this.#soundAt = clock.now()
        const covered = await this.#coverage(reader)
        const batch = this.#open(entries)
        yield { events: [...covered, ...batch.events], ids: batch.ids }
      }
    } finally {
      ended.abort()
    }
  }

  /** The wanted events of entries, coverage put aside. Entries of which nothing is given on are done with. */
  #open(entries: readonly Entry[]): Batch {
    const events: MarketEvent[] = []
    const ids: string[] = []
    for (const { id, position, payload, follows } of entries) {
      if (this.#given.has(id)) continue
      const before = events.length
      if (follows) events.push(this.#hole('overflow'))
      for (const event of this.#options.unpack(payload)) this.#sort(event, position, events)
      if (events.length > before) ids.push(id)
      else this.#given.leaveOut([id])
    }
    this.#acknowledge()
    return { events, ids }
  }

  #sort(event: MarketEvent, position: bigint, events: MarketEvent[]): void {
    if (event.type === 'coverage') {
      const symbols = event.symbols.filter((symbol) => this.#isWanted(symbol))
      if (symbols.length > 0) this.#held.add(position, { ...event, symbols })
    } else if (event.symbol === null || this.#isWanted(event.symbol)) events.push(event)
    else if (!this.#leftOut.has(event.symbol)) {
      this.#leftOut.add(event.symbol)
      if (this.#leftOut.size === 1) events.push(this.#status('warning', leftOut(event.symbol)))
    }
  }

  #isWanted(symbol: string): boolean {
    return this.#wanted.size === 0 || this.#wanted.has(symbol)
  }

  /** What the group has committed all of by now. */
  async #coverage(reader: Reader): Promise<readonly MarketEvent[]> {
    const at = this.#options.clock.monotonic()
    if (this.#held.isEmpty || at - this.#lookedAt < LOOK_EVERY) return []
    this.#lookedAt = at
    return this.#held.release(await reader.floor())
  }

  /** Acknowledges what is committed, one request at a time. A server that is away gets it once it is back. */
  #acknowledge(): void {
    const reader = this.#reader
    if (reader === undefined) return
    this.#acknowledging = (this.#acknowledging ?? Promise.resolve())
      .then(() => this.#given.acknowledge(reader))
      .catch(() => {})
  }

  /**
   * The last entries are committed after the last batch was given: whoever asks for the next one is still writing. What
   * cannot be acknowledged then comes again.
   */
  async #lastCommits(): Promise<void> {
    const { clock } = this.#options
    const ended = new AbortController()
    if (this.#reader !== undefined) void this.#given.keep(this.#reader, clock, ended.signal)
    const deadline = clock.monotonic() + FAREWELL
    while (this.#given.isWaiting && clock.monotonic() < deadline) await clock.sleep(LAST_LOOKS)
    ended.abort()
    this.#acknowledge()
  }

  #hole(cause: 'disconnect' | 'overflow'): Gap {
    const to = this.#options.clock.now()
    const from = Math.min(this.#soundAt, to)
    return { type: 'gap', source: this.name, symbol: null, from, to, cause, volume: null, filled_by: null }
  }

  #status(state: StatusState, detail: string): Status {
    return { type: 'status', source: this.name, symbol: null, state, timestamp: this.#options.clock.now(), detail }
  }
}

function leftOut(symbol: string): string {
  return `the queue also holds ${symbol}, which this group leaves out: name no symbols to keep all, or give each set of symbols a group of its own (?group=NAME)`
}
