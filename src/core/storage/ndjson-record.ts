import type { Bar } from '../market/bar.ts'
import type { Gap, GapCause, Level, MarketEvent, Quote, RejectReason, Status, StatusState } from '../market/event.ts'
import { readInstant } from '../market/instant.ts'
import { isRecordType } from '../records/schema.ts'
import { named } from '../validation/admit.ts'
import {
  type Fields,
  malformed,
  type ReadContext,
  readBar,
  readNumber,
  readSeq,
  readSymbol,
  readText,
  readTick,
  readTimeOrNull,
} from './read-record.ts'

/** New names of the fields of a foreign record: its own name to hkq's. */
export type Renaming = ReadonlyMap<string, string>

/**
 * The record of one line of JSON. A record without `type` is a tick. What cannot be read, or is of a type that hkq does
 * not write, is a Rejected event; blank lines and hkq's records that are neither events nor bars (volatility, summaries)
 * are null.
 */
export function fromJson(line: string, context: ReadContext, renaming?: Renaming): MarketEvent | Bar | null {
  if (line.trim() === '') return null
  let fields: Fields
  try {
    fields = JSON.parse(line) as Fields
  } catch {
    return malformed({}, line, context)
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return malformed({}, line, context)
  if (renaming) fields = renamed(fields, renaming)
  const type = fields.type ?? 'tick'
  if (typeof type !== 'string') return malformed(fields, line, context)
  if (Object.hasOwn(READERS, type)) return READERS[type]!(fields, line, context) ?? malformed(fields, line, context)
  return isRecordType(type) ? null : malformed(fields, line, context)
}

/** A field that the user has named counts before one that bears hkq's name by chance, whichever comes first. */
function renamed(fields: Fields, renaming: Renaming): Fields {
  const named = Object.entries(fields).flatMap(([key, value]) =>
    renaming.has(key) ? [[renaming.get(key), value]] : [],
  )
  return { ...fields, ...Object.fromEntries(named) }
}

const READERS: Readonly<
  Record<string, (fields: Fields, line: string, context: ReadContext) => MarketEvent | Bar | null>
> = {
  tick: readTick,
  quote: readQuote,
  gap: readGap,
  status: readStatus,
  rejected: readRejected,
  bar: (fields, _, context) => readBar(fields, readInstant(fields.start), readInstant(fields.end), context),
}

function readQuote(fields: Fields, _: string, context: ReadContext): Quote | null {
  const symbol = readSymbol(fields.symbol, context)
  const timestamp = readInstant(fields.timestamp)
  const [bids, asks] = [readLevels(fields.bids), readLevels(fields.asks)]
  if (symbol === null || Number.isNaN(timestamp) || bids === null || asks === null) return null
  return {
    type: 'quote',
    symbol,
    timestamp,
    bids,
    asks,
    phase: context.sessions.phaseAt(timestamp),
    seq: readSeq(fields.seq) ?? 0,
    source: named(readText(fields.source) ?? context.source),
    received_at: readTimeOrNull(fields.received_at),
  }
}

function readLevels(value: unknown): Level[] | null {
  if (!Array.isArray(value)) return null
  const levels = value.map((level) => (Array.isArray(level) ? level.slice(0, 2).map(readNumber) : []))
  const whole = levels.every((level) => level.length === 2 && level.every(Number.isFinite))
  return whole ? (levels as [number, number][]) : null
}

function readGap(fields: Fields, _: string, context: ReadContext): Gap | null {
  const [from, to] = [readInstant(fields.from), readInstant(fields.to)]
  const cause = oneOf<GapCause>(fields.cause, 'disconnect', 'stale', 'restart', 'late_start', 'vendor', 'overflow')
  if (!(from <= to) || cause === null) return null
  return {
    type: 'gap',
    source: named(readText(fields.source) ?? context.source),
    symbol: fields.symbol === null || fields.symbol === undefined ? null : readSymbol(fields.symbol, context),
    from,
    to,
    cause,
    volume: readNumber(fields.volume),
    filled_by: oneOf(fields.filled_by, 'second feed', 'backfill'),
  }
}

const STATES: readonly StatusState[] = ['connecting', 'up', 'lost', 'waiting', 'warning', 'halted', 'resumed', 'ended']

function readStatus(fields: Fields, _: string, context: ReadContext): Status | null {
  const timestamp = readInstant(fields.timestamp)
  const state = oneOf(fields.state, ...STATES)
  if (Number.isNaN(timestamp) || state === null) return null
  return {
    type: 'status',
    source: named(readText(fields.source) ?? context.source),
    symbol: fields.symbol === null || fields.symbol === undefined ? null : readSymbol(fields.symbol, context),
    state,
    timestamp,
    detail: readText(fields.detail) ?? '',
  }
}

function readRejected(fields: Fields, line: string, context: ReadContext): MarketEvent {
  return {
    ...malformed(fields, readText(fields.raw) ?? (fields.raw === '' ? '' : line), { ...context, symbol: null }),
    reason: oneOf<RejectReason>(fields.reason, 'malformed', 'price', 'volume', 'crossed') ?? 'malformed',
    received_at: readTimeOrNull(fields.received_at),
  }
}

function oneOf<T extends string>(value: unknown, ...values: readonly T[]): T | null {
  return values.find((known) => known === value) ?? null
}
