import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Admission, admit, type Candidate } from '../../src/core/validation/admit.ts'
import { at, candidate, sessions } from './ticks.ts'

const joined: Admission = { sessions, quoteInMessage: false }
const inMessage: Admission = { sessions, quoteInMessage: true }
const book = (bid: number | null, ask: number | null, time: string | null) => ({
  bid_price: bid,
  ask_price: ask,
  bid_size: 100,
  ask_size: 100,
  quote_time: time === null ? null : at(time),
})

describe('a record that cannot be a trade', () => {
  it.each<[string, Partial<Candidate>]>([
    ['malformed', { symbol: null }],
    ['malformed', { timestamp: Number.NaN }],
    ['malformed', { timestamp: 0 }],
    ['malformed', { timestamp: -1 }],
    ['malformed', { timestamp: 1e18 }],
    ['malformed', { last_price: Number.NaN }],
    ['malformed', { last_price: Number.POSITIVE_INFINITY }],
    ['malformed', { volume: null }],
    ['malformed', { volume: Number.NaN }],
    ['malformed', { volume: Number.POSITIVE_INFINITY }],
    ['malformed', { seq: Number.NaN }],
    ['volume', { volume: 1e17 }],
    ['malformed', { symbol: 'HSI', last_price: Number.NaN, volume: null }],
    ['price', { last_price: 0 }],
    ['price', { last_price: -600 }],
    ['price', { symbol: 'HSI', last_price: 0, volume: null }],
    ['volume', { volume: -100 }],
    ['volume', { volume: 0.5 }],
  ])('is rejected as %s: %j', (reason, wrong) => {
    expect(admit(candidate(wrong), 'raw text', joined)).toMatchObject({ type: 'rejected', reason, raw: 'raw text' })
  })

  it('is rejected as malformed when its sequence number does not fit 64 bits', () => {
    expect(admit(candidate({ seq: 2n ** 63n }), '', joined)).toMatchObject({ reason: 'malformed' })
    expect(admit(candidate({ seq: 2n ** 63n - 1n }), '', joined)).toMatchObject({ type: 'tick', seq: 2n ** 63n - 1n })
  })

  it('keeps what is known of it and its raw payload', () => {
    const raw = Buffer.from('{"price":"0"}')
    expect(admit(candidate({ last_price: 0, received_at: 5 }), raw, joined)).toEqual({
      type: 'rejected',
      source: 'alltick',
      symbol: '00700.HK',
      timestamp: at('10:00'),
      reason: 'price',
      raw: '{"price":"0"}',
      received_at: 5,
    })
    expect(admit(candidate({ timestamp: Number.NaN }), raw, joined)).toMatchObject({ timestamp: null })
  })

  it('is every record whose price or volume is out of range, and no other', () => {
    const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 1, 100))
    fc.assert(
      fc.property(number, number, (last_price, volume) => {
        const good = Number.isFinite(last_price) && last_price > 0 && Number.isSafeInteger(volume) && volume >= 0
        expect(admit(candidate({ last_price, volume }), '', joined).type).toBe(good ? 'tick' : 'rejected')
      }),
    )
  })
})

describe('a record that can be a trade', () => {
  it('is admitted with a volume of 0, an unreadable turnover and a sequence number beyond 2^53', () => {
    expect(admit(candidate({ volume: 0 }), '', joined)).toMatchObject({ type: 'tick', volume: 0, value: 0 })
    expect(admit(candidate({ turnover: Number.NaN }), '', joined)).toMatchObject({ turnover: 60_000 })
    expect(admit(candidate({ seq: 2n ** 60n }), '', joined)).toMatchObject({ seq: 2n ** 60n })
  })

  it('is admitted off the tick grid, at any height and at any hour', () => {
    for (const last_price of [0.0001, 346.09984, 9e9]) {
      expect(admit(candidate({ last_price, timestamp: at('03:00') }), '', joined).type).toBe('tick')
    }
  })

  it('is not asked for a volume when it is an index', () => {
    for (const volume of [null, 0, -1, 12.5, Number.NaN]) {
      expect(admit(candidate({ symbol: 'HSI', volume }), '', joined)).toMatchObject({ type: 'tick', volume: null })
    }
  })
})

describe('a quote in the same message as its trade', () => {
  it.each([
    [600.5, 600, '10:00'],
    [600, 600, '10:00'],
    [600, 600, '15:59:59.999'],
  ])('crossed or locked at %d/%d rejects it in continuous trading, at %s', (bid, ask, time) => {
    const wrong = candidate({ quote: book(bid, ask, null), timestamp: at(time) })
    expect(admit(wrong, '', inMessage)).toMatchObject({ type: 'rejected', reason: 'crossed' })
  })

  it('does not reject it in an auction, nor when a side is empty', () => {
    const auction = candidate({ quote: book(601, 600, null), timestamp: at('16:08:30') })
    expect(admit(auction, '', inMessage)).toMatchObject({ type: 'tick', bid_price: null, flags: [] })
    for (const empty of [null, 0]) {
      expect(admit(candidate({ quote: book(601, empty, null) }), '', inMessage)).toMatchObject({ bid_price: 601 })
    }
  })
})

describe('a joined quote', () => {
  it('stands on the tick', () => {
    const tick = admit(candidate({ quote: book(599.5, 600, '09:59:58') }), '', joined)
    expect(tick).toMatchObject({ bid_price: 599.5, ask_price: 600, spread: 0.5, quote_time: at('09:59:58'), flags: [] })
  })

  it.each([
    [600.5, 600, 'crossed'],
    [600, 600, 'locked'],
  ])('%d/%d leaves the trade and its own fields null, flagged %s', (bid, ask, flag) => {
    const quote = book(bid, ask, '09:59:58')
    expect(admit(candidate({ quote }), '', joined)).toMatchObject({
      type: 'tick',
      last_price: 600,
      bid_price: null,
      ask_price: null,
      bid_size: null,
      quote_time: null,
      spread: null,
      flags: [flag],
    })
    expect(admit(candidate({ quote, flags: ['late'] }), '', joined)).toMatchObject({ flags: ['late', flag] })
  })

  it('that is crossed in an auction is not joined, and is nothing to remark', () => {
    const quote = book(601, 599, '09:19:58')
    expect(admit(candidate({ quote, timestamp: at('09:21:10') }), '', joined)).toMatchObject({
      type: 'tick',
      bid_price: null,
      flags: [],
    })
  })

  it.each([
    ['09:22:00', '09:30:00.010'],
    ['11:59:59', '13:00:00.000'],
    ['15:59:59', '16:00:00.000'],
    ['16:00:00', '15:59:59.999'],
  ])('of an earlier or later phase is not joined: book of %s, trade of %s', (quoteTime, tradeTime) => {
    for (const [bid, ask] of [
      [599, 601],
      [601, 599],
    ] as const) {
      const quote = book(bid, ask, quoteTime)
      expect(admit(candidate({ quote, timestamp: at(tradeTime) }), '', joined)).toMatchObject({
        type: 'tick',
        bid_price: null,
        flags: [],
      })
    }
  })

  it.each([
    ['09:10:00', '09:20:30'],
    ['11:59:59', '12:00:01'],
    ['09:30:00', '09:30:00'],
    ['10:00:05', '10:00:00'],
    ['16:00:00', '16:09:59'],
  ])('of the same phase is joined, also after noon: book of %s, trade of %s', (quoteTime, tradeTime) => {
    const quote = book(599, 601, quoteTime)
    expect(admit(candidate({ quote, timestamp: at(tradeTime) }), '', joined)).toMatchObject({ bid_price: 599 })
  })

  it('of the day before is not joined', () => {
    const quote = { ...book(599, 601, null), quote_time: at('10:00') - 86_400_000 }
    expect(admit(candidate({ quote }), '', joined)).toMatchObject({ bid_price: null })
  })
})
