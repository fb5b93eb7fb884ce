import type { Clock } from './clock.ts'
import type { Batches, Flag, Gap, MarketEvent, RejectReason } from './market/event.ts'
import type { Sessions } from './market/session.ts'
import type { FeedReport } from './pipeline/feed-report.ts'
import type { Durability, Sink, Source } from './pipeline/source.ts'
import { Histogram } from './statistics/histogram.ts'
import { createWriter } from './storage/writer.ts'
import type { Validator } from './validation/validator.ts'

export interface Recording {
  source: Source
  validator: Validator
  sink: Sink
  /** What to store, none: everything; a relay may make the source deliver more. */
  symbols: readonly string[]
  /** Whether quotes are stored. */
  quotes: boolean
  sessions: Sessions
  /** The clock that stamped `received_at`. */
  clock: Clock
  /** What a commit survives; null where nothing goes into a store. */
  durability: Durability | null
  /** Sees every validated batch before it is stored. */
  onArrival?: (batch: readonly MarketEvent[]) => void
  /** Told after each commit what it made safe. */
  onCommit?: (events: readonly MarketEvent[]) => void
}

/** What a recording did: the `summary` record, latencies in ms. */
export interface RecordingSummary {
  type: 'summary'
  source: string
  received: number
  stored: number
  duplicates: number
  rejected: Partial<Record<RejectReason, number>>
  flagged: Partial<Record<Flag, number>>
  gaps: number
  reconnects: number
  /** Exchange to receive; null where the feed is no live one or tells whole seconds. */
  latency_p50: number | null
  latency_p99: number | null
  /** Receive to commit. */
  commit_p50: number | null
  commit_p99: number | null
  durability: Durability | null
  bytes: number
  /** What each feed was worth, where two were read side by side. */
  feeds?: readonly FeedReport[]
}

/** How a recording stands: `holes` are unfilled gaps inside a session. */
export interface Tally {
  readonly holes: number
  /** Whether a feed was ever connected. */
  readonly wasUp: boolean
  /** Exchange to receive, and receive to commit, ms; they go on growing. */
  readonly latency: Histogram
  readonly commit: Histogram
  /** Since when, local time, epoch ms, the first tick of the write that is under way has waited; null while there is none. */
  readonly waitingSince: number | null
  summary(bytes: number): RecordingSummary
}

/**
 * Writes what a source delivers until it ends: validated, wanted symbols only, everything committed before it returns.
 * The tally is true at any moment, also after an error.
 * @returns `filled` is to be told of each hole that has been filled meanwhile, by the very record: it is none any more
 * @throws whatever source or sink throw
 */
export function startRecording(recording: Recording): {
  tally: Tally
  done: Promise<void>
  filled: (gap: Gap) => void
} {
  const { source, validator, sink, sessions, clock } = recording
  const wanted = new Set(recording.symbols)
  const writer = createWriter(sink, clock)
  const latency = new Histogram()
  const counts = { received: 0, gaps: 0, ups: 0 }
  let holes = 0
  /** Those of the holes that somebody may still fill: remembered no longer than he does. */
  const open = new WeakSet<Gap>()

  function count(event: MarketEvent): void {
    if (event.type === 'tick') {
      counts.received++
      if (validator.feed.measuresLatency && event.received_at !== null) latency.add(event.received_at - event.timestamp)
    } else if (event.type === 'gap') {
      counts.gaps++
      if (event.filled_by !== null || !sessions.tradesIn(event.from, event.to)) return
      holes++
      open.add(event)
    } else if (event.type === 'status' && event.state === 'up') counts.ups++
  }

  const isWanted = (symbol: string): boolean => wanted.size === 0 || wanted.has(symbol)

  function isStored(event: MarketEvent): boolean {
    if (event.type === 'status') return false
    if (event.type === 'coverage') return event.symbols.every(isWanted)
    if (event.type === 'quote' && !recording.quotes) return false
    return event.symbol === null || isWanted(event.symbol) || event.type === 'rejected'
  }

  /** What is stored of an event: of the coverage of a relay's feed only our own symbols. */
  function stored(event: MarketEvent): MarketEvent[] {
    if (isStored(event)) return [event]
    return event.type === 'coverage' ? [{ ...event, symbols: event.symbols.filter(isWanted) }] : []
  }

  const safe = safeBatches(source)

  async function* judged(): Batches & AsyncGenerator<readonly MarketEvent[]> {
    for await (const raw of source) {
      const batch = validator.push(raw)
      recording.onArrival?.(batch)
      const kept = batch.every(isStored) ? batch : batch.flatMap(stored)
      for (const event of kept) count(event)
      for (const event of batch) if (event.type === 'status') count(event)
      safe.given(kept.length)
      if (kept.length > 0) yield kept
    }
  }

  return {
    done: writer.run(judged(), (events) => {
      recording.onCommit?.(events)
      safe.committed(events.length)
    }),
    filled: (gap) => {
      if (open.delete(gap)) holes--
    },
    tally: {
      get holes() {
        return holes
      },
      get wasUp() {
        return counts.ups > 0
      },
      latency,
      commit: writer.latency,
      get waitingSince() {
        return writer.waitingSince
      },
      summary: (bytes) => ({
        type: 'summary',
        source: source.name,
        received: counts.received,
        stored: writer.stats.stored,
        duplicates: writer.stats.duplicates,
        rejected: { ...validator.counts.rejected },
        flagged: { ...validator.counts.flagged },
        gaps: counts.gaps,
        reconnects: source.feeds
          ? sum(source.feeds().map(({ reconnects }) => reconnects))
          : Math.max(0, counts.ups - (source.connections?.() ?? 1)),
        latency_p50: latency.quantile(0.5),
        latency_p99: latency.quantile(0.99),
        commit_p50: writer.stats.latency_p50,
        commit_p99: writer.stats.latency_p99,
        durability: recording.durability,
        bytes,
        ...(source.feeds && { feeds: source.feeds() }),
      }),
    },
  }
}

/** Tells a source which of its batches are safe: those whose events, in their order, have all been committed. */
function safeBatches(source: Source): { given: (events: number) => void; committed: (events: number) => void } {
  /** For each batch that is not safe yet, the number of events up to its end. */
  const ends: number[] = []
  const counts = { given: 0, committed: 0, safe: 0 }
  function tell(): void {
    const before = counts.safe
    while (ends.length > 0 && ends[0]! <= counts.committed) {
      ends.shift()
      counts.safe++
    }
    if (counts.safe > before) source.committed?.(counts.safe)
  }
  return {
    given: (events) => {
      if (source.committed === undefined) return
      counts.given += events
      ends.push(counts.given)
      tell()
    },
    committed: (events) => {
      counts.committed += events
      tell()
    },
  }
}

/** Share of what came that was no trade: above a thousandth a recording counts as one with holes. */
export function rejectedShare({ received, rejected }: RecordingSummary): number {
  const refused = sum(Object.values(rejected))
  return refused === 0 ? 0 : refused / (received + refused)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
