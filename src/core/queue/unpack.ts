import { FLAGS, MAX_SEQ, type MarketEvent, type Rejected } from '../market/event.ts'
import { canonicalSymbol } from '../market/symbol.ts'
import { LAST_TIME, MINUTE } from '../market/time.ts'
import { PHASES } from '../storage/columns.ts'
import { reject } from '../validation/admit.ts'

/**
 * The events of a message, every field exactly. What is no event of ours is a Rejected one with its text, beside the others:
 * nothing that another program puts into a queue reaches a store as a trade unless every field of it can be one, and nothing
 * tells what will be heard, or lost, in the future.
 * @param source under whose name a foreign message is quarantined
 * @param now when it was received, epoch ms
 */
export function unpack(payload: string, source: string, now: number): (MarketEvent | Rejected)[] {
  const refused = (raw: string): Rejected =>
    reject({ source, symbol: null, timestamp: Number.NaN, received_at: now }, 'malformed', raw)
  const events = parsed(payload)
  if (!Array.isArray(events) || events.length === 0) return [refused(payload)]
  const isOurs = (event: unknown): event is MarketEvent => isEvent(event) && !isPremature(event, now)
  return events.map((event) => (isOurs(event) ? withSeq(event) : refused(JSON.stringify(event))))
}

/** What the clock of another machine may be ahead by, ms. */
const AHEAD = 10 * MINUTE

/** Whether it claims to know the future: how far a feed was heard, or where trades are missing. */
function isPremature(event: MarketEvent, now: number): boolean {
  if (event.type === 'coverage') return event.timestamp > now + AHEAD
  return event.type === 'gap' && (event.to > now + AHEAD || event.from > event.to)
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}

function withSeq(event: MarketEvent): MarketEvent {
  if (!('seq' in event) || typeof event.seq !== 'string') return event
  return { ...event, seq: BigInt(event.seq) }
}

type Check = (value: unknown) => boolean

const LONGEST_NAME = 80
const LONGEST_TEXT = 2 ** 16

const number: Check = (value) => Number.isFinite(value)
const price: Check = (value) => number(value) && (value as number) > 0
const amount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const time: Check = (value) => amount(value) && (value as number) <= LAST_TIME
const instant: Check = (value) => number(value) && (value as number) >= 0 && (value as number) <= LAST_TIME
const name: Check = (value) => typeof value === 'string' && value.length <= LONGEST_NAME
const text: Check = (value) => typeof value === 'string' && value.length <= LONGEST_TEXT
const symbol: Check = (value) => typeof value === 'string' && canonicalSymbol(value) === value
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const phase = oneOf(...PHASES)
const level: Check = (value) => listOf(number)(value) && (value as unknown[]).length === 2

const seq: Check = (value) => {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return false
  return BigInt(value) <= MAX_SEQ && BigInt(value) >= -MAX_SEQ
}

type Shape<E> = { readonly [K in Exclude<keyof E, 'type'>]-?: Check }
type Shapes = { readonly [T in MarketEvent['type']]: Shape<Extract<MarketEvent, { type: T }>> }

const SHAPES: Shapes = {
  tick: {
    ...{ symbol, timestamp: time, last_price: price, volume: orNull(amount), turnover: orNull(number) },
    ...{ bid_price: orNull(number), ask_price: orNull(number), bid_size: orNull(number), ask_size: orNull(number) },
    ...{ quote_time: orNull(time), value: orNull(number), spread: orNull(number), side: orNull(oneOf('buy', 'sell')) },
    ...{ phase, trade_type: orNull(name), flags: listOf(oneOf(...FLAGS)), seq, source: name },
    received_at: orNull(instant),
  },
  quote: {
    ...{ symbol, timestamp: time, bids: listOf(level), asks: listOf(level), phase, seq, source: name },
    received_at: orNull(instant),
  },
  gap: {
    ...{ source: name, symbol: orNull(symbol), from: time, to: time, volume: orNull(number) },
    cause: oneOf('disconnect', 'stale', 'restart', 'late_start', 'vendor', 'overflow'),
    filled_by: orNull(oneOf('second feed', 'backfill')),
  },
  status: {
    ...{ source: name, symbol: orNull(symbol), timestamp: time, detail: text },
    state: oneOf('connecting', 'up', 'lost', 'waiting', 'warning', 'halted', 'resumed', 'ended'),
    symbols: (value) => value === undefined || listOf(symbol)(value),
  },
  rejected: {
    ...{ source: name, symbol: orNull(symbol), timestamp: orNull(time), raw: text, received_at: orNull(instant) },
    reason: oneOf('malformed', 'price', 'volume', 'crossed'),
  },
  coverage: { source: name, symbol: (value) => value === null, symbols: listOf(symbol), timestamp: instant },
}

/** Whether a value has every field of an event, each of its kind, and no other. */
function isEvent(value: unknown): value is MarketEvent {
  if (typeof value !== 'object' || value === null) return false
  const { type, ...fields } = value as Record<string, unknown>
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type)) return false
  const shape = SHAPES[type as MarketEvent['type']] as Readonly<Record<string, Check>>
  const isKnown = Object.keys(fields).every((field) => Object.hasOwn(shape, field))
  return isKnown && Object.keys(shape).every((field) => shape[field]!(fields[field]))
}
