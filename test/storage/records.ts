import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll } from 'vitest'
import {
  FLAGS,
  type Flag,
  type Gap,
  type Level,
  type MarketEvent,
  type Quote,
  type Tick,
} from '../../src/core/market/event.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { makeTick } from '../../src/core/market/trade.ts'

export const sessions = new Sessions()

/** A directory of this test file alone, removed after it. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hkq-files-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const time = fc.integer({ min: parseTime('2023-01-01'), max: parseTime('2027-12-31') })
const seq = fc.oneof(fc.nat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }))
const name = fc.constantFrom('alltick', 'a,b', '=cmd|x', '@"q"', 'a\nb', '-1+1')
const cents = fc.integer({ min: 1, max: 1_000_000 }).map((n) => n / 1000)

/** Any trade as it would have been admitted, its quote in order and from the same second. */
export const anyTick: fc.Arbitrary<Tick> = fc
  .record({
    symbol: fc.constantFrom('00700.HK', '80700.HK', '00005.HK', 'HSI'),
    timestamp: time,
    price: cents,
    volume: fc.nat(1_000_000),
    bid: fc.option(cents),
    step: cents,
    side: fc.constantFrom('buy' as const, 'sell' as const, null),
    trade_type: fc.option(fc.constantFrom('P', '+X', 'odd, "quoted"')),
    flags: fc.subarray<Flag>([...FLAGS.filter((flag) => flag !== 'crossed' && flag !== 'locked')]),
    seq,
    source: name,
    received: fc.boolean(),
  })
  .map(({ price, bid, step, received, ...known }) =>
    makeTick(
      {
        ...known,
        last_price: price,
        turnover: null,
        quote:
          bid === null
            ? null
            : {
                bid_price: bid,
                ask_price: Math.round((bid + step) * 1000) / 1000,
                bid_size: 100,
                ask_size: 200,
                quote_time: known.timestamp,
              },
        received_at: received ? known.timestamp + 37 : null,
      },
      sessions,
    ),
  )

const levels: fc.Arbitrary<Level[]> = fc.array(fc.tuple(cents, fc.nat(1_000_000)), { maxLength: 10 })
export const anyQuote: fc.Arbitrary<Quote> = fc
  .record({
    symbol: fc.constantFrom('00700.HK', '00005.HK'),
    timestamp: time,
    bids: levels,
    asks: levels,
    seq,
    source: name,
  })
  .map((quote) => ({ type: 'quote', ...quote, phase: sessions.phaseAt(quote.timestamp), received_at: null }))
export const anyGap: fc.Arbitrary<Gap> = fc
  .record({
    source: name,
    symbol: fc.constantFrom(null, 'HSI'),
    from: time,
    length: fc.nat(1e6),
    volume: fc.option(fc.nat()),
  })
  .map(({ length, ...gap }) => ({ type: 'gap', ...gap, to: gap.from + length, cause: 'disconnect', filled_by: null }))

/** Any event of the stream. */
export const anyEvent: fc.Arbitrary<MarketEvent> = fc.oneof(
  anyTick,
  anyQuote,
  anyGap,
  fc.record({
    type: fc.constant('status' as const),
    source: name,
    symbol: fc.constantFrom(null, 'HSI'),
    state: fc.constantFrom('up' as const, 'lost' as const),
    timestamp: time,
    detail: fc.string(),
  }),
  fc.record({
    type: fc.constant('rejected' as const),
    source: name,
    symbol: fc.constantFrom(null, '00700.HK'),
    timestamp: fc.option(time),
    reason: fc.constantFrom('malformed' as const, 'price' as const),
    raw: fc.string(),
    received_at: fc.option(time),
  }),
)

export async function collect<E>(batches: AsyncIterable<readonly E[]>): Promise<E[]> {
  const all: E[] = []
  for await (const batch of batches) all.push(...batch)
  return all
}
