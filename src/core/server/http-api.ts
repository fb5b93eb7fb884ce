import type { Level, Quote, Tick } from '../market/event.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Sessions } from '../market/session.ts'
import { isIndex, toShort } from '../market/symbol.ts'
import { decimal, direction } from './alltick-push.ts'
import type { Board } from './board.ts'
import { exactSymbol, knownSymbol } from './codes.ts'
import { DAY_TYPE, isKlineType, MAX_BARS, type MinuteBars } from './minute-bars.ts'
import { type Kline, withPreviousDay } from './previous-day.ts'
import { asObject, parseObject } from './request.ts'

/** What the answers are made from. */
export interface Desk {
  readonly board: Board
  readonly bars: MinuteBars | null
  readonly sessions: Sessions
  readonly instruments: () => readonly Instrument[]
  readonly strict: boolean
  readonly has: (symbol: string) => boolean
}

type Json = Record<string, unknown>

/** An error of the interface: its code and words. */
class Refusal extends Error {
  readonly ret: number
  constructor(ret: number, message: string) {
    super(message)
    this.ret = ret
  }
}
const INVALID = (): Refusal => new Refusal(400, 'request data param invalid')

const GET: Readonly<Record<string, (desk: Desk, data: Json) => Json>> = {
  kline: (desk, data) => {
    const { symbol, type, bars } = klines(desk, data, MAX_BARS)
    return { code: symbol, kline_type: type, kline_list: bars }
  },
  'trade-tick': (desk, data) => ({
    tick_list: latest(desk, data, (symbol) => desk.board.lastTick(symbol)).map(tradeOf),
  }),
  'depth-tick': (desk, data) => ({
    tick_list: latest(desk, data, (symbol) => desk.board.lastQuote(symbol)).map(bookOf),
  }),
  static_info: (desk, data) => {
    const known = new Map(desk.instruments().map((instrument) => [instrument.symbol, instrument]))
    return { static_info_list: latest(desk, data, (symbol) => known.get(symbol) ?? null).map(staticOf) }
  },
}

/** The method an HTTP interface is asked by, null where there is no such interface. */
export function methodOf(name: string): 'GET' | 'POST' | null {
  return Object.hasOwn(GET, name) ? 'GET' : name === 'batch-kline' ? 'POST' : null
}

/**
 * The body of the answer to one HTTP request.
 * @param name last part of the path, e.g. `kline`
 * @param text the `query` parameter of GET, the body of POST; null when absent
 */
export function answerHttp(desk: Desk, name: string, text: string | null): Json {
  const request = text === null ? null : parseObject(text)
  const trace = typeof request?.trace === 'string' ? request.trace : ''
  const answer = (ret: number, msg: string, data: Json): Json => ({ ret, msg, trace, data })
  if (name === 'batch-kline' && (text === null || text === '')) return answer(601, 'body empty', {})
  if (request === null) return answer(name === 'batch-kline' ? 400 : 402, 'query invalid', {})
  const data = asObject(request.data)
  if (data === null || (desk.strict && trace === '')) return answer(400, 'request header param invalid', {})
  try {
    return answer(200, 'ok', name === 'batch-kline' ? batchKline(desk, data) : GET[name]!(desk, data))
  } catch (error) {
    if (error instanceof Refusal) return answer(error.ret, error.message, {})
    throw error
  }
}

function batchKline(desk: Desk, data: Json): Json {
  if (!Array.isArray(data.data_list)) throw INVALID()
  const list = data.data_list.slice(0, MAX_BARS).map((entry) => klines(desk, asObject(entry) ?? {}, 2))
  return { kline_list: list.map(({ symbol, type, bars }) => ({ code: symbol, kline_type: type, kline_data: bars })) }
}

function klines(desk: Desk, data: Json, most: number): { symbol: unknown; type: number; bars: Json[] } {
  const type = numberOf(data.kline_type)
  const count = numberOf(data.query_kline_num)
  if (!isKlineType(type) || !(count >= 1)) throw INVALID()
  const symbol = symbolOf(desk, data.code)
  if (symbol === null) throw new Refusal(600, 'code invalid')
  const bars = barsOf(desk, symbol, type).slice(-Math.min(Math.floor(count), most))
  return { symbol: toShort(symbol), type, bars: bars.map(barOf) }
}

/** A number, or its digits in a text; NaN for anything else. */
function numberOf(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value.length <= 20) ? Number(value) : Number.NaN
}

/** The bars of a K-line type, oldest first; daily ones with the previous day's in front where only its close is known. */
export function barsOf(desk: Desk, symbol: string, type: number): Kline[] {
  const bars = desk.bars?.newest(symbol, type, MAX_BARS) ?? []
  if (type !== DAY_TYPE) return bars
  const instrument = desk.instruments().find((each) => each.symbol === symbol)
  return withPreviousDay(bars, instrument, desk.sessions)
}

function latest<T>(desk: Desk, data: Json, find: (symbol: string) => T | null): T[] {
  if (!Array.isArray(data.symbol_list)) throw INVALID()
  const found: T[] = []
  for (const entry of data.symbol_list as readonly unknown[]) {
    const symbol = symbolOf(desk, asObject(entry)?.code ?? entry)
    if (symbol === null && desk.strict) throw new Refusal(600, 'code invalid')
    const value = symbol === null ? null : find(symbol)
    if (value !== null) found.push(value)
  }
  return found
}

function symbolOf(desk: Desk, code: unknown): string | null {
  if (!desk.strict) return knownSymbol(code)
  const symbol = exactSymbol(code)
  return symbol !== null && desk.has(symbol) ? symbol : null
}

function tradeOf(tick: Tick): Json {
  return {
    code: toShort(tick.symbol),
    seq: String(tick.seq),
    tick_time: String(tick.timestamp),
    price: decimal(tick.last_price),
    volume: decimal(tick.volume),
    turnover: decimal(tick.turnover),
    trade_direction: direction(tick.side),
  }
}

function bookOf(quote: Quote): Json {
  const side = (levels: readonly Level[]): Json[] =>
    levels.map(([price, size]) => ({ price: decimal(price), volume: decimal(size) }))
  return {
    code: toShort(quote.symbol),
    seq: String(quote.seq),
    tick_time: String(quote.timestamp),
    bids: side(quote.bids),
    asks: side(quote.asks),
  }
}

function barOf(bar: Kline): Json {
  return {
    timestamp: String(bar.start / 1000),
    open_price: decimal(bar.open),
    close_price: decimal(bar.close),
    high_price: decimal(bar.high),
    low_price: decimal(bar.low),
    volume: decimal(bar.volume),
    turnover: decimal(bar.turnover_mills === null ? null : bar.turnover_mills / 1000),
  }
}

/** Every value is a text here; what is not known is `0` for numbers and empty for names. */
function staticOf(instrument: Instrument): Json {
  const name = instrument.name_zh ?? ''
  return {
    symbol: toShort(instrument.symbol),
    name_cn: name,
    name_en: instrument.name_en ?? '',
    name_hk: name,
    exchange: 'SEHK',
    board: isIndex(instrument.symbol) ? 'HKIndex' : 'HKEquity',
    currency: instrument.currency ?? '',
    lot_size: decimal(instrument.lot_size),
    total_shares: '0',
    circulating_shares: '0',
    hk_shares: '0',
    eps: '0',
    eps_ttm: '0',
    bps: '0',
    dividend_yield: '0',
  }
}
