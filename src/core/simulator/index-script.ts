import { makeTick } from '../market/trade.ts'
import { firstSeq, type Script, type Setting, SOURCE } from './actor.ts'
import { closingPrice } from './close.ts'
import { hash, Random } from './random.ts'
import { dayRhythm } from './rhythm.ts'
import type { Security } from './security.ts'

const EVERY = 2_000

/** An index: a value every two seconds while the market trades, and its close after the closing auction. */
export function* indexScript(security: Security, setting: Setting): Script {
  const { day, before, seed, sessions, stage } = setting
  const { symbol } = security
  const random = new Random(hash(symbol, seed, day.number))
  const target = closingPrice(security, seed, day)
  let value = closingPrice(security, seed, before) * (1 + 0.4 * security.volatility * random.gaussian())
  const rhythms = dayRhythm(day, random, 1, (0.85 * security.volatility) ** 2)
  const total = rhythms.at(-1)!.variance.total
  let seq = firstSeq(day)
  let done = 0

  function publish(timestamp: number): void {
    const parts = { symbol, timestamp, last_price: Math.round(value / 10) / 100, seq: ++seq }
    stage.out.push(makeTick({ ...parts, ...NO_TRADE }, sessions))
  }

  for (const { stretch, variance } of rhythms) {
    for (let time = stretch.open; time < stretch.close; time += EVERY) {
      yield time
      const accrued = variance.by(time)
      const step = accrued - done
      value += ((target - value) * step) / (total - done || 1) + value * Math.sqrt(step) * random.gaussian()
      done = accrued
      publish(time)
    }
  }
  const close = day.end - 60_000 + random.below(50_000)
  yield close
  value = target
  publish(close)
}

const NO_TRADE = {
  volume: null,
  turnover: null,
  quote: null,
  side: null,
  trade_type: null,
  flags: [],
  source: SOURCE,
  received_at: null,
} as const
