import { Sessions } from '../../dist/core/market/session.js'
import { makeTick } from '../../dist/core/market/trade.js'

const BATCH = 4096

/** About `count` ticks of one symbol over continuous trading of so many days, a small random walk with a quote beside it. */
export function* ticksOf(count, days = 21) {
  const sessions = new Sessions()
  const stretches = sessions.daysBefore(Date.UTC(2026, 10, 21), days).flatMap(({ continuous }) => continuous)
  const each = Math.ceil(count / stretches.length)
  let state = 1
  let price = 500_000
  let seq = 0
  let batch = []
  for (const { open, close } of stretches) {
    for (let i = 0; i < each && seq < count; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      price = Math.min(600_000, Math.max(400_000, price + (((state >> 16) % 3) - 1) * 200))
      const timestamp = open + Math.floor((i * (close - open)) / each)
      batch.push(tickAt(timestamp, price, 100 * (1 + ((state >> 8) % 30)), seq++, sessions))
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

function tickAt(timestamp, mills, volume, seq, sessions) {
  const quote = {
    bid_price: (mills - 200) / 1000,
    ask_price: mills / 1000,
    bid_size: 1_000,
    ask_size: 2_000,
    quote_time: timestamp - 5,
  }
  const fixed = { symbol: '00700.HK', turnover: null, side: 'buy', trade_type: null, flags: [], source: 'alltick' }
  return makeTick(
    { ...fixed, timestamp, last_price: mills / 1000, volume, quote, seq, received_at: timestamp + 3 },
    sessions,
  )
}
