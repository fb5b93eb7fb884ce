import type { Level, Quote, Side, Tick } from '../market/event.ts'

/** Trade push 22998 of AllTick's published API. Source: alltick realtime_transaction_quote_subscription.md. */
export function tradePush(code: string, tick: Tick): string {
  return (
    `{"cmd_id":22998,"data":{"code":"${code}","seq":${tick.seq},"tick_time":${tick.timestamp},` +
    `"price":"${decimal(tick.last_price)}","volume":"${decimal(tick.volume)}","turnover":"${decimal(tick.turnover)}",` +
    `"trade_direction":${direction(tick.side)}}}`
  )
}

/** Order book push 22999: the best `depth` levels of each side, an empty side as `[]`. */
export function bookPush(code: string, quote: Quote, depth: number): string {
  return (
    `{"cmd_id":22999,"data":{"code":"${code}","seq":${quote.seq},"tick_time":${quote.timestamp},` +
    `"bids":[${levels(quote.bids, depth)}],"asks":[${levels(quote.asks, depth)}]}}`
  )
}

/** 1 buy, 2 sell, 0 not told. */
export function direction(side: Side): 0 | 1 | 2 {
  return side === 'buy' ? 1 : side === 'sell' ? 2 : 0
}

/** A number as AllTick's decimal text, without exponent; `0` where there is none: no frame may carry null. */
export function decimal(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '0'
  const text = String(value)
  return text.includes('e') ? (Math.abs(value) < 1 ? value.toFixed(12) : BigInt(Math.round(value)).toString()) : text
}

function levels(side: readonly Level[], depth: number): string {
  let text = ''
  const count = Math.min(depth, side.length)
  for (let i = 0; i < count; i++) {
    const [price, size] = side[i]!
    text += `${i === 0 ? '' : ','}{"price":"${decimal(price)}","volume":"${decimal(size)}"}`
  }
  return text
}
