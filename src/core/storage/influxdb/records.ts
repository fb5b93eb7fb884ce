import type { Gap, GapCause, Phase, Quote, Rejected, Seq } from '../../market/event.ts'
import { levelsIn } from '../levels.ts'
import { numberIn, type Row, seqIn, textIn } from './answer.ts'
import { Fields, isTime, restored, series, stamp } from './line.ts'
import type { Kind } from './shelf.ts'
import { identityOf } from './ticks.ts'

export const QUOTES = 'quotes'
export const GAPS = 'gaps'
export const REJECTED = 'rejected_ticks'

/** A book is told by number and source; the same number with other levels is another book. */
export const BOOK: Kind = {
  measurement: QUOTES,
  columns: ['seq', 'source', 'bids', 'asks'],
  identity: (row) => identityOf(seqIn(row[1]), restored(textIn(row[2]) ?? '')),
  mark: (row) => `${textIn(row[3])} ${textIn(row[4])}`,
}

export const QUOTE_COLUMNS = ['symbol', 'source', 'seq', 'bids', 'asks', 'phase', 'received_at'] as const

/** As BOOK marks what is stored. */
export function bookMark({ bids, asks }: Quote): string {
  return `${JSON.stringify(bids)} ${JSON.stringify(asks)}`
}

export function quoteLine(quote: Quote, seq: Seq, slot: number): string {
  return new Fields()
    .integer('seq', seq)
    .text('bids', JSON.stringify(quote.bids))
    .text('asks', JSON.stringify(quote.asks))
    .text('phase', quote.phase)
    .integer('received_at', quote.received_at)
    .at(series(QUOTES, { source: quote.source, symbol: quote.symbol }), stamp(quote.timestamp, slot))
}

/** The quote of a row of QUOTE_COLUMNS. */
export function quoteIn(row: Row): Quote {
  return {
    type: 'quote',
    symbol: restored(textIn(row[1]) ?? ''),
    timestamp: Number(row[0]),
    bids: levelsIn(textIn(row[4]) ?? '[]'),
    asks: levelsIn(textIn(row[5]) ?? '[]'),
    phase: textIn(row[6]) as Phase,
    seq: seqIn(row[3]),
    source: restored(textIn(row[2]) ?? ''),
    received_at: numberIn(row[7]),
  }
}

/** A gap is told by source, symbol, both ends and cause. */
export const HOLE: Kind = {
  measurement: GAPS,
  columns: ['source', 'gap_end', 'cause'],
  identity: (row) => JSON.stringify([restored(textIn(row[1]) ?? ''), numberIn(row[2]), textIn(row[3])]),
  mark: () => '',
}

export const GAP_COLUMNS = ['source', 'symbol', 'gap_end', 'cause', 'volume', 'filled_by'] as const

/** As HOLE tells what is stored. */
export function gapIdentity({ source, to, cause }: Gap): string {
  return JSON.stringify([source, Math.round(to), cause])
}

/** A later point of the same gap adds what it knows: fields that it lacks stay as they are. */
export function gapLine(gap: Gap, slot: number): string {
  return new Fields()
    .integer('gap_end', gap.to)
    .text('cause', gap.cause)
    .float('volume', gap.volume)
    .text('filled_by', gap.filled_by)
    .at(series(GAPS, { source: gap.source, symbol: gap.symbol }), stamp(Math.round(gap.from), slot))
}

/** The gap of a row of GAP_COLUMNS. */
export function gapIn(row: Row): Gap {
  const symbol = textIn(row[2])
  return {
    type: 'gap',
    source: restored(textIn(row[1]) ?? ''),
    symbol: symbol ? restored(symbol) : null,
    from: Number(row[0]),
    to: Number(row[3]),
    cause: textIn(row[4]) as GapCause,
    volume: numberIn(row[5]),
    filled_by: textIn(row[6]) as Gap['filled_by'],
  }
}

/** A rejected record is told by all it says but when it was received. */
export const REJECT: Kind = {
  measurement: REJECTED,
  columns: ['source', 'timestamp', 'reason', 'raw'],
  identity: (row) => JSON.stringify([restored(textIn(row[1]) ?? ''), numberIn(row[2]), textIn(row[3]), textIn(row[4])]),
  mark: () => '',
}

/** As REJECT tells what is stored. */
export function rejectIdentity({ source, timestamp, reason, raw }: Rejected): string {
  return JSON.stringify([source, wholeTime(timestamp), reason, raw])
}

/** The time a rejected record is kept under, epoch ms: its own, else when it came. */
export function rejectTime({ timestamp, received_at }: Rejected): number {
  const came = received_at === null ? null : Math.round(received_at)
  return [timestamp, came].find((time): time is number => time !== null && isTime(time)) ?? 0
}

export function rejectLine(record: Rejected, slot: number): string {
  return new Fields()
    .text('reason', record.reason)
    .text('raw', record.raw)
    .integer('timestamp', wholeTime(record.timestamp))
    .integer('received_at', record.received_at)
    .at(series(REJECTED, { source: record.source, symbol: record.symbol }), stamp(rejectTime(record), slot))
}

export const REJECTED_COLUMNS = ['source', 'symbol', 'reason', 'raw', 'timestamp', 'received_at'] as const

/** The record of a row of REJECTED_COLUMNS. */
export function rejectedIn(row: Row): Rejected {
  const symbol = textIn(row[2])
  return {
    type: 'rejected',
    source: restored(textIn(row[1]) ?? ''),
    symbol: symbol ? restored(symbol) : null,
    timestamp: numberIn(row[5]),
    reason: textIn(row[3]) as Rejected['reason'],
    raw: textIn(row[4]) ?? '',
    received_at: numberIn(row[6]),
  }
}

function wholeTime(time: number | null): number | null {
  return Number.isSafeInteger(time) ? time : null
}
