import type { Level, Quote, Tick } from '../market/event.ts'
import { toPadded } from '../market/symbol.ts'
import { decimal, direction } from './alltick-push.ts'

/** Trade push 10002 of Infoway, its keys in the order that was captured from the service. An index has volume 0. */
export function infowayTrade(tick: Tick): string {
  return `{"code":10002,"data":${infowayTradeData(tick)}}`
}

/** What Infoway says of a trade, pushed or asked for. */
export function infowayTradeData(tick: Tick): string {
  return (
    `{"p":"${decimal(tick.last_price)}","s":"${toPadded(tick.symbol)}","t":${tick.timestamp},"td":${direction(tick.side)},` +
    `"v":"${decimal(tick.volume)}","vw":"${decimal(tick.turnover)}"}`
  )
}

/** Order book push 10005: the best `depth` levels of each side as two columns, prices and sizes. */
export function infowayBook(quote: Quote, depth: number): string {
  return `{"code":10005,"data":${infowayBookData(quote, depth)}}`
}

/** What Infoway says of a book, pushed or asked for. */
export function infowayBookData({ symbol, timestamp, bids, asks }: Quote, depth: number): string {
  return `{"a":${columns(asks, depth)},"b":${columns(bids, depth)},"s":"${toPadded(symbol)}","t":${timestamp}}`
}

function columns(side: readonly Level[], depth: number): string {
  let prices = ''
  let sizes = ''
  const count = Math.min(depth, side.length)
  for (let i = 0; i < count; i++) {
    const [price, size] = side[i]!
    const comma = i === 0 ? '' : ','
    prices += `${comma}"${decimal(price)}"`
    sizes += `${comma}"${decimal(size)}"`
  }
  return `[[${prices}],[${sizes}]]`
}
