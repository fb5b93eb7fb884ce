import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Sessions } from '../../src/core/market/session.ts'
import { parseTime } from '../../src/core/market/time.ts'
import { clean, makeTick, type TradeParts } from '../../src/core/market/trade.ts'

const sessions = new Sessions()
const quote = {
  bid_price: 325.4,
  ask_price: 325.8,
  bid_size: 2000,
  ask_size: 1500,
  quote_time: parseTime('2023-08-15T14:30:25.100'),
}
const parts: TradeParts = {
  symbol: '00700.HK',
  timestamp: parseTime('2023-08-15T14:30:25.123'),
  last_price: 325.6,
  volume: 1500,
  turnover: null,
  quote,
  side: 'buy',
  trade_type: null,
  flags: [],
  seq: 7,
  source: 'alltick',
  received_at: null,
}

describe('a tick', () => {
  it('has value, turnover, spread and phase computed', () => {
    expect(makeTick(parts, sessions)).toEqual({
      type: 'tick',
      symbol: '00700.HK',
      timestamp: 1692081025123,
      last_price: 325.6,
      volume: 1500,
      turnover: 488_400,
      bid_price: 325.4,
      ask_price: 325.8,
      bid_size: 2000,
      ask_size: 1500,
      quote_time: 1692081025100,
      value: 488_400,
      spread: 0.4,
      side: 'buy',
      phase: 'afternoon',
      trade_type: null,
      flags: [],
      seq: 7,
      source: 'alltick',
      received_at: null,
    })
  })

  it("keeps the vendor's turnover, zero included", () => {
    expect(makeTick({ ...parts, turnover: 488_399.5 }, sessions).turnover).toBe(488_399.5)
    expect(makeTick({ ...parts, turnover: 0 }, sessions).turnover).toBe(0)
  })

  it('has no spread where a side is missing or sent as 0', () => {
    for (const empty of [null, 0]) {
      const oneSided = { ...quote, bid_price: empty, bid_size: empty }
      expect(makeTick({ ...parts, quote: oneSided }, sessions)).toMatchObject({
        bid_price: null,
        bid_size: null,
        ask_price: 325.8,
        quote_time: quote.quote_time,
        spread: null,
      })
    }
    const empty = { bid_price: 0, ask_price: 0, bid_size: 0, ask_size: 0, quote_time: 1 }
    expect(makeTick({ ...parts, quote: empty }, sessions).quote_time).toBeNull()
    expect(makeTick({ ...parts, quote: null }, sessions).ask_size).toBeNull()
  })

  it('keeps a price whose size is no whole number of shares', () => {
    const odd = { ...quote, bid_size: 500.5, ask_size: 1e17 }
    expect(makeTick({ ...parts, quote: odd }, sessions)).toMatchObject({
      bid_price: 325.4,
      bid_size: null,
      ask_price: 325.8,
      ask_size: null,
    })
  })

  it('of an index has neither volume nor quote, whatever was sent', () => {
    expect(makeTick({ ...parts, symbol: 'HSI', turnover: 5 }, sessions)).toMatchObject({
      volume: null,
      turnover: null,
      value: null,
      bid_price: null,
      ask_price: null,
      quote_time: null,
      spread: null,
    })
  })

  it('does not keep the parts it was made of', () => {
    const again = { ...parts }
    const first = makeTick(again, sessions)
    again.last_price = 1
    expect(first.last_price).toBe(325.6)
  })
})

describe('a clean amount', () => {
  it('has no binary noise', () => {
    expect(clean(0.1 + 0.2)).toBe(0.3)
    expect(clean(325.8 - 325.4)).toBe(0.4)
    expect(clean(9.99 * 3000)).toBe(29_970)
    expect(clean(1e15 + 0.5)).toBe(1e15 + 0.5)
  })

  it('is the product of price and volume to the last digit of the price', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_995_000 }), fc.integer({ min: 0, max: 1_000_000 }), (mills, volume) => {
        expect(clean((mills / 1000) * volume)).toBe((mills * volume) / 1000)
      }),
    )
  })
})
