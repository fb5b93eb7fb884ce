import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alltick } from '../../../src/core/connection/vendors/alltick.ts'
import { Sessions } from '../../../src/core/market/session.ts'
import { decodeFresh, decodeOn, type FixtureRow, vendorContract } from '../../contracts/vendor.ts'
import { CANARY } from '../../support/canary.ts'

const read = (name: string): string => readFileSync(new URL(`../../fixtures/alltick/${name}`, import.meta.url), 'utf8')
const fixtures = JSON.parse(read('frames.json')) as FixtureRow[]
const SECRET = CANARY

vendorContract('alltick', {
  vendor: () => alltick({ token: SECRET }),
  secret: SECRET,
  fixtures,
  codes: { '00700.HK': '700.HK', '09988.HK': '9988.HK', HSI: 'HSI.HK' },
})

const trade = (fields: object): string =>
  JSON.stringify({
    cmd_id: 22998,
    data: {
      code: '700.HK',
      seq: 1,
      tick_time: 1782180164000,
      price: '513.5',
      volume: '300',
      turnover: '1',
      trade_direction: 1,
      ...fields,
    },
  })

/** A frame with a space behind it means the same, but no longer has the shape that is read from the bytes. */
function bothWays(frame: Buffer, before: readonly string[] = [], depth = 0): [unknown, unknown] {
  const spaced = Buffer.concat([frame, Buffer.from(' ')])
  const strip = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, item) =>
        typeof item === 'bigint' ? `${item}n` : key === 'raw' ? String(item).trim() : item,
      ),
    )
  return [strip(decodeFresh(alltick(), frame, before, depth)), strip(decodeFresh(alltick(), spaced, before, depth))]
}

const number = fc.oneof(
  fc.nat(1_000_000).map((n) => String(n)),
  fc.tuple(fc.nat(99_999), fc.nat(999)).map(([a, b]) => `${a}.${String(b).padStart(3, '0')}`),
  fc.stringMatching(/^[0-9]{1,18}(\.[0-9]{1,6})?$/),
  fc.stringMatching(/^[1-9][0-9]{10}\.[0-9]{4,6}$/),
  fc.constantFrom('1', '2', '2.5', '3'),
  fc.constantFrom('', '.5', '5.', '-1', '1e3', '0', '00.10', '1.2.3', 'x'),
)
const time = fc.oneof(fc.integer({ min: 1, max: 1e13 }), fc.maxSafeNat(), fc.nat(1e11).map(String), fc.constant('01'))
const seq = fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String), fc.constant('007'))
const code = fc.constantFrom(
  '700.HK',
  '00700.HK',
  '9988.HK',
  'HSI.HK',
  '0.HK',
  '123456.HK',
  'AAPL.US',
  '',
  '7é.HK',
  '"',
)

describe('the parser of bytes and the general parser', () => {
  it('agree on every trade', () => {
    fc.assert(
      fc.property(code, seq, time, number, number, number, fc.integer({ min: -1, max: 11 }), (...fields) => {
        const [code, seq, tick_time, price, volume, turnover, trade_direction] = fields
        const text = trade({ code, seq, tick_time, price, volume, turnover, trade_direction })
        const [fast, general] = bothWays(Buffer.from(text))
        expect(fast).toEqual(general)
      }),
      { numRuns: 2_000 },
    )
  })

  it('agree on every book and on the trade joined with it, best quotes alone or all levels', () => {
    const valid = fc.constantFrom('0', '1', '1.5', '2', '2.500', '3')
    const levels = (value: fc.Arbitrary<string>) =>
      fc.array(fc.record({ price: value, volume: value }), { maxLength: 10 })
    const side = fc.oneof({ weight: 5, arbitrary: levels(valid) }, { weight: 1, arbitrary: levels(number) })
    fc.assert(
      fc.property(code, seq, time, side, side, fc.constantFrom(0, 1, 10), (code, seq, tick_time, bids, asks, depth) => {
        const book = JSON.stringify({ cmd_id: 22999, data: { code, seq, tick_time, bids, asks } })
        const [fast, general] = bothWays(Buffer.from(book), [], depth)
        expect(fast).toEqual(general)
        const next = Buffer.from(trade({ tick_time, code }))
        expect(bothWays(next, [book], depth)[0]).toEqual(bothWays(next, [`${book} `], depth)[1])
      }),
      { numRuns: 1_000 },
    )
  })

  it('agree on every byte changed, put in or taken out', () => {
    const frames = fixtures.filter(({ frame }) => frame.length > 80).map(({ frame }) => frame)
    const edit = fc.constantFrom('change', 'insert', 'delete')
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0123456789.",:{}[] \\-e')))
    fc.assert(
      fc.property(
        fc.constantFrom(...frames),
        fc.nat(400),
        byte,
        edit,
        fc.constantFrom(0, 5),
        (text, at, b, kind, depth) => {
          const frame = Buffer.from(text)
          const i = at % (frame.length + 1)
          const kept = kind === 'insert' ? i : i + 1
          const middle = kind === 'delete' ? [] : [b]
          const edited = Buffer.concat([frame.subarray(0, i), Buffer.from(middle), frame.subarray(kept)])
          const [fast, general] = bothWays(edited, [], depth)
          expect(fast).toEqual(general)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

describe('sequence numbers', () => {
  it('stay exact and different beyond 2^53, as integers and as strings', () => {
    const seqOf = (text: string): unknown => (decodeFresh(alltick(), text).events[0] as { seq: unknown }).seq
    for (const form of ['SEQ', '"SEQ"']) {
      const [a, b] = ['9007199254740993', '9007199254740992'].map((value) =>
        seqOf(trade({ seq: 'HERE' }).replace('"HERE"', form.replace('SEQ', value))),
      )
      expect([a, b]).toEqual([9007199254740993n, 9007199254740992n])
    }
    expect(seqOf(trade({ seq: '9223372036854775807' }))).toBe(9223372036854775807n)
    expect(seqOf(trade({ seq: 9007199254740991 }))).toBe(9007199254740991)
  })

  it('are only read from keys, never from a text that looks like one', () => {
    const text = trade({ seq: 5, note: '"seq":12345678901234567890}' })
    expect(decodeFresh(alltick(), text).events[0]).toMatchObject({ type: 'tick', seq: 5 })
  })
})

describe('state', () => {
  it('dies with the connection: a new decoder joins no old book', () => {
    const vendor = alltick()
    const book = fixtures.find(({ variant }) => variant === 'book as quote')!.frame
    expect(decodeFresh(vendor, trade({}), [book]).events[0]).toMatchObject({ bid_price: 513 })
    expect(decodeFresh(vendor, trade({})).events[0]).toMatchObject({ bid_price: null })
  })

  it('does not leak from one event to the next', () => {
    const decoder = alltick().openDecoder({ sessions: new Sessions(), depth: 0 })
    const first = decodeOn(decoder, trade({ seq: 1 })).events[0]
    const kept = structuredClone(first)
    decodeOn(decoder, trade({ seq: 2, price: '1', volume: '1', trade_direction: 2 }))
    decodeOn(decoder, 'garbage')
    expect(first).toEqual(kept)
  })
})

describe('subscription', () => {
  const frames = (depth: number): { cmd_id: number; data: { symbol_list: object[] } }[] =>
    alltick()
      .subscribe(['00700.HK', 'HSI'], { depth })
      .map(({ frame }) => JSON.parse(frame))

  it('asks for trades first, then for books with a depth that is always said', () => {
    expect(frames(0).map(({ cmd_id }) => cmd_id)).toEqual([22004, 22002])
    expect(frames(0)[0]!.data.symbol_list).toEqual([{ code: '700.HK' }, { code: 'HSI.HK' }])
    expect(frames(0)[1]!.data.symbol_list[0]).toEqual({ code: '700.HK', depth_level: 1 })
    expect(frames(5)[1]!.data.symbol_list[0]).toEqual({ code: '700.HK', depth_level: 5 })
    expect(frames(99)[1]!.data.symbol_list[0]).toEqual({ code: '700.HK', depth_level: 10 })
  })

  it('has all four header fields, the body an object, the trace within 64 characters', () => {
    const all = [
      ...alltick()
        .subscribe(['00700.HK'], { depth: 1 })
        .map(({ frame }) => frame),
      alltick().heartbeat.frame(),
    ]
    for (const text of all) {
      const { cmd_id, seq_id, trace, data } = JSON.parse(text)
      expect([typeof cmd_id, typeof seq_id, typeof trace, typeof data]).toEqual([
        'number',
        'number',
        'string',
        'object',
      ])
      expect(trace.length).toBeLessThanOrEqual(64)
    }
    expect(JSON.parse(alltick().heartbeat.frame())).toMatchObject({ cmd_id: 22000, data: {} })
  })

  it('echoes its id in the request', () => {
    for (const { id, frame } of alltick().subscribe(['00700.HK'], { depth: 0 }))
      expect(JSON.parse(frame).seq_id).toBe(id)
  })
})

describe('plans and endpoints', () => {
  it.each([
    ['free', 5, 10_000, 30_000],
    ['basic', 100, 3_000, 8_000],
    ['premium', 200, 3_000, 8_000],
    ['pro', 3_000, 3_000, 8_000],
  ] as const)('%s carries %i symbols and waits %i to %i ms', (plan, symbols, floorMs, capMs) => {
    expect(alltick({ plan })).toMatchObject({ maxSymbols: symbols, reconnect: { floorMs, capMs }, frameGapMs: 1_050 })
  })

  it('refuses an unknown plan by name', () => {
    expect(() => alltick({ plan: 'gold' as never })).toThrow(
      'unknown AllTick plan "gold": use free, basic, premium, pro',
    )
  })

  it('takes a token out of a pasted address', () => {
    const { endpoints } = alltick({ endpoints: ['ws://127.0.0.1:9/quote-stock-b-ws-api?token=pasted&x=1'] })
    expect(endpoints).toEqual(['ws://127.0.0.1:9/quote-stock-b-ws-api?x=1'])
  })

  it('encodes the token in the address', () => {
    const vendor = alltick({ token: 'a+b&c' })
    expect(new URL(vendor.connect(vendor.endpoints[0]!).url).searchParams.get('token')).toBe('a+b&c')
  })
})

describe('real trades', () => {
  it('come out one by one, in order, none rejected, twins of a millisecond included', () => {
    const lines = read('excerpt.ndjson').trim().split('\n')
    const decoder = alltick().openDecoder({ sessions: new Sessions(), depth: 0 })
    const events = lines.flatMap((line) => decodeOn(decoder, line).events)
    expect(events).toHaveLength(lines.length)
    events.forEach((event, i) => {
      const { seq, tick_time, price, volume, turnover } = JSON.parse(lines[i]!).data
      expect(event).toMatchObject({
        type: 'tick',
        symbol: '01299.HK',
        seq,
        timestamp: tick_time,
        last_price: Number(price),
        volume: Number(volume),
        turnover: Number(turnover),
      })
    })
    const times = events.map((event) => (event as { timestamp: number }).timestamp)
    expect(new Set(times).size).toBeLessThan(times.length)
  })
})
