import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Gap, Tick } from '../../src/core/market/event.ts'
import {
  numberOf,
  numbersInHoles,
  numbersOf,
  type Outage,
  type Played,
  play,
  randomOf,
  START,
  type Telling,
  type Trade,
  tradesOf,
} from './tape.ts'

const SYMBOLS = ['00700.HK', '00005.HK', 'HSI']

/** A market of a few minutes; many of its trades look alike. */
const market = (random: () => number, seconds = 100): Trade[] =>
  tradesOf({ random, symbols: SYMBOLS, perSecond: 30, seconds, volumes: 10 })

/**
 * What went wrong, by number: told in a hole by the cover or anywhere by the primary, but not given; and given twice. Of two
 * trades of one second that look alike either may stand for the other.
 */
function faults(trades: readonly Trade[], played: Played, outages: readonly Outage[]) {
  const given = played.ticks.map(numberOf)
  const [primary, cover] = played.told.map(numbersOf) as [Set<number>, Set<number>]
  const out = new Set(given)
  const holes = numbersInHoles(trades, primary, outages)
  const missing = [...primary, ...[...holes].filter((number) => cover.has(number))].filter((number) => !out.has(number))
  const twice = given.filter((number, i) => given.indexOf(number) !== i)
  for (const number of [...missing]) {
    const like = twice.findIndex((one) => areAlike(trades[one]!, trades[number]!))
    if (like === -1) continue
    missing.splice(missing.indexOf(number), 1)
    twice.splice(like, 1)
  }
  return { missing, twice }
}

function areAlike(a: Trade, b: Trade): boolean {
  return a.symbol === b.symbol && a.price === b.price && a.volume === b.volume && Math.abs(a.time - b.time) < 1_000
}

const NOTHING = { missing: [], twice: [] }
const row = ({ symbol, from, to, filled_by, source }: Gap) => [symbol, source, from - START, to - START, filled_by]

describe('two vendors that each lose one message in a hundred', () => {
  const clocks: readonly (readonly [string, (time: number) => number])[] = [
    ['a clock 350 ms ahead', (time) => time + 350],
    ['whole seconds, 350 ms ahead', (time) => Math.floor((time + 350) / 1_000) * 1_000],
    ['a clock 1.2 s behind, in hundredths', (time) => Math.floor((time - 1_200) / 10) * 10],
  ]
  const outages: readonly Outage[] = [
    { from: 30_000, to: 50_000 },
    { from: 70_000, to: 73_000 },
  ]

  for (const [what, clock] of clocks)
    for (const skewed of ['first', 'second'])
      it(`nothing is missing in the holes of the first nor doubled: the ${skewed} has ${what}`, () => {
        for (let seed = 1; seed <= 6; seed++) {
          const random = randomOf(seed)
          const trades = market(random)
          const played = play(trades, [
            {
              name: 'a',
              random,
              loss: 0.01,
              outages,
              lag: () => 20 + 40 * random(),
              ...(skewed === 'first' && { clock }),
            },
            { name: 'b', random, loss: 0.01, lag: () => 30 + 60 * random(), ...(skewed === 'second' && { clock }) },
          ])
          expect(faults(trades, played, outages), `seed ${seed}`).toEqual(NOTHING)
          expect(played.gaps.filter(({ cause }) => cause === 'disconnect').map(({ filled_by }) => filled_by)).toEqual(
            Array(2 * SYMBOLS.length).fill('second feed'),
          )
        }
      })

  it('nothing is missing nor doubled where the first falls silent long before its loss is noticed', () => {
    const silent = [{ from: 30_000, to: 50_000, noticed: 47_000 }]
    for (let seed = 1; seed <= 6; seed++) {
      const random = randomOf(seed)
      const trades = market(random, 80)
      const played = play(trades, [
        { name: 'a', random, loss: 0.01, outages: silent },
        { name: 'b', random, loss: 0.01, clock: (time) => time + 350 },
      ])
      expect(faults(trades, played, silent), `seed ${seed}`).toEqual(NOTHING)
    }
  })

  it('trades that only come late, in one burst, are given once', () => {
    const random = randomOf(3)
    const trades = market(random, 80)
    // held up on the way from 30 s to 36 s: the line was never lost
    const held = (time: number): number => (time >= 30_000 && time < 36_000 ? 36_000 - time : 30)
    const slow: Telling = { name: 'a', random, seq: ({ number }) => number }
    const times = trades.map(({ time }) => time - START)[Symbol.iterator]()
    const played = play(trades, [
      { ...slow, lag: () => held(times.next().value!) },
      { name: 'b', random },
    ])
    expect(faults(trades, played, [])).toEqual(NOTHING)
    const early = played.out.filter(({ at, event }) => event.type === 'tick' && at > 31_000 && at < 36_000)
    expect(new Set(early.map(({ event }) => (event.type === 'tick' ? event.source : '')))).toEqual(new Set(['b']))
    expect(played.gaps.filter(({ cause }) => cause === 'disconnect')).toEqual([])
  })
})

describe('the cover', () => {
  const random = randomOf(1)
  const trades = market(random, 60)

  it('says nothing while the primary is heard', () => {
    const played = play(trades, [
      { name: 'a', random },
      { name: 'b', random, lag: () => 60 },
    ])
    expect(new Set(played.ticks.map(({ source }) => source))).toEqual(new Set(['a']))
    expect(played.ticks).toEqual(played.told[0].filter(({ type }) => type === 'tick'))
  })

  it('stands in at once when the primary is lost, within a second when it falls silent, from the last good trade on', () => {
    for (const noticed of [30_000, 45_000]) {
      const outages = [{ from: 30_000, to: 50_000, noticed }]
      const played = play(trades, [
        { name: 'a', random, outages },
        { name: 'b', random, clock: (time) => time + 350 },
      ])
      const first = played.out.find(({ at, event }) => at > 29_000 && event.type === 'tick' && event.source === 'b')!
      expect(first.at).toBeLessThanOrEqual(noticed === 30_000 ? 30_100 : 31_000)
      const last = played.told[0].findLast((event) => event.type === 'tick' && event.timestamp < START + 30_000)!
      const next = trades.find(({ number }) => number > numberOf(last))!
      expect(numberOf(first.event)).toBe(next.number)
    }
  })

  it('leaves the time and the name of its vendor on its trades', () => {
    const outages = [{ from: 30_000, to: 40_000 }]
    const played = play(trades, [
      { name: 'a', random, outages },
      { name: 'b', random, clock: (time) => time + 350 },
    ])
    const own = played.ticks.filter(({ source }) => source === 'b')
    expect(own.length).toBeGreaterThan(200)
    for (const tick of own) expect(tick.timestamp).toBe(trades[numberOf(tick)]!.time + 350)
  })

  it('fills the start too, as far as it was there before the primary', () => {
    const played = play(trades, [
      { name: 'a', random, outages: [{ from: 0, to: 20_000 }] },
      { name: 'b', random, outages: [{ from: 0, to: 5_000 }] },
    ])
    const gaps = played.gaps.filter(({ symbol }) => symbol === '00700.HK')
    const own = trades.filter(({ symbol }) => symbol === '00700.HK').map(({ time }) => time - START)
    const [first, primary] = [5_000, 20_000].map((at) => own.find((time) => time >= at)!)
    expect(gaps.map(row).map(([, source, , to, filled]) => [source, to, filled])).toEqual([
      // the clocks were not known yet, and may have been this far apart
      ['a', first! + 5_000, null],
      ['a', primary, 'second feed'],
    ])
    expect(faults(trades, played, [{ from: 5_100, to: 20_000 }])).toEqual(NOTHING)
  })

  it('leaves a hole where it was away itself, and fills the rest', () => {
    const played = play(trades, [
      { name: 'a', random, outages: [{ from: 20_000, to: 40_000 }] },
      { name: 'b', random, outages: [{ from: 25_000, to: 32_000 }] },
    ])
    for (const symbol of SYMBOLS) {
      const own = trades.filter((trade) => trade.symbol === symbol).map(({ time }) => time - START)
      const [from, to] = [20_000, 40_000].map((at) => [
        own.findLast((time) => time + 30 < at)!,
        own.find((time) => time >= at)!,
      ])
      const [left, back] = [25_000, 32_000].map((at) => [
        own.findLast((time) => time + 30 < at)!,
        own.find((time) => time >= at)!,
      ])
      const rows = played.gaps.filter((gap) => gap.symbol === symbol && gap.cause === 'disconnect').map(row)
      expect(rows).toEqual([
        [symbol, 'b', left![0], back![1], null],
        [symbol, 'a', from![0], left![0], 'second feed'],
        [symbol, 'a', left![0], back![1], null],
        [symbol, 'a', back![1], to![1], 'second feed'],
      ])
    }
  })

  it('fills nothing of a symbol that it does not carry; one that only it carries comes from it', () => {
    const outages = [{ from: 20_000, to: 40_000 }]
    const played = play(trades, [
      { name: 'a', random, outages, symbols: ['00700.HK', '00005.HK'] },
      { name: 'b', random, symbols: ['00005.HK', 'HSI'] },
    ])
    const filled = Object.fromEntries(
      played.gaps.filter(({ cause }) => cause === 'disconnect').map((gap) => [gap.symbol, gap.filled_by]),
    )
    expect(filled).toEqual({ '00700.HK': null, '00005.HK': 'second feed' })
    const index = trades.filter(({ symbol }) => symbol === 'HSI')
    expect(played.ticks.filter(({ symbol }) => symbol === 'HSI').map(numberOf)).toEqual(
      index.map(({ number }) => number),
    )
  })

  it('goes on alone when the primary has ended for good', () => {
    const outages = [{ from: 30_000, to: Number.POSITIVE_INFINITY }]
    const played = play(trades, [
      { name: 'a', random, outages },
      { name: 'b', random },
    ])
    const told = played.pair.ended(0, 'the token is refused', { now: START + played.end, at: played.end })
    const detail = 'it has ended: the token is refused; the second feed goes on alone'
    expect(told).toMatchObject([{ type: 'status', source: 'a', state: 'warning', detail }])
    expect(played.ticks.map(numberOf).sort((a, b) => a - b)).toEqual(trades.map(({ number }) => number))
  })

  it('tells where its own history begins when the primary ends without ever having come', () => {
    const never = [{ from: 0, to: Number.POSITIVE_INFINITY }]
    const played = play(trades, [
      { name: 'a', random, outages: never },
      { name: 'b', random },
    ])
    expect(played.gaps).toEqual([])
    const told = played.pair.ended(0, 'the token is refused', { now: START + played.end, at: played.end })
    expect(told.filter(({ type }) => type === 'gap')).toMatchObject(
      SYMBOLS.map(() => ({ source: 'b', cause: 'late_start', filled_by: null })),
    )
  })
})

describe('what each was worth', () => {
  it('is how late, how complete and how far apart they were', () => {
    const random = randomOf(5)
    const trades = market(random, 180)
    const wrong = trades.map((trade) => (trade.symbol === '00005.HK' ? { ...trade, price: trade.price + 5 } : trade))
    const [a, b] = play(trades, [
      { name: 'a', random, loss: 0.01, lag: () => 20 },
      { name: 'b', random, loss: 0.03, lag: () => 50, clock: (time) => time - 100 },
    ]).pair.report(180_000)
    expect(a).toMatchObject({ source: 'a', lag_p50: 20, gaps: 3, reconnects: 0, price_disagreements: 0 })
    expect(b).toMatchObject({ source: 'b', lag_p50: 150, given: 0, largest_disagreement: null })
    expect([a.coverage!, b.coverage!]).toEqual([expect.closeTo(0.99, 2), expect.closeTo(0.97, 2)])
    expect(a.missed).toBeGreaterThan(20)
    expect(b.missed).toBeGreaterThan(2 * a.missed)
    const played = play(trades, [
      { name: 'a', random },
      { name: 'b', random, told: wrong },
    ])
    expect(played.pair.report(played.end)[0]).toMatchObject({ price_disagreements: 2, largest_disagreement: 5 })
  })
})

it('the primary goes out at once while the cover comes back, though the cover gave a trade for it long before', () => {
  const random = randomOf(71_971_158)
  const trades = tradesOf({ random, symbols: SYMBOLS.slice(0, 2), perSecond: 20, seconds: 60, volumes: 100_000 })
  const lossy = { random, loss: 0.05, lag: () => 0 }
  const { out } = play(trades, [
    { ...lossy, name: 'a', outages: [{ from: 16_887, to: 19_100 }] },
    {
      ...{ ...lossy, name: 'b', outages: [{ from: 39_907, to: 54_896 }] },
      clock: (time) => Math.floor(time / 1_000) * 1_000,
    },
  ])
  const given = out.filter(({ at, event }) => event.type === 'tick' && event.source === 'a' && at > 55_000)
  expect(given.length).toBeGreaterThan(80)
  for (const { at, event } of given) expect((event as Tick).timestamp - START).toBeGreaterThan(at - 1)
})

describe('a feed that conflates', () => {
  const outages: readonly Outage[] = [
    { from: 20_000, to: 30_000 },
    { from: 40_000, to: 42_000 },
  ]

  for (const grain of [1, 1_000])
    for (const share of [1 / 3, 1 / 10])
      it(`fills the holes with what it tells, one trade in ${Math.round(1 / share)}, in steps of ${grain} ms`, () => {
        for (let seed = 1; seed <= 4; seed++) {
          const random = randomOf(seed)
          const trades = tradesOf({ random, symbols: SYMBOLS, perSecond: 100, seconds: 60 })
          const lag = (): number => 20 + 40 * random()
          const played = play(trades, [
            { name: 'a', random, outages, lag },
            { name: 'b', random, loss: 1 - share, lag, clock: (time) => Math.floor(time / grain) * grain },
          ])
          expect(faults(trades, played, outages), `seed ${seed}`).toEqual(NOTHING)
        }
      })
})

describe('whatever is lost, however the clocks stand', () => {
  const outage = fc
    .record({
      from: fc.integer({ min: 12_000, max: 40_000 }),
      length: fc.integer({ min: 500, max: 15_000 }),
      deaf: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(
      ({ from, length, deaf }): Outage => ({
        from,
        to: from + length,
        noticed: from + Math.floor(length * deaf * 0.9),
      }),
    )

  it('a trade that either told in a hole is given, none is given twice, and what neither heard is a row', () => {
    fc.assert(
      fc.property(
        fc.record({
          ...{ seed: fc.nat(), skew: fc.integer({ min: -2_000, max: 2_000 }), grain: fc.constantFrom(1, 10, 1_000) },
          ...{ loss: fc.constantFrom(0, 0.01, 0.05), lags: fc.tuple(fc.nat(150), fc.nat(150)), jitter: fc.nat(80) },
          ...{ first: outage, second: fc.option(outage, { nil: undefined }) },
        }),
        ({ seed, skew, grain, loss, lags, jitter, first, second }) => {
          const random = randomOf(seed)
          const trades = tradesOf({
            random,
            symbols: ['00700.HK', '00005.HK'],
            perSecond: 20,
            seconds: 60,
            volumes: 100_000,
          })
          const clock = (time: number): number => Math.floor((time + skew) / grain) * grain
          const played = play(trades, [
            { name: 'a', random, loss, outages: [first], lag: () => lags[0] + jitter * random() },
            { name: 'b', random, loss, outages: second ? [second] : [], lag: () => lags[1] + jitter * random(), clock },
          ])
          expect(faults(trades, played, [first])).toEqual(NOTHING)
          const given = new Set(played.ticks.map(numberOf))
          const margin = Math.abs(skew) + 1_000
          for (const { number, symbol, time } of trades) {
            const at = time - START
            const isUnheard =
              at >= first.from && at < first.to && second !== undefined && at >= second.from && at < second.to
            if (!isUnheard || given.has(number)) continue
            const rows = played.gaps.filter((gap) => gap.symbol === symbol && gap.filled_by === null)
            expect(
              rows.some(({ from, to }) => time >= from - margin && time <= to + margin),
              `trade ${number}`,
            ).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of trades that look alike as many are given as there were', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: -1_500, max: 1_500 }),
        fc.constantFrom(1, 1_000),
        outage,
        (seed, skew, grain, first) => {
          const random = randomOf(seed)
          const trades = tradesOf({ random, symbols: ['00700.HK'], perSecond: 20, seconds: 60, volumes: 2 })
          const clock = (time: number): number => Math.floor((time + skew) / grain) * grain
          const played = play(trades, [
            { name: 'a', random, outages: [first] },
            { name: 'b', random, clock },
          ])
          const counted = (rows: readonly { price: number; volume: number | null }[]): Map<string, number> => {
            const counts = new Map<string, number>()
            for (const { price, volume } of rows)
              counts.set(`${price} ${volume}`, (counts.get(`${price} ${volume}`) ?? 0) + 1)
            return counts
          }
          const given = played.ticks.map(({ last_price, volume }) => ({ price: last_price, volume }))
          expect(counted(given)).toEqual(counted(trades))
        },
      ),
      { numRuns: 40 },
    )
  })
})
