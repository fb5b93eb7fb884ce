import type { Clock } from '../clock.ts'
import type { Bar } from '../market/bar.ts'
import type { Batches, MarketEvent, Seq } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { FeedReport } from './feed-report.ts'
import type { Inquiry } from './inquiry.ts'

/** Which events to read. `since` inclusive, `until` exclusive, epoch ms; absent means all. */
export interface Query {
  symbols?: readonly string[]
  since?: number
  until?: number
}

/**
 * Where market events come from. Iterated once; ends by itself when finite, or when the signal given at opening aborts
 * (quietly: what was received is still delivered). Throws HkqError when it cannot go on.
 */
export interface Source extends Batches<MarketEvent> {
  /** Name stored with every event, e.g. `alltick`. */
  readonly name: string
  /** A live feed has a present (gaps are judged by the clock); simulated and recorded data bring their own. */
  readonly kind: 'live' | 'simulated' | 'recorded'
  /** The clock that sessions of this source follow. */
  readonly clock: Clock
  /** Static facts as far as the source knows them; never delays or ends the stream. */
  instruments?(): Promise<readonly Instrument[]>
  /** Replaces the subscribed set while running, where the source is a live feed or makes any symbol (relay). */
  subscribe?(symbols: readonly string[]): void
  /** What the vendor of a live feed answers when asked. */
  readonly inquiry?: Inquiry
  /** What each of two feeds side by side was worth so far, where the source is such. */
  feeds?(): readonly FeedReport[]
  /** How many connections carry a live feed, where they may be several. */
  connections?(): number
  /** The connections of a live feed, as they are now. */
  lines?(): readonly LineState[]
  /**
   * Where the source is a queue: is told how many of the batches it has given, from the first one on, are safe. What is
   * not told so is given again, to this reader or another.
   */
  committed?(batches: number): void
  /** Bars kept beside the events, where the source has them. */
  bars?(query: Query): Batches<Bar>
}

/** One connection of a live feed, as it is now. */
export interface LineState {
  readonly source: string
  /** `connecting`: it was not up yet. */
  readonly state: 'connecting' | 'up' | 'lost'
  /** Since when, epoch ms. */
  readonly since: number
  /** What went wrong last, for people; null where it is up, or nothing did. */
  readonly detail: string | null
}

/** What a write did with its events. */
export interface Written {
  stored: number
  duplicates: number
}

/** What a commit of a store survives: the end of the process, or loss of power too (it waits for the disk each time). */
export type Durability = 'process' | 'power'

/** What a sink goes through: `paused`: nothing is stored, all waits; `away`: what comes waits on disk, or in its queue. */
export interface Trouble {
  readonly kind: 'paused' | 'away'
  /** Why, for people. */
  readonly detail: string
  /** Since when, epoch ms. */
  readonly since: number
}

/** How a sink does at the moment. */
export interface Condition {
  /** Null while all is well. */
  readonly trouble: Trouble | null
  /** Bytes on disk that a sink behind a network has not got yet. */
  readonly waiting: number
}

/** Where events go. `write` resolves when the batch is safe to the sink's promise; `close` comes after the last write. */
export interface Sink {
  write(batch: readonly MarketEvent[]): Promise<Written>
  close(): Promise<void>
  /** How it does, where it can do other than well. */
  condition?(): Condition
}

/** How far the stored history of one symbol from one source reaches. Written with the ticks it covers, in one transaction. */
export interface Checkpoint {
  source: string
  symbol: string
  /** Exchange time and sequence number of the newest stored tick; null while there is none. */
  timestamp: number | null
  seq: Seq | null
  /** Local time of the commit, epoch ms. */
  committed_at: number
  /** Local time up to which nothing is missing but what the gaps tell, epoch ms; null where no live feed told. */
  covered_until: number | null
}
