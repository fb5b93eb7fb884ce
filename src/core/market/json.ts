import type { Bar } from './bar.ts'
import type { MarketEvent, Seq, Tick } from './event.ts'
import { formatIso } from './time.ts'

/** How a time leaves as text; `formatIso` (Hong Kong) unless another zone is asked for. */
export type TimeFormat = (time: number) => string

/** Fields that hold a time, in every record: epoch ms inside, text outside. */
export const TIME_FIELDS: ReadonlySet<string> = new Set([
  'timestamp',
  'quote_time',
  'received_at',
  'from',
  'to',
  'start',
  'end',
  'since',
])

/**
 * One record as one line of JSON (without the line feed), `type` first, times ISO 8601 with zone, a sequence number
 * beyond 2^53 as a string. NaN, which an empty bar has for prices, becomes `null`. Takes ticks, quotes, gaps, states,
 * rejected records, bars, and other records of plain values (volatility, summaries). Characters that some readers take
 * for a line break, or that steer a terminal, are escaped.
 */
export function toJson(record: MarketEvent | Bar | { readonly type: string }, time: TimeFormat = formatIso): string {
  if (record.type === 'tick') return tickToJson(record as Tick, time)
  if (record.type === 'bar') return barToJson(record as Bar, time)
  return inert(JSON.stringify(outward(record, time)))
}

function tickToJson(tick: Tick, time: TimeFormat): string {
  const { flags, side, trade_type } = tick
  return (
    `{"type":"tick","symbol":"${tick.symbol}","timestamp":"${time(tick.timestamp)}","last_price":${number(tick.last_price)}` +
    `,"volume":${number(tick.volume)},"turnover":${number(tick.turnover)}` +
    `,"bid_price":${number(tick.bid_price)},"ask_price":${number(tick.ask_price)}` +
    `,"bid_size":${number(tick.bid_size)},"ask_size":${number(tick.ask_size)}` +
    `,"quote_time":${tick.quote_time === null ? 'null' : `"${time(tick.quote_time)}"`}` +
    `,"value":${number(tick.value)},"spread":${number(tick.spread)}` +
    `,"side":${side === null ? 'null' : `"${side}"`},"phase":"${tick.phase}"` +
    `,"trade_type":${trade_type === null ? 'null' : inert(JSON.stringify(trade_type))}` +
    `,"flags":${flags.length === 0 ? '[]' : JSON.stringify(flags)},"seq":${seqText(tick.seq)}` +
    `,"source":${inert(JSON.stringify(tick.source))}` +
    `,"received_at":${tick.received_at === null ? 'null' : `"${time(tick.received_at)}"`}}`
  )
}

function barToJson(bar: Bar, time: TimeFormat): string {
  return (
    `{"type":"bar","symbol":"${bar.symbol}","start":"${time(bar.start)}","end":"${time(bar.end)}"` +
    `,"open":${number(bar.open)},"high":${number(bar.high)},"low":${number(bar.low)},"close":${number(bar.close)}` +
    `,"volume":${number(bar.volume)},"turnover":${number(bar.turnover)},"vwap":${number(bar.vwap)}` +
    `,"mean":${number(bar.mean)},"trades":${number(bar.trades)},"final":${bar.final},"has_gap":${bar.has_gap}` +
    `${bar.revision === undefined ? '' : `,"revision":${number(bar.revision)}`}}`
  )
}

/** Control characters that JSON lets pass, line breaks of Unicode, marks that turn the direction of writing, invisible ones. */
const LIVELY = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** The same JSON, of which nothing but its text can be seen. */
function inert(json: string): string {
  return json.replace(LIVELY, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** JSON has no NaN and no infinity. */
function number(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'null' : String(value)
}

function seqText(seq: Seq): string {
  return isExact(seq) ? String(seq) : `"${seq}"`
}

/** The record as a plain object of JSON values, for `--format json` and for whoever prints it himself. */
export function outward(record: object, time: TimeFormat = formatIso): Record<string, unknown> {
  const plain: Record<string, unknown> = { ...record }
  for (const name in plain) {
    const value = plain[name]
    if (typeof value === 'number' && TIME_FIELDS.has(name)) plain[name] = time(value)
    else if (typeof value === 'bigint') plain[name] = isExact(value) ? Number(value) : String(value)
  }
  return plain
}

function isExact(seq: Seq): boolean {
  return seq <= Number.MAX_SAFE_INTEGER && seq >= Number.MIN_SAFE_INTEGER
}
