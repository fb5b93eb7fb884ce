import { describe, expect, it } from 'vitest'
import { faults, type Run } from './faults.ts'
import { type Played, play, randomOf, START, tradesOf } from './tape.ts'

const SYMBOLS = ['00700.HK', '00005.HK', 'HSI']
const SEEDS = 12
/** Common trades that a loss waits for in the runs that are to be exact, ms. */
const LONG_ENOUGH = 2_500

interface Market {
  perSecond: number
  volumes: number
  /** How finely the second feed tells time, ms. */
  grain: number
}

/**
 * Two servers of one market that are heard from some moment of the first two seconds on, each up to 1.2 s behind, each telling its
 * last 100 ms on every connection; the primary is lost `after` ms of both, and in every third run comes back 2 s later.
 */
function run(seed: number, { perSecond, volumes, grain }: Market, after: (random: () => number) => number): Run {
  const random = randomOf(7_919 * seed)
  const upTo = (most: number): number => Math.floor(random() * most)
  const trades = tradesOf({ random, symbols: SYMBOLS, perSecond, seconds: 14, volumes })
  const [a, b] = [
    { from: upTo(2_000), behind: upTo(1_200) },
    { from: upTo(2_000), behind: upTo(1_200) },
  ]
  const skew = upTo(1_000) - 500
  const lost = Math.max(a.from, b.from) + after(random)
  const back = seed % 3 === 0 ? lost + 2_000 : Number.POSITIVE_INFINITY
  const clock = (time: number): number => Math.floor((time + skew) / grain) * grain
  const usual = { random, history: 100 }
  const played = play(trades, [
    {
      ...{ ...usual, name: 'a', lag: () => a.behind + 5 * random() },
      outages: [
        { from: 0, to: a.from },
        { from: lost, to: back },
      ],
    },
    { ...usual, name: 'b', lag: () => b.behind + 5 * random(), outages: [{ from: 0, to: b.from }], clock },
  ])
  return { trades, played, clocks: { a: (time) => time, b: clock } }
}

/** Rows that say that the cover's trades may be missing. */
const doubts = ({ gaps }: Played) => gaps.filter(({ source, filled_by }) => source === 'b' && filled_by === null)

const markets: readonly (readonly [string, Market])[] = [
  ['300 trades a second', { perSecond: 300, volumes: 20, grain: 1 }],
  ['300 trades a second, the second in whole seconds', { perSecond: 300, volumes: 20, grain: 1_000 }],
  ['two volumes only', { perSecond: 100, volumes: 2, grain: 1 }],
  ['two volumes only, the second in whole seconds', { perSecond: 100, volumes: 2, grain: 1_000 }],
]

describe('two vendors, the first lost before the clocks are known', () => {
  for (const [what, market] of markets) {
    it(`after ${LONG_ENOUGH / 1_000} s of both nothing is missing, doubled or doubted: ${what}`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const ran = run(seed, market, (random) => LONG_ENOUGH + Math.floor(3_000 * random()))
        expect({ ...faults(ran, 12_000), doubts: doubts(ran.played) }, `seed ${seed}`).toEqual({
          ...{ missing: [], twice: [], doubts: [] },
        })
      }
    })

    it(`sooner what may be missing is a row, and nothing is doubled: ${what}`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const ran = run(seed, market, (random) => Math.floor(2_000 * random()))
        expect(faults(ran, 12_000), `seed ${seed}`).toEqual({ missing: [], twice: [] })
      }
    })
  }

  it('of a few quiet symbols what may be missing is a row, and nothing is doubled', () => {
    for (let seed = 1; seed <= 20 * SEEDS; seed++) {
      const ran = run(seed, { perSecond: 3, volumes: 20, grain: 1 }, (random) => Math.floor(8_000 * random()))
      const { played } = ran
      for (const lane of [0, 1] as const) {
        const rows = played.pair.ended(lane, null, { now: START + played.end, at: played.end })
        for (const event of rows) if (event.type === 'gap') played.gaps.push(event)
      }
      expect(faults(ran, 12_000), `seed ${seed}`).toEqual({ missing: [], twice: [] })
    }
  })
})

describe('what is told of the first seconds', () => {
  const trades = tradesOf({ random: randomOf(1), symbols: SYMBOLS, perSecond: 30, seconds: 3 })
  const still = { random: () => 0.5 }

  it('a loss of the first within a second of both is a row, 5 s too wide on both sides', () => {
    const played = play(trades, [
      { ...still, name: 'a', outages: [{ from: 800, to: Number.POSITIVE_INFINITY }] },
      { ...still, name: 'b' },
    ])
    const own = trades.filter(({ symbol, time }) => symbol === 'HSI' && time + 30 < START + 800)
    const [first, last] = [own[0]!.time, own.at(-1)!.time]
    expect(doubts(played).filter(({ symbol }) => symbol === 'HSI')).toEqual([
      {
        ...{ type: 'gap', source: 'b', symbol: 'HSI', cause: 'disconnect', volume: null, filled_by: null },
        ...{ from: first - 5_000, to: last + 5_000 },
      },
    ])
  })

  it('the end of a run that was asked for is none', () => {
    const played = play(trades.slice(0, 20), [
      { ...still, name: 'a' },
      { ...still, name: 'b' },
    ])
    const ended = ([0, 1] as const).flatMap((lane) => played.pair.ended(lane, null, { now: START + 700, at: 700 }))
    expect(ended.filter(({ type }) => type === 'gap')).toEqual([])
  })

  it('where the cover began is told at the end, of a symbol of which the first never told a trade', () => {
    const played = play(trades, [
      { ...still, name: 'a', symbols: ['00700.HK', '00005.HK'] },
      { ...still, name: 'b', symbols: ['00005.HK', 'HSI'] },
    ])
    expect(played.gaps.filter(({ symbol }) => symbol === 'HSI')).toEqual([])
    const ended = ([0, 1] as const).flatMap((lane) => played.pair.ended(lane, null, { now: START + 3_000, at: 3_000 }))
    expect(ended.filter(({ type }) => type === 'gap')).toMatchObject([
      { source: 'b', symbol: 'HSI', cause: 'late_start', filled_by: null },
    ])
  })
})
