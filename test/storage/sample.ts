import fc from 'fast-check'
import type { Summary } from '../../src/core/bars/summary.ts'
import type { Completeness } from '../../src/core/market/completeness.ts'
import { FLAGS, type Gap, type Quote, type Rejected, type Tick } from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { makeTick, type TradeParts } from '../../src/core/market/trade.ts'

const sessions = new Sessions()

/** Epoch ms of a Hong Kong time on Friday 2026-11-20. */
export function at(clock: string): number {
  return parseTime(`2026-11-20 ${clock}`)
}

/** A trade of 00700.HK at 10:00:00.000, different where said. */
export function tick(parts: Partial<TradeParts> = {}): Tick {
  const usual: TradeParts = {
    symbol: '00700.HK',
    timestamp: at('10:00:00.000'),
    last_price: 612.5,
    volume: 100,
    turnover: null,
    quote: null,
    side: null,
    trade_type: null,
    flags: [],
    seq: 0,
    source: 'alltick',
    received_at: null,
  }
  return makeTick({ ...usual, ...parts }, sessions)
}

export function quote(parts: Partial<Quote> = {}): Quote {
  return {
    type: 'quote',
    symbol: '00700.HK',
    timestamp: at('10:00:00.000'),
    bids: [
      [612, 500],
      [611.5, 1200],
    ],
    asks: [[612.5, 300]],
    phase: 'morning',
    seq: 1,
    source: 'alltick',
    received_at: null,
    ...parts,
  }
}

export function gap(parts: Partial<Gap> = {}): Gap {
  return {
    type: 'gap',
    source: 'alltick',
    symbol: '00700.HK',
    from: at('10:00:00.000'),
    to: at('10:00:05.000'),
    cause: 'disconnect',
    volume: null,
    filled_by: null,
    ...parts,
  }
}

export function rejected(parts: Partial<Rejected> = {}): Rejected {
  return {
    type: 'rejected',
    source: 'alltick',
    symbol: '00700.HK',
    timestamp: at('10:00:00.000'),
    reason: 'price',
    raw: '{"price":"-1"}',
    received_at: null,
    ...parts,
  }
}

/** A minute as a vendor's K-line has it. */
export function vendorMinute(parts: Partial<Summary> = {}): Summary {
  const start = parts.start ?? at('10:00:00.000')
  return {
    symbol: '00700.HK',
    start,
    open: 612,
    high: 613,
    low: 611,
    close: 612.5,
    first_time: start,
    first_seq: 0,
    last_time: start + 59_999,
    last_seq: 0,
    volume: 4_000,
    turnover_mills: 2_450_000_000,
    value_mills: 2_450_000_000,
    price_mills: null,
    trades: null,
    left_out: 0,
    origin: 'backfill',
    ...parts,
  }
}

export function comparison(parts: Partial<Completeness> = {}): Completeness {
  return {
    type: 'completeness',
    symbol: '00700.HK',
    date: '2026-11-20',
    vendor: 'alltick',
    timestamp: at('16:20:00.000'),
    volume: 900,
    vendor_volume: 1_000,
    turnover: 551_250.5,
    vendor_turnover: 612_500,
    completeness: 0.9,
    open: 612,
    vendor_open: 612,
    high: 613,
    vendor_high: 613.5,
    low: 611,
    vendor_low: 611,
    close: 612.5,
    vendor_close: 612.5,
    minutes: 330,
    differing: 33,
    ...parts,
  }
}

/** Everything an asynchronous reading gives, piece by piece. */
export async function pieces<T>(reading: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const piece of reading) all.push(piece)
  return all
}

export async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const batch of batches) all.push(...batch)
  return all
}

const grid = fc.integer({ min: 1, max: 10_000_000 }).map((mills) => mills / 1000)
const fine = fc.double({ min: 1e-9, max: 1e9, noNaN: true })
const price = fc.oneof({ weight: 4, arbitrary: grid }, fine)
const size = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constant(Number.MAX_SAFE_INTEGER))

/** Any storable trade within a few minutes, many of them at the same millisecond. */
export const anyTick: fc.Arbitrary<Tick> = fc
  .record({
    symbol: fc.constantFrom('00700.HK', '09988.HK', 'HSI'),
    timestamp: fc
      .oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 300_000 }))
      .map((ms) => at('09:58:00.000') + ms),
    last_price: price,
    volume: fc.nat({ max: 2_000_000 }),
    turnover: fc.option(price),
    quote: fc.option(
      fc.record({
        bid_price: fc.option(price),
        ask_price: fc.option(price),
        bid_size: fc.option(size),
        ask_size: fc.option(size),
        quote_time: fc.option(fc.integer({ min: 0, max: 5000 }).map((ms) => at('09:57:55.000') + ms)),
      }),
    ),
    side: fc.constantFrom(null, 'buy' as const, 'sell' as const),
    trade_type: fc.option(fc.constantFrom('0', 'P', 'M"', '成交')),
    flags: fc.subarray([...FLAGS]),
    seq: fc.oneof(fc.nat({ max: 4 }), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n })),
    source: fc.constantFrom('alltick', 'infoway'),
    received_at: fc.option(fc.integer({ min: 0, max: 600_000 }).map((ms) => at('09:58:00.000') + ms)),
  })
  .map(tick)
