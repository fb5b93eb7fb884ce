import type { Bar } from '../market/bar.ts'
import { FLAGS, type Flag, NO_FLAGS, type Rejected, type Seq, type Side, type Tick } from '../market/event.ts'
import { readInstant } from '../market/instant.ts'
import type { Sessions } from '../market/session.ts'
import { canonicalSymbol, isIndex } from '../market/symbol.ts'
import type { BestQuote } from '../market/trade.ts'
import { admit, reject } from '../validation/admit.ts'

/** A record as a file holds it: hkq's field names, values as text (CSV) or of JSON's types. */
export type Fields = Readonly<Record<string, unknown>>

/** What records of one input share. */
export interface ReadContext {
  readonly sessions: Sessions
  /** Source of records that name none. */
  readonly source: string
  /** Symbol of records that name none; null: such records are malformed. */
  readonly symbol: string | null
  readonly ordinals: Ordinals
}

/** Sequence numbers for trades without one: the ordinal among those of the same symbol and millisecond in a row. */
export class Ordinals {
  readonly #last = new Map<string, { timestamp: number; next: number }>()

  of(symbol: string | null, timestamp: number): number {
    const last = this.#last.get(symbol ?? '')
    if (last?.timestamp === timestamp) return last.next++
    this.#last.set(symbol ?? '', { timestamp, next: 1 })
    return 0
  }
}

/** No number of a market is written with more characters. */
const LONGEST_NUMBER = 400
/** JavaScript's other bases: no market writes in them. */
const BASED = /^[+-]?0[xob]/i
const KNOWN_FLAGS: ReadonlySet<string> = new Set(FLAGS)
const BUY = /^(?:b|buy|1)$/i
const SELL = /^(?:s|sell|2)$/i

/** The trade of a record, judged by the rules that every decoder's trades pass. */
export function readTick(fields: Fields, raw: string, context: ReadContext): Tick | Rejected {
  const symbol = readSymbol(fields.symbol, context)
  const timestamp = readInstant(fields.timestamp)
  const candidate = {
    symbol,
    timestamp,
    last_price: readNumber(fields.last_price) ?? Number.NaN,
    volume: readNumber(fields.volume),
    turnover: readNumber(fields.turnover),
    quote: readQuote(fields),
    side: readSide(fields.side),
    trade_type: readText(fields.trade_type),
    flags: readFlags(fields.flags),
    seq: readSeq(fields.seq) ?? context.ordinals.of(symbol, timestamp),
    source: readText(fields.source) ?? context.source,
    received_at: readTimeOrNull(fields.received_at),
  }
  return admit(candidate, raw, { sessions: context.sessions, quoteInMessage: false })
}

/** The bar of a record that holds its start and end, an index without amounts; null where it cannot be one. */
export function readBar(fields: Fields, start: number, end: number, context: ReadContext): Bar | null {
  const symbol = readSymbol(fields.symbol, context)
  const [open, high, low, close] = [fields.open, fields.high, fields.low, fields.close].map(readNumber)
  const trades = readNumber(fields.trades)
  const prices = [open, high, low, close].map((price) => price ?? Number.NaN)
  const priced = prices.every((price) => price > 0 && Number.isFinite(price)) && prices[1]! >= prices[2]!
  if (symbol === null || !(end > start) || !(priced || trades === 0)) return null
  const amount = (value: unknown): number | null => (isIndex(symbol) ? null : finite(readNumber(value)))
  const revision = readNumber(fields.revision)
  return {
    type: 'bar',
    symbol,
    start,
    end,
    open: prices[0]!,
    high: prices[1]!,
    low: prices[2]!,
    close: prices[3]!,
    volume: amount(fields.volume),
    turnover: amount(fields.turnover),
    vwap: amount(fields.vwap),
    mean: finite(readNumber(fields.mean)),
    trades: finite(trades),
    final: !isFalse(fields.final),
    has_gap: isTrue(fields.has_gap),
    ...(revision && { revision }),
  }
}

/** A record that is not what its type says. */
export function malformed(fields: Fields, raw: string, context: ReadContext): Rejected {
  const known = {
    source: readText(fields.source) ?? context.source,
    symbol: readSymbol(fields.symbol, context),
    timestamp: readInstant(fields.timestamp),
    received_at: null,
  }
  return reject(known, 'malformed', raw)
}

/** A number; null where there is none, NaN where it is something else. Thousands may be set apart by commas. */
export function readNumber(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (value === null || value === undefined) return null
  if (typeof value !== 'string') return Number.NaN
  const text = value.trim()
  if (text.length > LONGEST_NUMBER) return Number.NaN
  if (text === '' || text === '-' || text === '--' || /^(?:null|none|nan|n\/a)$/i.test(text)) return null
  if (BASED.test(text)) return Number.NaN
  return Number(/^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text)
}

export function readText(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

/** A sequence number: exact whatever its size. */
export function readSeq(value: unknown): Seq | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value.trim())) return null
  const seq = BigInt(value.trim())
  const isExact = seq <= Number.MAX_SAFE_INTEGER && seq >= Number.MIN_SAFE_INTEGER
  return isExact ? Number(seq) : seq
}

export function readSymbol(value: unknown, context: ReadContext): string | null {
  const text = readText(value)
  return text === null ? context.symbol : canonicalSymbol(text)
}

export function readTimeOrNull(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null
  const time = readInstant(value)
  return Number.isNaN(time) ? null : time
}

function readQuote(fields: Fields): BestQuote | null {
  const { bid_price, ask_price } = fields
  if ((bid_price ?? '') === '' && (ask_price ?? '') === '') return null
  return {
    bid_price: finite(readNumber(bid_price)),
    ask_price: finite(readNumber(ask_price)),
    bid_size: finite(readNumber(fields.bid_size)),
    ask_size: finite(readNumber(fields.ask_size)),
    quote_time: readTimeOrNull(fields.quote_time),
  }
}

function readSide(value: unknown): Side {
  const text = readText(value) ?? ''
  return BUY.test(text) ? 'buy' : SELL.test(text) ? 'sell' : null
}

function readFlags(value: unknown): readonly Flag[] {
  const names = Array.isArray(value) ? value : typeof value === 'string' && value !== '' ? value.split(/[|;, ]+/) : []
  return names.length === 0 ? NO_FLAGS : names.filter((name): name is Flag => KNOWN_FLAGS.has(name))
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}

function isTrue(value: unknown): boolean {
  return value === true || /^(?:true|1|yes)$/i.test(readText(value) ?? '')
}

function isFalse(value: unknown): boolean {
  return value === false || /^(?:false|0|no)$/i.test(readText(value) ?? '')
}
