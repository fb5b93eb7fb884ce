import { FLAGS } from '../market/event.ts'
import { choice, integer, number, optional, orNull, type Records, type Schema, text, time, truth } from './fields.ts'

const seq: Schema = { type: ['integer', 'string'], description: 'sequence number; beyond 2^53 a string of digits' }
const levels: Schema = {
  type: 'array',
  description: 'best level first: [price, size]',
  items: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
}
const phase = choice(
  'phase of the trading day',
  'pre_opening',
  'opening_auction',
  'morning',
  'lunch',
  'afternoon',
  'closing_auction',
  'closed',
)

/** What comes from a market, and what is made of its trades. */
export const MARKET: Records = {
  tick: {
    symbol: text('canonical symbol, e.g. 00700.HK, HSI'),
    timestamp: time('exchange time'),
    last_price: number('trade price, traded currency'),
    volume: orNull(integer('shares of this trade; null for an index')),
    turnover: orNull(number('traded currency')),
    bid_price: orNull(number('best bid when the trade arrived')),
    ask_price: orNull(number('best ask when the trade arrived')),
    bid_size: orNull(number('shares at the best bid')),
    ask_size: orNull(number('shares at the best ask')),
    quote_time: orNull(time('exchange time of the quote')),
    value: orNull(number('last_price * volume')),
    spread: orNull(number('ask_price - bid_price')),
    side: choice('who took liquidity, as the vendor infers', 'buy', 'sell', null),
    phase,
    trade_type: orNull(text("vendor's trade type")),
    flags: { type: 'array', items: { enum: FLAGS }, description: 'what is doubtful' },
    seq,
    source: text('vendor that delivered it'),
    received_at: orNull(time('local receive time')),
  },
  quote: {
    symbol: text('canonical symbol'),
    timestamp: time('exchange time'),
    bids: levels,
    asks: levels,
    phase,
    seq,
    source: text('vendor that delivered it'),
    received_at: orNull(time('local receive time')),
  },
  gap: {
    source: text('feed that has the hole'),
    symbol: orNull(text('canonical symbol; null for all')),
    from: time('last stored tick before the hole'),
    to: time('first tick after it'),
    cause: choice('why', 'disconnect', 'stale', 'restart', 'late_start', 'vendor', 'overflow'),
    volume: orNull(integer("missing shares, if the vendor's totals tell")),
    filled_by: choice('what filled it', null, 'second feed', 'backfill'),
  },
  status: {
    source: text('feed'),
    symbol: orNull(text('canonical symbol; null for the feed')),
    state: choice('state', 'connecting', 'up', 'lost', 'waiting', 'warning', 'halted', 'resumed', 'ended'),
    timestamp: time('local time'),
    detail: text('for people'),
    symbols: optional({
      type: 'array',
      items: { type: 'string' },
      description: 'symbols of the one connection, of several, whose state it is',
    }),
  },
  bar: {
    symbol: text('canonical symbol'),
    start: time('start of the bar, inclusive'),
    end: time('end of the bar, exclusive'),
    open: number('first price'),
    high: number('highest price'),
    low: number('lowest price'),
    close: number('last price'),
    volume: orNull(integer('shares')),
    turnover: orNull(number('traded currency')),
    vwap: orNull(number('sum(price * volume) / sum(volume)')),
    mean: orNull(number('arithmetic mean of last_price')),
    trades: orNull(integer('trades')),
    final: truth('false while the bar can still change'),
    has_gap: truth('a recorded gap crosses the bar'),
    revision: optional(integer('changes after the bar was final; absent when none')),
  },
}
