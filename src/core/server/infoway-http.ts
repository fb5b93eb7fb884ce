import { toPadded } from '../market/symbol.ts'
import { decimal } from './alltick-push.ts'
import { knownSymbol } from './codes.ts'
import { barsOf, type Desk } from './http-api.ts'
import { infowayBookData, infowayTradeData } from './infoway-push.ts'
import { isKlineType, MAX_BARS } from './minute-bars.ts'
import type { Kline } from './previous-day.ts'

const LEVELS = 10
/** Codes of one call, and bars of each where there is more than one. */
const MAX_CODES = 100
const BARS_OF_MANY = 2
const PATH = /^\/stock\/batch_(trade|depth|kline)\/(.+)$/
const PRODUCTS = '/common/basic/symbols/info'

/** Whether a path is one of Infoway's HTTP interface. */
export function isInfowayPath(path: string): boolean {
  return path === PRODUCTS || PATH.test(path)
}

/**
 * The body of the answer to one GET of Infoway's HTTP interface: the latest trades, books, K-lines (newest first), and
 * static facts. Codes that are not known are left out; where none is, the answer is an error.
 */
export function answerInfowayHttp(desk: Desk, target: URL): string {
  if (target.pathname === PRODUCTS) return products(desk, target.searchParams.get('symbols') ?? '')
  const [, kind, rest = ''] = PATH.exec(target.pathname) ?? []
  const parts = rest.split('/')
  const codes = decoded(parts.at(-1)!)
  const symbols = symbolsIn(desk, codes)
  if (codes.split(',').length > MAX_CODES) return failure(505, 'Products exceeds limit')
  if (kind === 'kline') return klines(desk, symbols, Number(parts[0]), Number(parts[1]))
  const rows = symbols.flatMap((symbol) => {
    const tick = kind === 'trade' ? desk.board.lastTick(symbol) : null
    const quote = kind === 'depth' ? desk.board.lastQuote(symbol) : null
    return tick ? [infowayTradeData(tick)] : quote ? [infowayBookData(quote, LEVELS)] : []
  })
  return symbols.length === 0 ? failure(500, 'All product not exists') : success(rows)
}

function klines(desk: Desk, symbols: readonly string[], type: number, count: number): string {
  if (!isKlineType(type)) return failure(500, 'Param error：klineType')
  if (!(count >= 1 && count <= MAX_BARS)) return failure(503, `Kline quantity exceeds the limit：${MAX_BARS}`)
  if (symbols.length === 0) return failure(500, 'All product not exists')
  const most = symbols.length > 1 ? Math.min(count, BARS_OF_MANY) : count
  const rows = symbols.map((symbol) => {
    const bars = barsOf(desk, symbol, type).slice(-Math.floor(most)).reverse().map(barOf)
    return `{"s":"${toPadded(symbol)}","respList":[${bars.join(',')}]}`
  })
  return success(rows)
}

function barOf({ start, open, high, low, close, volume, turnover_mills }: Kline): string {
  const turnover = turnover_mills === null ? null : turnover_mills / 1000
  return (
    `{"t":"${start / 1000}","h":"${decimal(high)}","o":"${decimal(open)}","l":"${decimal(low)}","c":"${decimal(close)}",` +
    `"v":"${decimal(volume)}","vw":"${decimal(turnover)}"}`
  )
}

function products(desk: Desk, codes: string): string {
  const wanted = new Set(symbolsIn(desk, codes))
  const rows = desk
    .instruments()
    .filter(({ symbol }) => wanted.has(symbol))
    .map(({ symbol, name_en, name_zh, currency, lot_size }) =>
      JSON.stringify({
        ...{ symbol: toPadded(symbol), market: 'HK', name_cn: name_zh ?? '', name_en: name_en ?? '' },
        ...{ name_hk: name_zh ?? '', exchange: 'SEHK', currency: currency ?? '', lot_size: lot_size ?? 0 },
      }),
    )
  return success(rows)
}

function symbolsIn({ strict, has }: Desk, codes: string): string[] {
  return codes.split(',').flatMap((code) => {
    const symbol = knownSymbol(code)
    return symbol === null || (strict && (toPadded(symbol) !== code || !has(symbol))) ? [] : [symbol]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function success(rows: readonly string[]): string {
  return `{"ret":200,"msg":"success","traceId":"","data":[${rows.join(',')}]}`
}

function failure(ret: number, msg: string): string {
  return JSON.stringify({ ret, msg, traceId: '', data: null })
}
