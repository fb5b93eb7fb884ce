import { describe, expect, it } from 'vitest'
import type { Status } from '../../src/core/market/event.ts'
import { numberOf, type Played, play, randomOf, START, type Telling, type Trade, tradesOf } from './tape.ts'

const SYMBOLS = ['00700.HK', '00005.HK', 'HSI']
const random = randomOf(11)
const trades = tradesOf({ random, symbols: SYMBOLS, perSecond: 30, seconds: 60 })
const seq = ({ number }: Trade): number => 7_000_000 + number
const line = (differences: Partial<Telling> = {}): Telling => ({ name: 'alltick', random, seq, ...differences })

const numbers = ({ ticks }: Played): number[] => ticks.map(numberOf).sort((a, b) => a - b)
const all = trades.map(({ number }) => number)
const states = ({ out }: Played): string[] =>
  out.flatMap(({ event }) => (event.type === 'status' ? [`${event.state}: ${event.detail}`] : []))
const holes = ({ gaps }: Played) => gaps.filter(({ cause }) => cause === 'disconnect')
const MERGED =
  'up: second feed: its sequence is that of the first feed: every trade counts as soon as one of both brings it'

/** When a trade went out, ms from the start, and which line could have brought it then. */
const timeOf = (played: Played, number: number): number => {
  return played.out.find(({ event }) => event.type === 'tick' && numberOf(event) === number)!.at
}

describe('two lines of one vendor with one sequence', () => {
  it('are merged after 200 common trades: each trade goes out once, when the first line brings it', () => {
    const lag = (): number => 20 + 100 * random()
    const played = play(trades, [line({ lag }), line({ lag })])
    expect(states(played)).toContain(MERGED)
    expect(numbers(played)).toEqual(all)
    const first = new Map<number, number>()
    for (const told of played.told)
      for (const event of told) {
        if (event.type !== 'tick') continue
        const at = event.received_at! - START
        first.set(numberOf(event), Math.min(at, first.get(numberOf(event)) ?? at))
      }
    for (const number of all.slice(300)) expect(timeOf(played, number)).toBeCloseTo(first.get(number)!, 3)
  })

  it('lose nothing that one of them brings, and no loss of one is a gap', () => {
    const played = play(trades, [
      line({ loss: 0.02, outages: [{ from: 20_000, to: 25_000 }] }),
      line({ outages: [{ from: 30_000, to: 45_000 }], lag: () => 40 }),
    ])
    const told = new Set(played.told.flatMap((events) => events.filter(({ type }) => type === 'tick').map(numberOf)))
    expect(numbers(played)).toEqual([...told].sort((a, b) => a - b))
    expect(told.size).toBeGreaterThan(trades.length - 20)
    expect(holes(played)).toEqual([])
  })

  it('have a gap, told once, where both are away', () => {
    const played = play(trades, [
      line({ outages: [{ from: 20_000, to: 40_000 }] }),
      line({ outages: [{ from: 25_000, to: 32_000 }] }),
    ])
    for (const symbol of SYMBOLS) {
      const own = trades.filter((trade) => trade.symbol === symbol).map(({ time }) => time)
      const from = own.findLast((time) => time + 30 < START + 25_000)
      const to = own.find((time) => time >= START + 32_000)
      const rows = holes(played).filter((gap) => gap.symbol === symbol)
      expect(rows).toMatchObject([{ source: 'alltick', from, to, filled_by: null }])
    }
  })

  it('are not merged before a minute has passed where trades are few', () => {
    const few = tradesOf({ random: randomOf(3), symbols: ['00700.HK'], perSecond: 0.5, seconds: 100 })
    const played = play(few, [line(), line({ lag: () => 50 })])
    const merged = played.out.find(({ event }) => event.type === 'status' && event.detail.includes('sequence'))
    expect(merged!.at).toBeGreaterThan(60_000)
    expect(played.ticks).toHaveLength(few.length)
  })
})

describe('two lines of one vendor with numbers of their own', () => {
  const outages = [{ from: 30_000, to: 40_000 }]

  it('are primary and cover', () => {
    const played = play(trades, [line({ outages }), line({ seq: ({ number }) => 9_000_000 + number, lag: () => 60 })])
    expect(states(played)).not.toContain(MERGED)
    expect(numbers(played)).toEqual(all)
    expect(holes(played).map(({ filled_by }) => filled_by)).toEqual(SYMBOLS.map(() => 'second feed'))
  })

  it('are so too where numbers meet by chance, and where they are ordinals', () => {
    for (const own of [({ number }: Trade) => 7_000_000 + ((number * 7) % 1_801), () => 0]) {
      const played = play(trades, [
        line({ outages, seq: own === undefined ? seq : own }),
        line({ seq: ({ number }) => own({ number: number + 1 } as Trade), lag: () => 60 }),
      ])
      expect(states(played)).not.toContain(MERGED)
      expect(numbers(played)).toEqual(all)
    }
  })

  it('are parted again, with a warning, when a number stands for two trades', () => {
    const renumbered = (trade: Trade): number => seq(trade) + (trade.time > START + 25_000 ? 1 : 0)
    const played = play(trades, [line({ outages }), line({ seq: renumbered, lag: () => 60 })])
    const warned = played.out.filter(({ event }) => event.type === 'status' && event.state === 'warning')
    expect(warned.map(({ event }) => (event as Status).detail)).toEqual([
      expect.stringMatching(/^second feed: number 70\d+ of \S+ is another trade here: no longer merged$/),
    ])
    expect(warned[0]!.at).toBeLessThan(26_000)
    expect(new Set(numbers(played))).toEqual(new Set(all))
    const twice = played.ticks.length - trades.length
    expect(twice, 'those at the moment of the change').toBeLessThan(3)
    expect(holes(played).map(({ filled_by }) => filled_by)).toEqual(SYMBOLS.map(() => 'second feed'))
  })
})
