import type { TradingDay } from '../market/session.ts'
import { spreadTable, tickIn } from '../market/tick-size.ts'
import { hash, Random } from './random.ts'
import type { Security } from './security.ts'

/** Noise that changes every `days` days and moves the log price by `amount` of the daily volatility. */
const WAVES: readonly (readonly [days: number, amount: number])[] = [
  [1, 0.5],
  [8, 2.5],
  [32, 7],
  [128, 12],
]

/**
 * The close of a simulated day, in thousandths, on the grid. It follows from seed, symbol and day alone (waves of noise
 * of several lengths, not a walk), so any day can be played without those before it and its path ends where the next begins.
 */
export function closingPrice(
  security: Pick<Security, 'symbol' | 'kind' | 'price' | 'volatility'>,
  seed: number,
  day: TradingDay,
): number {
  let log = 0
  for (const [days, amount] of WAVES) {
    const at = day.number / days
    const from = Math.floor(at)
    const before = noise(security.symbol, seed, days, from)
    log += amount * (before + (at - from) * (noise(security.symbol, seed, days, from + 1) - before))
  }
  const price = security.price * 1000 * Math.exp(log * security.volatility)
  const tick = tickIn(spreadTable(day.date, security.kind), price)
  return Math.max(10, Math.round(price / tick) * tick)
}

function noise(symbol: string, seed: number, days: number, index: number): number {
  return new Random(hash(symbol, seed, days, index)).gaussian()
}
