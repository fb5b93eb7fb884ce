import type { Clock } from '../../clock.ts'
import { HkqError, messageOf } from '../../errors.ts'
import type { Gap, MarketEvent, Quote, Tick } from '../../market/event.ts'
import { formatClock } from '../../market/time.ts'
import type { Condition, Sink, Trouble, Written } from '../../pipeline/source.ts'
import type { Entry, Journal } from './journal.ts'

/** Waits between two tries to reach a sink that is away, ms: the first, and the longest. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000
/** Events that are delivered together: a server takes thousands in little more time than one. */
const TOGETHER = 4096
/** How far the times of events that come one behind the other may be out of order, ms. */
const DISORDER = 2_000
/** How long `close` goes on delivering to a sink that takes it, ms. */
const FAREWELL = 10_000

export interface SpillOptions {
  /** What people call the sink. */
  readonly name: string
  /** Opens the sink; again whenever it was away. */
  readonly open: () => Promise<Sink>
  /** Whether an error of opening or writing tells that the sink is away; any other ends the writing. */
  readonly isAway: (error: unknown) => boolean
  readonly journal: Journal
  readonly clock: Clock
  /** Told one line when the sink goes away, when all is delivered, and of damage. */
  readonly tell: (line: string) => void
}

/**
 * A sink that may go away: what it cannot take goes into the journal, and to the sink in the same order once it is back,
 * what an earlier run left first; nothing overtakes. A write resolves when the sink or the journal has the events. After a
 * crash some may come to the sink twice, which their identity makes harmless. What the journal cannot read any
 * more is a gap of cause `overflow` in the stream. Takes one write at a time.
 */
export class SpillingSink implements Sink {
  readonly #options: SpillOptions
  readonly #stop = new AbortController()
  #sink: Sink | undefined
  #delivering: Promise<void> | undefined
  /** From the time it is told that the sink is away until it has everything. */
  #absence: Trouble | null = null
  /** Why nothing more can be delivered. */
  #failure: unknown
  /** Monotonic time after which nothing more is delivered. */
  #deadline = Number.POSITIVE_INFINITY
  #last: Timed | undefined

  private constructor(options: SpillOptions) {
    this.#options = options
  }

  /** @throws what `open` throws, unless it tells that the sink is away */
  static async open(options: SpillOptions): Promise<SpillingSink> {
    const spilling = new SpillingSink(options)
    await spilling.#reach().catch((error: unknown) => spilling.#away(error))
    spilling.#deliver()
    return spilling
  }

  /** @throws HkqError E_STORAGE, its cause a full disk, when the journal is full; whatever the sink refuses with */
  async write(batch: readonly MarketEvent[]): Promise<Written> {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#options.journal.pending) {
      try {
        return await this.#pass(this.#sink ?? (await this.#reach()), batch)
      } catch (error) {
        this.#away(error)
      }
    }
    this.#options.journal.append(batch)
    this.#deliver()
    return { stored: batch.reduce((count, { type }) => count + (type === 'tick' ? 1 : 0), 0), duplicates: 0 }
  }

  /** Delivers what waits while the sink takes it; the rest stays for the next run. @throws what the sink refused with */
  async close(): Promise<void> {
    const { clock, journal, name, tell } = this.#options
    this.#deadline = clock.monotonic() + FAREWELL
    this.#stop.abort()
    await this.#delivering
    if (journal.forgetRemoved()) tell(`what waited for "${name}" on disk was removed: it is lost`)
    if (journal.pending) tell(`${megabytes(journal.bytes)} wait for "${name}" on disk: the next run delivers them`)
    journal.close()
    await this.#sink?.close()
    if (this.#failure !== undefined) throw this.#failure
  }

  condition(): Condition {
    return { trouble: this.#absence, waiting: this.#options.journal.bytes }
  }

  #deliver(): void {
    if (this.#delivering !== undefined || !this.#options.journal.pending || this.#isOver) return
    this.#delivering = this.#run()
      .catch((error: unknown) => {
        this.#failure = error
      })
      .finally(() => {
        this.#delivering = undefined
        this.#deliver()
      })
  }

  get #isOver(): boolean {
    const isStopped = this.#stop.signal.aborted && this.#sink === undefined
    return this.#failure !== undefined || isStopped || this.#options.clock.monotonic() >= this.#deadline
  }

  async #run(): Promise<void> {
    const { journal, clock, name, tell } = this.#options
    let wait = FIRST_WAIT
    for (let entry = journal.head(TOGETHER); entry !== null && !this.#isOver; entry = journal.head(TOGETHER)) {
      try {
        const sink = this.#sink ?? (await this.#reach())
        const events = entry.damaged > 0 ? [this.#hole(entry), ...entry.events] : entry.events
        await this.#pass(sink, events)
        journal.delivered()
        wait = FIRST_WAIT
      } catch (error) {
        this.#away(error)
        if (this.#stop.signal.aborted) return
        await clock.sleep(wait, this.#stop.signal)
        wait = Math.min(2 * wait, LONGEST_WAIT)
      }
    }
    if (journal.pending || this.#sink === undefined) return
    if (this.#absence !== null) tell(`"${name}" is back and has everything that waited`)
    this.#absence = null
  }

  async #reach(): Promise<Sink> {
    this.#sink = await this.#options.open()
    return this.#sink
  }

  async #pass(sink: Sink, events: readonly MarketEvent[]): Promise<Written> {
    const written = await sink.write(events)
    this.#last = events.findLast(isTimed) ?? this.#last
    return written
  }

  /** The sink is away: it is let go of, and opened again when it is needed. @throws any other error */
  #away(error: unknown): void {
    if (!this.#options.isAway(error)) throw error
    void this.#sink?.close().catch(() => {})
    this.#sink = undefined
    if (this.#absence !== null) return
    const { name, clock, tell } = this.#options
    const detail = `"${name}" is away (${reasonOf(error)})`
    this.#absence = { kind: 'away', detail, since: clock.now() }
    tell(`${detail}: events wait on disk until it is back`)
  }

  #hole({ events, damaged, written }: Entry): Gap {
    const { tell, name } = this.#options
    const next = events.find(isTimed)?.timestamp ?? written[1]
    const from = Math.min(next, this.#last?.timestamp ?? written[0]) - DISORDER
    const to = next + DISORDER
    const span = `${formatClock(from)} to ${formatClock(to)}`
    tell(`${damaged} bytes that waited for "${name}" are damaged: a gap of cause overflow marks the hole, ${span}`)
    const source = (events[0] ?? this.#last)?.source ?? 'journal'
    return { type: 'gap', source, symbol: null, from, to, cause: 'overflow', volume: null, filled_by: null }
  }
}

type Timed = Tick | Quote

/** Whether an event's time is about when it came: how far a feed was heard, or a hole begins, lies before that. */
function isTimed(event: MarketEvent): event is Timed {
  return event.type === 'quote' || (event.type === 'tick' && !event.flags.includes('suspect_time'))
}

/** What the network or the server said: a message of ours about it names the sink again. */
function reasonOf(error: unknown): string {
  const cause = error instanceof HkqError ? error.cause : undefined
  return (cause === undefined ? '' : messageOf(cause)) || messageOf(error)
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}
