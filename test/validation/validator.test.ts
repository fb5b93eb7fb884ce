import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import type { Instrument } from '../../src/core/market/instrument.ts'
import { createValidator, type ValidationOptions, validate } from '../../src/core/validation/validator.ts'
import { at, flagsOf, sessions, tick, warningsIn } from './ticks.ts'

const open = (over: Partial<ValidationOptions> = {}) =>
  createValidator({ sessions, now: () => at('12:00'), live: false, ...over })

it('a validator tells the tick that came last of each symbol', () => {
  const validator = open()
  expect([...validator.last()]).toEqual([])
  const [late, early, index] = [tick({ timestamp: at('10:01') }), tick(), tick({ symbol: 'HSI', volume: null })]
  validator.push([late, early, index])
  expect([...validator.last()]).toEqual([early, index])
})

describe('suspect_price', () => {
  const flagged = (prices: readonly number[], over: Partial<Tick> & { everyMs?: number } = {}) => {
    const { everyMs = 1000, symbol = '00700.HK', timestamp = at('10:00') } = over
    const ticks = prices.map((last_price, i) => tick({ symbol, last_price, timestamp: timestamp + i * everyMs }))
    return flagsOf(open().push(ticks)).map((flags) => flags.includes('suspect_price'))
  }

  it('marks a price more than 20 % off the last trade, up or down', () => {
    expect(flagged([600, 721, 600, 479, 600])).toEqual([false, true, false, true, false])
    expect(flagged([600, 720, 600, 480])).toEqual([false, false, false, false])
  })

  it('marks only the first trade of a new level that a second one confirms within 60 s', () => {
    expect(flagged([600, 420, 421, 419, 600])).toEqual([false, true, false, false, true])
    expect(flagged([600, 420, 421], { everyMs: 60_000 })).toEqual([false, true, false])
    expect(flagged([600, 420, 421], { everyMs: 60_001 })).toEqual([false, true, true])
  })

  it('is not lifted once a trade at the old level has refuted it', () => {
    expect(flagged([600, 420, 600, 421])).toEqual([false, true, false, true])
  })

  it('is not lifted by another stray price', () => {
    expect(flagged([600, 60, 6000, 600])).toEqual([false, true, true, false])
  })

  it('asks for 24 spreads as well: a penny stock moves by whole spreads', () => {
    expect(flagged([0.05, 0.073, 0.05, 0.074])).toEqual([false, false, false, true])
  })

  it('asks no spreads of an index', () => {
    expect(flagged([100, 100.2, 130], { symbol: 'HSI' })).toEqual([false, false, true])
  })

  it('never marks the first trade of a phase or day', () => {
    const times = ['11:59', '13:00', '13:00:01']
    const ticks = times.map((time, i) => tick({ timestamp: at(time), last_price: [600, 400, 401][i]! }))
    const nextDay = tick({ timestamp: at('13:00') + 3 * 86_400_000, last_price: 900 })
    expect(flagsOf(open().push([...ticks, nextDay]))).toEqual([[], [], [], []])
  })

  it('never marks an auction, and takes no measure from one', () => {
    const ticks = [
      tick({ timestamp: at('09:21'), last_price: 900 }),
      tick({ timestamp: at('09:21'), last_price: 300 }),
      tick({ timestamp: at('09:30'), last_price: 600 }),
      tick({ timestamp: at('09:31'), last_price: 601 }),
    ]
    expect(flagsOf(open().push(ticks))).toEqual([[], [], [], []])
  })

  it.each(['12345.HK', '28888.HK', '54321.HK', '67890.HK'])('never marks the structured product %s', (symbol) => {
    expect(flagged([1, 5, 0.2], { symbol })).toEqual([false, false, false])
  })

  it('compares with the last trade of the same symbol', () => {
    const ticks = [
      tick({ last_price: 600 }),
      tick({ symbol: '00005.HK', last_price: 105 }),
      tick({ last_price: 601, timestamp: at('10:00:01') }),
      tick({ symbol: '00005.HK', last_price: 106, timestamp: at('10:00:01') }),
    ]
    expect(flagsOf(open().push(ticks))).toEqual([[], [], [], []])
  })

  it('does not begin a phase anew for a trade that comes late from the phase before', () => {
    const ticks = [
      tick({ timestamp: at('11:59'), last_price: 600 }),
      tick({ timestamp: at('13:00'), last_price: 400 }),
      tick({ timestamp: at('11:59:59'), last_price: 600 }),
      tick({ timestamp: at('13:00:01'), last_price: 600 }),
    ]
    expect(flagsOf(open().push(ticks))).toEqual([[], [], [], ['suspect_price']])
  })

  it('takes no measure from a trade that is apart from the market', () => {
    for (const flag of ['off_exchange', 'late', 'odd_lot', 'indicative'] as const) {
      const ticks = [tick({ last_price: 600 }), tick({ last_price: 400, flags: [flag] }), tick({ last_price: 601 })]
      expect(flagsOf(open().push(ticks))).toEqual([[], [flag], []])
    }
  })

  it('is off without a limit, and follows another limit', () => {
    const ticks = [tick({ last_price: 600 }), tick({ last_price: 800 }), tick({ last_price: 600 })]
    expect(flagsOf(open({ maxJump: null }).push(ticks))).toEqual([[], [], []])
    expect(flagsOf(open({ maxJump: 0.5 }).push(ticks))).toEqual([[], [], []])
    expect(flagsOf(open({ maxJump: 0.05 }).push(ticks))).toEqual([[], ['suspect_price'], []])
  })

  it('stores a stock that resumes 30 % lower, its first trade flagged alone', () => {
    const before = Array.from({ length: 50 }, (_, i) => tick({ last_price: 10, timestamp: at('10:00') + i * 1000 }))
    const after = Array.from({ length: 50 }, (_, i) => tick({ last_price: 7, timestamp: at('11:00') + i * 1000 }))
    const out = open().push([...before, ...after])
    expect(out).toHaveLength(100)
    expect(flagsOf(out).flatMap((flags, i) => (flags.length > 0 ? [i] : []))).toEqual([50])
  })
})

describe('suspect_time', () => {
  /** Ticks every 100 ms from 10:00, received `delay(i)` ms after their exchange time. */
  const feed = (count: number, delay: (i: number) => number): Tick[] =>
    Array.from({ length: count }, (_, i) => {
      const timestamp = at('10:00') + i * 100 + 7
      return tick({ timestamp, received_at: timestamp + delay(i), seq: i })
    })
  const run = (ticks: readonly Tick[], over: Partial<ValidationOptions> = {}) => {
    const validator = open({ live: true, ...over })
    const out = ticks.flatMap((event) => validator.push([event]))
    return { out, validator, suspects: flagsOf(out).filter((flags) => flags.includes('suspect_time')).length }
  }

  it('flags nothing when the local clock is 10 s slow, and warns once', () => {
    const { out, suspects, validator } = run(feed(500, () => -9_960))
    expect(suspects).toBe(0)
    expect(warningsIn(out).map(({ detail }) => detail)).toEqual([
      "the local clock is 10.0 s behind the exchange's times: synchronise it",
    ])
    expect(validator.feed).toMatchObject({ live: true, skew: -9_960, measuresLatency: true })
  })

  it('says nothing below 2 s', () => {
    expect(warningsIn(run(feed(200, () => 1_999)).out)).toEqual([])
    expect(warningsIn(run(feed(200, () => 2_000)).out)).toHaveLength(1)
  })

  it('follows a clock that drifts: minutes off after weeks, nothing is marked', () => {
    expect(run(feed(5_000, (i) => 40 + i * 50)).suspects).toBe(0)
  })

  it('marks every tick of a feed that falls behind at once, however many', () => {
    expect(run(feed(1_000, (i) => (i < 100 ? 40 : 300_000))).suspects).toBe(900)
  })

  it('begins anew when the local clock is set, or the machine has slept: told once, nothing marked', () => {
    let clock = { now: at('10:00'), monotonic: 0 }
    const validator = open({ live: true, now: () => clock.now, monotonic: () => clock.monotonic })
    const out = feed(600, (i) => (i < 300 ? 40 : -120_000)).flatMap((event, i) => {
      clock = { now: event.received_at!, monotonic: i * 100 }
      return validator.push([event])
    })
    expect(flagsOf(out).flat()).toEqual([])
    const told = out.flatMap((event) => (event.type === 'status' ? [event.detail] : []))
    expect(told).toEqual([
      'the local clock was set back by 120.0 s, or the machine slept',
      expect.stringMatching(/the local clock is 120\.0 s behind/),
    ])
    expect(validator.feed.skew).toBe(-120_000)
  })

  it('marks times more than 60 s off the corrected clock, once 100 ticks have set it', () => {
    const { out } = run(feed(130, (i) => (i === 110 ? 40 - 60_001 : i === 111 ? 40 - 60_000 : i === 112 ? 60_041 : 40)))
    expect(flagsOf(out).flatMap((flags, i) => (flags.includes('suspect_time') ? [i] : []))).toEqual([110, 112])
  })

  it('corrects by the median, which a few odd times do not move', () => {
    const { validator, suspects } = run(feed(200, (i) => (i < 40 ? 30_000 : 50)))
    expect(validator.feed.skew).toBe(50)
    expect(suspects).toBe(0)
  })

  it('has no rule for a replay: first ticks more than 60 s apart in delay', () => {
    const { suspects, validator, out } = run(feed(300, (i) => i * 1000))
    expect([suspects, validator.feed.live, validator.feed.measuresLatency]).toEqual([0, false, false])
    expect(warningsIn(out)).toEqual([])
  })

  it('has no rule for a replay: times more than 24 h from the clock', () => {
    const { suspects, validator } = run(feed(300, (i) => 86_400_001 + (i > 200 ? 120_000 : 0)))
    expect([suspects, validator.feed.live]).toEqual([0, false])
  })

  it.each([0, 1, 50, 99, 150])('marks a time years ahead, tick %i of a live feed, which stays live', (stray) => {
    const { out, validator } = run(feed(300, (i) => (i === stray ? -900 * 86_400_000 : 40)))
    const marked = flagsOf(out).flatMap((flags, i) => (flags.includes('suspect_time') ? [i] : []))
    expect(marked, 'nothing is known before the first').toEqual(stray === 0 ? [] : [stray])
    expect(validator.feed).toMatchObject({ live: true, skew: 40 })
  })

  describe('of what a server tells of the time without a connection', () => {
    const lost: MarketEvent = {
      ...{ type: 'status', source: 'alltick', symbol: null, state: 'lost', timestamp: at('10:00:20') },
      detail: 'gone',
    }
    /** 20 s of ticks on time, a loss, then those up to 10:03:20 that is told at once, and on time again. */
    const broken = (delay: (i: number) => number) => {
      const all = feed(2_200, (i) => (i < 200 || i >= 2_000 ? 40 : delay(i)))
      return [...all.slice(0, 200), lost, lost, ...all.slice(200)]
    }
    const atOnce = (i: number): number => 40 + (2_000 - i) * 100
    const suspects = (events: readonly MarketEvent[]): number => {
      const validator = open({ live: true })
      const out = events.flatMap((event) => validator.push([event]))
      return flagsOf(out).filter((flags) => flags.includes('suspect_time')).length
    }

    it('marks nothing: it is late, and its times are right', () => {
      expect(suspects(broken(atOnce))).toBe(0)
      expect(suspects(broken(atOnce).filter(({ type }) => type === 'tick')), 'on a connection that holds').toBe(1_200)
    })

    it('marks nothing that waited in the line while the process stood still', () => {
      const clock = { now: at('10:00'), monotonic: 0 }
      const validator = open({ live: true, now: () => clock.now, monotonic: () => clock.monotonic })
      const all = broken(atOnce).filter(({ type }) => type === 'tick') as Tick[]
      const out = all.flatMap((event) => {
        Object.assign(clock, { now: event.received_at, monotonic: event.received_at! - at('10:00') })
        return validator.push([event])
      })
      expect(flagsOf(out).flat()).toEqual([])
    })

    it('marks what cannot be of that time, and all that comes when it has been told', () => {
      const before = tick({ timestamp: at('09:59'), received_at: at('10:03'), seq: 9_001 })
      const ahead = tick({ timestamp: at('10:05'), received_at: at('10:03'), seq: 9_002 })
      const after = tick({ timestamp: at('10:01'), received_at: at('10:03:40'), seq: 9_003 })
      const events = broken(atOnce)
      expect(suspects([...events.slice(0, 300), before, ahead, ...events.slice(300), after])).toBe(3)
    })

    it('marks other symbols than those of the connection that was lost', () => {
      const events = broken(atOnce).map((event) =>
        event.type === 'status' ? { ...event, symbols: ['00005.HK'] } : event,
      )
      expect(suspects(events)).toBe(1_200)
    })
  })

  it('has no rule for a replay of years to come', () => {
    const { suspects, validator } = run(feed(300, () => -900 * 86_400_000))
    expect([suspects, validator.feed.live]).toEqual([0, false])
  })

  it('has no rule for a simulated or recorded source', () => {
    const { suspects, validator } = run(
      feed(300, (i) => (i > 200 ? 120_000 : 0)),
      { live: false },
    )
    expect([suspects, validator.feed.live]).toEqual([0, false])
  })

  it('judges a short run by the ticks there are', () => {
    expect(run(feed(5, () => 40)).validator.feed).toMatchObject({ live: true, skew: 40, measuresLatency: true })
    expect(run([]).validator.feed).toMatchObject({ live: false, skew: 0, measuresLatency: false })
  })

  it('measures no latency against whole seconds', () => {
    const ticks = Array.from({ length: 150 }, (_, i) =>
      tick({ timestamp: at('10:00') + i * 1000, received_at: at('10:00') + i * 1000 + 300 }),
    )
    expect(run(ticks).validator.feed).toMatchObject({ live: true, measuresLatency: false })
  })

  it('uses the clock where a tick has no receive time', () => {
    const ticks = feed(150, () => 0).map((event) => ({ ...event, received_at: null }))
    expect(run(ticks, { now: () => at('10:00:05') }).validator.feed.live).toBe(true)
  })
})

describe('out_of_session', () => {
  it.each([
    ['09:10:00', true],
    ['09:21:00', false],
    ['12:00:02.9', false],
    ['12:30:00', true],
    ['16:05:00', true],
    ['16:08:30', false],
    ['20:00:00', true],
  ])('at %s: %s', (time, expected) => {
    expect(flagsOf(open().push([tick({ timestamp: at(time) })]))).toEqual([expected ? ['out_of_session'] : []])
  })

  it('marks index values sent during lunch', () => {
    const [flags] = flagsOf(open().push([tick({ symbol: 'HSI', timestamp: at('12:10') })]))
    expect(flags).toEqual(['out_of_session'])
  })
})

describe('odd_lot', () => {
  const tencent: Instrument = {
    symbol: '00700.HK',
    date: '2026-11-20',
    name_en: 'TENCENT',
    name_zh: null,
    currency: 'HKD',
    lot_size: 100,
    kind: 'equity',
    prev_close: null,
    vendor: 'alltick',
    vendor_code: '700.HK',
  }
  const flagged = (instruments: ReadonlyMap<string, Instrument>, volumes: readonly number[]) =>
    flagsOf(open({ instruments }).push(volumes.map((volume) => tick({ volume })))).map((flags) => flags.length > 0)

  it('marks a size that is no multiple of the board lot', () => {
    expect(flagged(new Map([['00700.HK', tencent]]), [100, 150, 99, 300, 0])).toEqual([false, true, true, false, false])
  })

  it('is not judged by another day, an unknown lot or no facts at all', () => {
    expect(flagged(new Map([['00700.HK', { ...tencent, date: '2026-11-19' }]]), [150])).toEqual([false])
    expect(flagged(new Map([['00700.HK', { ...tencent, lot_size: null }]]), [150])).toEqual([false])
    expect(flagged(new Map([['00005.HK', tencent]]), [150])).toEqual([false])
  })

  it('is judged as soon as the facts arrive', () => {
    const instruments = new Map<string, Instrument>()
    const validator = open({ instruments })
    expect(flagsOf(validator.push([tick({ volume: 150 })]))).toEqual([[]])
    instruments.set('00700.HK', tencent)
    expect(flagsOf(validator.push([tick({ volume: 150 })]))).toEqual([['odd_lot']])
  })
})

describe('a volume that looks cumulative', () => {
  const warn = (volumes: readonly number[]) =>
    warningsIn(open().push(volumes.map((volume, i) => tick({ volume, timestamp: at('10:00') + i }))))

  it('is warned of after fifty that never fall, once', () => {
    const volumes = Array.from({ length: 300 }, (_, i) => 1000 + i * 100)
    expect(warn(volumes.slice(0, 49))).toEqual([])
    expect(warn(volumes.slice(0, 50))).toHaveLength(1)
    expect(warn(volumes)).toMatchObject([{ symbol: '00700.HK', detail: expect.stringContaining('?volume=day') }])
  })

  it('is not seen in equal sizes, nor where one falls', () => {
    expect(warn(Array(200).fill(100))).toEqual([])
    expect(warn(Array.from({ length: 200 }, (_, i) => 100 + (i % 49)))).toEqual([])
  })
})

describe('a validator', () => {
  const rejected: MarketEvent = {
    type: 'rejected',
    source: 'alltick',
    symbol: null,
    timestamp: null,
    reason: 'malformed',
    raw: '?',
    received_at: null,
  }

  it('counts ticks, rejected records and flags, those of the vendor included', () => {
    const validator = open()
    validator.push([
      tick(),
      rejected,
      { ...rejected, reason: 'price' },
      tick({ flags: ['late'], timestamp: at('12:30') }),
      tick({ flags: ['crossed'] }),
    ])
    validator.push([rejected])
    expect(validator.counts).toEqual({
      ticks: 3,
      rejected: { malformed: 2, price: 1 },
      flagged: { late: 1, out_of_session: 1, crossed: 1 },
    })
  })

  it('hands on the very batch when there is nothing to say', () => {
    const batch = [tick(), rejected, tick()]
    expect(open().push(batch)).toBe(batch)
  })

  it('changes no tick it was given and flags none twice', () => {
    const before = tick({ timestamp: at('12:30'), flags: ['out_of_session'] })
    const copy = structuredClone(before)
    const [after] = open().push([before])
    expect(before).toEqual(copy)
    expect(after).toEqual(copy)
  })

  it('judges what was judged before as it was judged', () => {
    const prices = fc.array(fc.constantFrom(1, 600, 610, 420, 421, 900), { maxLength: 40 })
    fc.assert(
      fc.property(prices, (list) => {
        const judged = open().push(
          list.map((last_price, seq) => tick({ last_price, timestamp: at('10:00') + seq * 1_000, seq })),
        )
        expect(open().push(judged)).toEqual(judged)
      }),
    )
  })

  it('loses and reorders nothing, however the stream is cut into batches', async () => {
    const event = fc.oneof(
      fc.record({ price: fc.constantFrom(0.05, 1, 600, 610, 900), ms: fc.integer({ min: 0, max: 8 * 3_600_000 }) }),
      fc.constant(null),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), async (events, size) => {
        const stream = events.map((e, seq) =>
          e === null ? rejected : tick({ last_price: e.price, timestamp: at('09:00') + e.ms, seq }),
        )
        const whole = open().push(stream)
        const parts: MarketEvent[] = []
        for await (const batch of validate(cut(stream, size), { sessions, now: () => 0, live: false }))
          parts.push(...batch)
        expect(parts).toEqual(whole)
        expect(whole.map((e) => (e.type === 'tick' ? e.seq : e.type))).toEqual(
          stream.map((e) => (e.type === 'tick' ? e.seq : e.type)),
        )
      }),
    )
  })
})

async function* cut(events: readonly MarketEvent[], size: number): AsyncGenerator<readonly MarketEvent[]> {
  for (let i = 0; i < events.length; i += size) yield events.slice(i, i + size)
}
