import { type Flag, isSeq, type Rejected, type RejectReason, type Tick } from '../market/event.ts'
import type { Sessions } from '../market/session.ts'
import { isIndex } from '../market/symbol.ts'
import { LAST_TIME } from '../market/time.ts'
import { makeTick, type TradeParts } from '../market/trade.ts'
import { joinable, quoteFlag } from './quote.ts'

/** A record that may be a trade, as a decoder read it: what was missing or unreadable is null (symbol, volume) or NaN. */
export type Candidate = Omit<TradeParts, 'symbol'> & { symbol: string | null }

export interface Admission {
  readonly sessions: Sessions
  /** The quote came in the same message as the trade (tutorial dialect): crossed in continuous trading is a reject. */
  readonly quoteInMessage: boolean
}

/**
 * What cannot be a trade becomes a Rejected event, everything else a Tick. A quote that is crossed, locked or of an
 * earlier phase is not joined. Every decoder passes its records through here; `candidate` is not kept.
 * @param raw the payload; its text is taken only when the record is rejected
 */
export function admit(candidate: Candidate, raw: { toString(): string }, context: Admission): Tick | Rejected {
  const reason = rejection(candidate, context)
  if (reason !== null) return reject(candidate, reason, raw)
  const parts = candidate as TradeParts
  if (parts.turnover !== null && !Number.isFinite(parts.turnover)) parts.turnover = null
  if (parts.quote === null) return makeTick(parts, context.sessions)
  return makeTick(withJudgedQuote(parts, context.sessions), context.sessions)
}

/** Why this record cannot be a trade, null when it can. */
export function rejection(candidate: Candidate, context: Admission): RejectReason | null {
  if (isMalformed(candidate)) return 'malformed'
  if (candidate.last_price <= 0) return 'price'
  if (!isIndex(candidate.symbol!) && (candidate.volume! < 0 || !Number.isSafeInteger(candidate.volume))) return 'volume'
  if (context.quoteInMessage && isCrossed(candidate, context.sessions)) return 'crossed'
  return null
}

/** No vendor's name or code of a trade is longer. */
const LONGEST_NAME = 64

/** A required field is missing, of the wrong type or not finite. Infinite turnover or quotes are merely not used. */
function isMalformed({ symbol, timestamp, last_price, volume, seq, source, trade_type }: Candidate): boolean {
  return (
    symbol === null ||
    source.length > LONGEST_NAME ||
    (trade_type !== null && trade_type.length > LONGEST_NAME) ||
    !(timestamp > 0 && timestamp <= LAST_TIME) ||
    !Number.isFinite(last_price) ||
    (!Number.isFinite(volume) && !isIndex(symbol)) ||
    !isSeq(seq)
  )
}

function isCrossed({ quote, timestamp }: Candidate, sessions: Sessions): boolean {
  return quote !== null && quoteFlag(quote.bid_price, quote.ask_price, sessions.phaseAt(timestamp)) !== null
}

function withJudgedQuote(parts: TradeParts, sessions: Sessions): TradeParts {
  const { bid_price: bid, ask_price: ask, quote_time: time } = parts.quote!
  if (time !== null && !joinable(time, parts.timestamp, sessions)) return { ...parts, quote: null }
  if (bid === null || ask === null || !(bid > 0 && ask > 0) || bid < ask) return parts
  const flag = quoteFlag(bid, ask, sessions.phaseAt(parts.timestamp))
  const flags: readonly Flag[] = flag === null || parts.flags.includes(flag) ? parts.flags : [...parts.flags, flag]
  return { ...parts, quote: null, flags }
}

/** The rejected record with its raw payload. */
export function reject(
  known: Pick<Candidate, 'source' | 'symbol' | 'timestamp' | 'received_at'>,
  reason: RejectReason,
  raw: { toString(): string },
): Rejected {
  const { source, symbol, timestamp, received_at } = known
  const time = timestamp > 0 && timestamp <= LAST_TIME ? timestamp : null
  const text = cut(raw.toString())
  return { type: 'rejected', source: named(source), symbol, timestamp: time, reason, raw: text, received_at }
}

/** Enough of a rejected record to see what was wrong with it. */
const MOST_RAW = 4_096
/** Room for what tells of the cut, so that a text is cut once. */
const CUT = 40

/** A text for the quarantine: a record of any length, cut to a sane one, with nothing that is half a character. */
export function cut(text: string): string {
  const kept = text.length > MOST_RAW + CUT ? `${text.slice(0, MOST_RAW)}... (${text.length} characters)` : text
  return kept.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** A vendor's name as it may be kept, however long it is. */
export function named(source: string): string {
  return source.length > LONGEST_NAME ? `${source.slice(0, LONGEST_NAME)}...` : source
}
