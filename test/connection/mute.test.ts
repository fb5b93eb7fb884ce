import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HkqError } from '../../src/core/errors.ts'
import { parseTime } from '../../src/core/market/time.ts'
import type { LatestTrade } from '../../src/core/pipeline/inquiry.ts'
import { turn, until } from '../support/manual-clock.ts'
import { MORNING, openServer, peer, type Reading, type ReadOptions, read, type Server } from './fake-vendor.ts'

const SECOND = 1_000

let server: Server
let open: Reading[] = []
beforeEach(async () => {
  server = await openServer()
})
afterEach(async () => {
  for (const { stop, done } of open) {
    stop.abort()
    await done
  }
  open = []
  await server.close()
})

const codes = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `${String(from + i).padStart(5, '0')}.HK`)

/**
 * A market that a feed watches: `trade` happens at the exchange and is pushed, unless the symbol is mute; the vendor tells
 * the latest trade of each symbol when it is asked.
 */
function market(symbols: readonly string[], options: ReadOptions = {}) {
  const latest = new Map<string, LatestTrade>()
  const mute = new Set<string>()
  const questions: { at: number; symbols: readonly string[] }[] = []
  let seq = 0
  const state = { fails: false }
  const reading = read([server.url], {
    symbols,
    ...options,
    inquiry: {
      latestTrades: async (asked) => {
        questions.push({ at: reading.clock.monotonic(), symbols: asked })
        if (state.fails) throw new HkqError('E_NETWORK', 'no data from the fake')
        return asked.flatMap((symbol) => latest.get(symbol) ?? [])
      },
    },
  })
  open.push(reading)
  const push = (symbol: string): void => {
    const { time, seq } = latest.get(symbol)!
    server.peers.at(-1)!.send({ tick: [[symbol, time, seq]] })
  }
  const trade = (symbol: string, time = reading.clock.now()): void => {
    latest.set(symbol, { symbol, time, seq: ++seq, price: 600, volume: 100, turnover: 60_000, side: null })
    if (!mute.has(symbol) && server.peers.length > 0) push(symbol)
  }
  /** Lets seconds pass, one after the other, while these symbols trade. */
  const pass = async (seconds: number, trading: readonly string[] = []): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await reading.clock.advance(SECOND)
      for (const symbol of trading) trade(symbol)
      for (let i = 0; i < 3; i++) await turn()
    }
  }
  const asks = () => server.peers.map(({ frames }) => frames.filter(({ ask }) => ask === 'trades').length)
  const stale = () => reading.ofType('gap').filter(({ cause }) => cause === 'stale')
  return { ...reading, mute, questions, trade, pass, asks, stale, state, latest }
}

describe('one mute symbol of five', () => {
  const five = codes(1, 5)
  const [mute, ...others] = five as [string, ...string[]]
  const illiquid = codes(100, 20)
  const suspended = '00900.HK'
  const all = [...five, ...illiquid, suspended]

  it('is found, asked for again and has its gap row; 20 illiquid and one suspended are left alone', async () => {
    const run = market(all)
    run.trade(suspended, parseTime('2026-11-20T15:59'))
    await peer(server)
    await until(() => run.states('up').length === 1)
    for (const symbol of illiquid) run.trade(symbol)
    await run.pass(60, five)
    const last = run.clock.now()
    run.mute.add(mute)
    await run.pass(70, five)
    await run.pass(5, others)
    expect(run.states('warning')).toEqual([expect.stringMatching(/^00001\.HK is mute: .*; subscribing again$/)])
    expect(run.asks()).toEqual([2])
    expect(server.peers[0]!.frames.findLast(({ ask }) => ask)!.symbols).toEqual(all)
    run.mute.delete(mute)
    for (let hour = 0; hour < 90; hour++) {
      run.trade(illiquid[hour % 20]!)
      await run.pass(60, five)
    }
    expect(run.asks()).toEqual([2])
    expect(run.states('lost')).toEqual([])
    expect(run.states('warning')).toHaveLength(1)
    expect(run.stale()).toEqual([expect.objectContaining({ symbol: mute, from: last, cause: 'stale' })])
    const first = run.ofType('tick').find(({ symbol, timestamp }) => symbol === mute && timestamp > last)
    expect(run.stale()[0]!.to).toBe(first!.timestamp)
    const [calls, asked] = [run.questions.length, run.questions.flatMap(({ symbols }) => symbols)]
    expect(calls).toBeLessThan(95 * 2)
    expect(asked.filter((symbol) => symbol === suspended).length).toBeLessThan(15)
    for (let i = 1; i < calls; i++)
      expect(run.questions[i]!.at - run.questions[i - 1]!.at).toBeGreaterThanOrEqual(35_000)
  })

  it('has the connection made again where asking for it did not bring it, once until it is heard', async () => {
    const run = market(five)
    await peer(server)
    await until(() => run.states('up').length === 1)
    await run.pass(5, five)
    const last = run.clock.now()
    run.mute.add(mute)
    await run.pass(45, five)
    expect(run.asks()).toEqual([2])
    await run.pass(80, five)
    await until(() => run.states('lost').length === 1)
    expect(run.states('lost')[0]).toContain('symbols stay mute on this connection')
    await run.pass(600, five)
    expect(run.states('lost')).toHaveLength(1)
    expect(run.states('warning').at(-1)).toMatch(/; subscribing again$/)
    run.mute.delete(mute)
    await run.pass(2, five)
    expect(run.stale().filter(({ symbol }) => symbol === mute)).toEqual([
      expect.objectContaining({ from: last, to: run.clock.now() - SECOND }),
    ])
  })

  it('is found even where it was never heard, with a row from when it was watched', async () => {
    const run = market(five, { at: parseTime('2026-11-23T09:00') })
    await peer(server)
    await until(() => run.states('up').length === 1)
    run.mute.add(mute)
    await run.pass(1_800)
    await run.pass(85, five)
    expect(run.states('warning')).toEqual([expect.stringMatching(/^00001\.HK is mute/)])
    run.mute.delete(mute)
    await run.pass(1, five)
    expect(run.stale()).toEqual([
      expect.objectContaining({ symbol: mute, from: parseTime('2026-11-23T09:00'), to: run.clock.now() }),
    ])
  })
})

describe('a question that fails', () => {
  it('proves nothing, is told once, and asked again', async () => {
    const run = market(codes(1, 2))
    run.state.fails = true
    await peer(server)
    await until(() => run.states('up').length === 1)
    await run.pass(5, codes(1, 2))
    run.mute.add('00001.HK')
    await run.pass(150, codes(1, 2))
    expect(run.states('warning')).toEqual(['silent symbols cannot be asked about: no data from the fake'])
    expect([run.questions.length, run.asks()]).toEqual([2, [1]])
    run.state.fails = false
    await run.pass(120, codes(1, 2))
    expect(run.asks()).toEqual([2])
  })
})

describe('a feed without any data while the market trades', () => {
  const two = codes(1, 2)

  it.each([
    ['from the first second, in the morning', '2026-11-23T10:00', '2026-11-23T10:00'],
    ['that began before the opening', '2026-11-23T08:59:51', '2026-11-23T09:30'],
    ['that began just before the opening', '2026-11-23T09:29:47', '2026-11-23T09:30'],
    ['over lunch', '2026-11-23T12:40:17', '2026-11-23T13:00'],
    ['on a half day', '2026-12-24T09:10', '2026-12-24T09:30'],
    ['on a day that opens late', '2023-10-09T09:10:09', '2023-10-09T14:00'],
  ])('%s, is given up within 35 s, asked or not', async (_, from, opening) => {
    for (const options of [{ inquiry: undefined }, {}]) {
      const run = market(two, { at: parseTime(from), ...options })
      await until(() => run.states('up').length === 1)
      await run.clock.advance(parseTime(opening) - parseTime(from))
      for (const symbol of two) {
        run.mute.add(symbol)
        run.trade(symbol)
      }
      await run.clock.advance(29_999)
      expect(run.states('lost')).toEqual([])
      for (let second = 0; second < 5 && run.states('lost').length === 0; second++) {
        for (const symbol of two) run.trade(symbol)
        await run.clock.advance(1_000)
      }
      expect(run.states('lost')).toEqual([expect.stringContaining('no data for too long while the market trades')])
      run.stop.abort()
      await run.done
      server.peers.length = 0
    }
  })

  it('later in the day is given up within 35 s, with a stale row for each symbol', async () => {
    const run = market(two)
    await until(() => run.states('up').length === 1)
    await run.pass(600, two)
    const last = run.clock.now()
    for (const symbol of two) run.mute.add(symbol)
    await run.pass(35, two)
    expect(run.states('lost')).toHaveLength(1)
    run.mute.clear()
    await run.pass(6, two)
    expect(run.stale().map(({ symbol, from }) => [symbol, from])).toEqual(two.map((symbol) => [symbol, last]))
  })

  it.each([
    ['at the same pace while the vendor tells what does not come', false, 13, 18],
    ['ever more rarely where the vendor cannot be asked', true, 4, 5],
  ])('is made again %s', async (_, fails, least, most) => {
    const run = market(two)
    run.state.fails = fails
    for (const symbol of two) run.mute.add(symbol)
    await until(() => run.states('up').length === 1)
    await run.pass(600, two)
    expect(run.states('lost').length).toBeGreaterThanOrEqual(least)
    expect(run.states('lost').length).toBeLessThanOrEqual(most)
    run.stop.abort()
    await run.done
  })

  it('is kept where the vendor says that nothing was traded, and asked about ever more rarely', async () => {
    const run = market(two)
    for (const symbol of two) run.trade(symbol, MORNING - 3_600_000)
    await until(() => run.states('up').length === 1)
    await run.pass(3_600)
    expect(run.states('lost')).toEqual([])
    expect(run.questions.length).toBeLessThan(25)
  })

  it('is kept where a trade was on its way when the vendor told of it', async () => {
    const run = market(two)
    await until(() => run.states('up').length === 1)
    await run.pass(5, two)
    run.mute.add('00001.HK')
    await run.pass(29)
    run.trade('00001.HK')
    await run.pass(3)
    run.mute.delete('00001.HK')
    server.peers[0]!.send({ tick: [['00001.HK', run.latest.get('00001.HK')!.time, run.latest.get('00001.HK')!.seq]] })
    await run.pass(10)
    expect(run.states('lost')).toEqual([])
  })
})
