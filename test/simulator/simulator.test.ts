import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { MarketEvent, Quote, Tick } from '../../src/core/market/event.ts'
import type { Instrument } from '../../src/core/market/instrument.ts'
import { Sessions } from '../../src/core/market/session.ts'
import { isIndex } from '../../src/core/market/symbol.ts'
import { roundToTick } from '../../src/core/market/tick-size.ts'
import { formatClock, formatDate, formatLocal, parseTime } from '../../src/core/market/time.ts'
import { openSimulator, type SimulatorOptions } from '../../src/core/simulator/simulator.ts'
import { createValidator } from '../../src/core/validation/validator.ts'

const sessions = new Sessions()
const DAY = '2026-11-20'
const DAWN = parseTime(`${DAY}T09:00`)

/** A clock that stands still until someone sleeps. */
class StillClock implements Clock {
  time: number
  constructor(time: number) {
    this.time = time
  }
  now = () => this.time
  monotonic = () => this.time
  sleep = async (ms: number, signal?: AbortSignal) => {
    if (!signal?.aborted) this.time += ms
  }
}

const open = (over: Partial<SimulatorOptions> = {}) =>
  openSimulator({
    symbols: ['00700.HK'],
    speed: 'max',
    rate: 2,
    start: DAWN,
    sessions,
    clock: new StillClock(parseTime('2026-11-23T12:00')),
    ...over,
  })

async function play(over: Partial<SimulatorOptions> = {}): Promise<MarketEvent[]> {
  const events: MarketEvent[] = []
  for await (const batch of open(over)) events.push(...batch)
  return events
}

const ticksOf = (events: readonly MarketEvent[], symbol?: string): Tick[] =>
  events.filter((e): e is Tick => e.type === 'tick' && (symbol === undefined || e.symbol === symbol))
const quotesOf = (events: readonly MarketEvent[]): Quote[] => events.filter((e): e is Quote => e.type === 'quote')
const digest = (events: readonly MarketEvent[]): string =>
  createHash('sha256')
    .update(events.map((e) => JSON.stringify(e)).join('\n'))
    .digest('hex')
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
const timeOf = (event: MarketEvent): number => (event as Tick | Quote).timestamp

describe('a simulated day', () => {
  let events: MarketEvent[]
  let ticks: Tick[]
  let instruments: readonly Instrument[]
  beforeAll(async () => {
    const symbols = ['00700.HK', '01810.HK', '00939.HK', '02800.HK', '12345.HK', '80700.HK', 'HSI']
    instruments = await open({ symbols }).instruments!()
    events = await play({ symbols })
    ticks = ticksOf(events)
  })

  it('comes in order of time, sequence numbers rising per symbol and kind', () => {
    const seqs = new Map<string, number>()
    let last = 0
    for (const event of events as (Tick | Quote)[]) {
      const key = `${event.type} ${event.symbol}`
      if (event.timestamp < last || Number(event.seq) <= (seqs.get(key) ?? 0)) expect.fail(JSON.stringify(event))
      last = event.timestamp
      seqs.set(key, Number(event.seq))
    }
  })

  it('trades on the tick grid, in whole board lots, and prints clean numbers', () => {
    const kinds = new Map(instruments.map(({ symbol, kind }) => [symbol, kind]))
    const lots = new Map(instruments.map(({ symbol, lot_size }) => [symbol, lot_size!]))
    for (const tick of ticks.filter(({ symbol }) => !isIndex(symbol))) {
      const numbers = [tick.last_price, tick.turnover, tick.value, tick.spread, tick.bid_price, tick.ask_price]
      const sound =
        roundToTick(tick.last_price, DAY, kinds.get(tick.symbol)) === tick.last_price &&
        numbers.every((number) => !/\.\d{4}|e/.test(String(number))) &&
        tick.volume! % lots.get(tick.symbol)! === 0 &&
        tick.turnover === tick.value
      if (!sound) expect.fail(JSON.stringify(tick))
    }
  })

  it('is silent at lunch, outside the session and between matching and opening', () => {
    const clocks = new Set(events.map((event) => formatClock(timeOf(event)).slice(0, 5)))
    for (const silent of ['08:59', '09:23', '09:29', '12:00', '12:30', '12:59', '16:00', '16:10']) {
      expect(clocks).not.toContain(silent)
    }
    for (const busy of ['09:30', '11:59', '13:00', '15:59']) expect(clocks).toContain(busy)
    expect(ticks.every(({ timestamp }) => sessions.tradesAt(timestamp))).toBe(true)
  })

  it('opens and closes with an auction of one price, a crossed book before it, no quote joined', () => {
    for (const [phase, from, to] of [
      ['opening_auction', '09:20', '09:22'],
      ['closing_auction', '16:08', '16:10'],
    ] as const) {
      const auction = ticks.filter((tick) => tick.phase === phase && tick.symbol === '00700.HK')
      expect(auction.length).toBeGreaterThan(10)
      expect(new Set(auction.map(({ last_price }) => last_price)).size).toBe(1)
      expect(auction.every(({ bid_price, side }) => bid_price === null && side === null)).toBe(true)
      expect(auction[0]!.timestamp).toBeGreaterThanOrEqual(parseTime(`${DAY}T${from}`))
      expect(auction.at(-1)!.timestamp).toBeLessThan(parseTime(`${DAY}T${to}`))
    }
    const early = quotesOf(events).filter(({ phase, symbol }) => phase === 'pre_opening' && symbol === '00700.HK')
    expect(early.some(({ bids, asks }) => bids[0]![0] > asks[0]![0])).toBe(true)
  })

  it('has books of ten levels, best first, uncrossed while trading', () => {
    for (const { symbol, bids, asks, phase } of quotesOf(events)) {
      const trading = phase === 'morning' || phase === 'afternoon'
      const sound =
        bids.every(([price], i) => i === 0 || price < bids[i - 1]![0]) &&
        asks.every(([price], i) => i === 0 || price > asks[i - 1]![0]) &&
        !(trading && bids[0]![0] >= asks[0]![0]) &&
        [...bids, ...asks].every(([price, size]) => price > 0 && size > 0) &&
        bids.length <= 10 &&
        (symbol !== '00700.HK' || (bids.length === 10 && asks.length === 10))
      if (!sound) expect.fail(JSON.stringify({ symbol, phase, bids, asks }))
    }
  })

  it('joins to each trade the best of the last book published', () => {
    const books = new Map<string, Quote>()
    for (const event of events) {
      if (event.type === 'quote') books.set(event.symbol, event)
      if (event.type !== 'tick' || event.phase.endsWith('auction') || isIndex(event.symbol)) continue
      const { bids, asks, timestamp } = books.get(event.symbol)!
      const joined = [event.bid_price, event.bid_size, event.ask_price, event.ask_size, event.quote_time]
      if (String(joined) !== String([bids[0], asks[0], timestamp])) expect.fail(JSON.stringify(event))
    }
  })

  it('trades at the best prices, now and then a level deeper', () => {
    const inside = ticks.filter(({ phase, symbol }) => !phase.endsWith('auction') && !isIndex(symbol))
    const atBest = inside.filter((tick) => tick.last_price === (tick.side === 'buy' ? tick.ask_price : tick.bid_price))
    expect(atBest.length / inside.length).toBeGreaterThan(0.95)
    expect(atBest.length).toBeLessThan(inside.length)
  })

  it('has many trades in one millisecond, and the busiest minute at the opening', () => {
    const tencent = ticks.filter(({ symbol }) => symbol === '00700.HK')
    const repeated = tencent.filter((tick, i) => tick.timestamp === tencent[i - 1]?.timestamp)
    expect(repeated.length / tencent.length).toBeGreaterThan(0.2)
    const perMinute = groupBy(
      tencent.filter(({ phase }) => phase === 'morning' || phase === 'afternoon'),
      ({ timestamp }) => formatClock(timestamp).slice(0, 5),
    )
    expect(perMinute.size).toBe(330)
    const counts = [...perMinute].map(([minute, { length }]) => ({ minute, length }))
    const busiest = counts.reduce((a, b) => (b.length > a.length ? b : a))
    const mean = tencent.length / 330
    expect(busiest.minute < '09:33').toBe(true)
    expect(busiest.length / mean).toBeGreaterThan(5)
    expect(busiest.length / mean).toBeLessThan(14)
    expect(mean).toBeGreaterThan(0.95 * 2 * 60)
    expect(mean).toBeLessThan(1.08 * 2 * 60)
  })

  it('puts a plausible share of the volume into its auctions', () => {
    const volume = (part: readonly Tick[]) => part.reduce((sum, tick) => sum + tick.volume!, 0)
    const tencent = ticks.filter(({ symbol }) => symbol === '00700.HK')
    const share = (phase: string) => volume(tencent.filter((tick) => tick.phase === phase)) / volume(tencent)
    expect(share('opening_auction')).toBeGreaterThan(0.01)
    expect(share('opening_auction')).toBeLessThan(0.05)
    expect(share('closing_auction')).toBeGreaterThan(0.04)
    expect(share('closing_auction')).toBeLessThan(0.14)
  })

  it('has an index of two decimals every two seconds, without volume or book', () => {
    const index = ticks.filter(({ symbol }) => symbol === 'HSI')
    expect(index).toHaveLength(330 * 30 + 1)
    const none = { volume: null, turnover: null, value: null, bid_price: null, ask_price: null }
    expect(index.filter((tick) => Object.keys(none).some((key) => tick[key as 'volume'] !== null))).toEqual([])
    expect(index.every(({ last_price }) => last_price === Math.round(last_price * 100) / 100)).toBe(true)
    expect(events.some((event) => event.type === 'quote' && event.symbol === 'HSI')).toBe(false)
  })

  it('passes validation without a reject, a flag or a warning', () => {
    const validator = createValidator({ sessions, now: () => 0, live: false })
    expect(validator.push(events)).toBe(events)
    expect(validator.counts).toEqual({ ticks: ticks.length, rejected: {}, flagged: {} })
  })
})

describe('the path of a symbol', () => {
  it('is the same for the same seed, event by event', async () => {
    const [once, again, other] = await Promise.all([play(), play(), play({ seed: 2 })])
    expect(digest(once)).toBe(digest(again))
    expect(digest(once)).not.toBe(digest(other))
  })

  it('follows the seed from day to day as well', async () => {
    const closes = await Promise.all(
      [1, 1, 2].map(async (seed) => (await open({ seed }).instruments!())[0]!.prev_close),
    )
    expect(closes[0]).toBe(closes[1])
    expect(closes[0]).not.toBe(closes[2])
  })

  it('does not depend on what else is subscribed, in which order, or on the depth of the book', async () => {
    const alone = ticksOf(await play())
    const among = await play({ symbols: ['HSI', '09988.HK', '00700.HK'], depth: 0 })
    expect(quotesOf(among)).toEqual([])
    expect(ticksOf(among, '00700.HK')).toEqual(alone)
    expect(digest(among)).toBe(digest(await play({ symbols: ['00700.HK', '09988.HK', 'HSI'], depth: 0 })))
  })

  it('does not depend on where the reader comes in', async () => {
    const late = parseTime(`${DAY}T14:07:12.345`)
    const whole = await play()
    expect(await play({ start: late })).toEqual(whole.filter((event) => timeOf(event) >= late))
  })

  it('goes on from the close of the day before, also over nights and holidays', async () => {
    const both = await play({ days: 2, start: parseTime('2026-12-24T09:00'), rate: 1 })
    const days = groupBy(both, (event) => formatDate(timeOf(event)))
    expect([...days.keys()]).toEqual(['2026-12-24', '2026-12-28'])
    expect(await play({ start: parseTime('2026-12-28T09:00'), rate: 1 })).toEqual(days.get('2026-12-28'))
    const close = ticksOf(days.get('2026-12-24')!).at(-1)!
    const [tencent] = await open({ start: parseTime('2026-12-28T09:00') }).instruments!()
    expect(tencent).toMatchObject({
      symbol: '00700.HK',
      name_zh: '騰訊控股',
      lot_size: 100,
      prev_close: close.last_price,
    })
  })

  it('moves like a stock: a few percent a day, a tick at a time', async () => {
    for (const symbol of ['00700.HK', '00005.HK', '04321.HK', 'HSI']) {
      const [instrument] = await open({ symbols: [symbol] }).instruments!()
      const prices = ticksOf(await play({ symbols: [symbol], depth: 0 })).map(({ last_price }) => last_price)
      expect(Math.abs(Math.log(prices[0]! / instrument!.prev_close!))).toBeLessThan(0.05)
      expect(Math.log(Math.max(...prices) / Math.min(...prices))).toBeGreaterThan(0.004)
      expect(Math.log(Math.max(...prices) / Math.min(...prices))).toBeLessThan(0.2)
      expect(new Set(prices).size).toBeGreaterThan(symbol === '04321.HK' ? 5 : 15)
      expect(prices.findIndex((price, i) => i > 0 && Math.abs(Math.log(price / prices[i - 1]!)) > 0.05)).toBe(-1)
    }
  })
})

describe('the first event', () => {
  it('is the one of the very start', async () => {
    const start = parseTime(`${DAY}T09:30`)
    expect(ticksOf(await play({ symbols: ['HSI'], start }))[0]!.timestamp).toBe(start)
  })
})

describe('a special day', () => {
  it('ends at noon with its auction when it is a half day', async () => {
    const ticks = ticksOf(await play({ start: parseTime('2026-12-24T09:00') }))
    expect(formatClock(ticks.at(-1)!.timestamp) >= '12:08').toBe(true)
    expect(formatClock(ticks.at(-1)!.timestamp) < '12:10').toBe(true)
    expect(new Set(ticks.map(({ phase }) => phase))).toEqual(new Set(['opening_auction', 'morning', 'closing_auction']))
  })

  it('opens late without an opening auction after a typhoon', async () => {
    const events = await play({ start: parseTime('2023-10-09T09:00') })
    expect(formatLocal(timeOf(events[0]!)).startsWith('2023-10-09 14:00:00')).toBe(true)
    expect(new Set(ticksOf(events).map(({ phase }) => phase))).toEqual(new Set(['afternoon', 'closing_auction']))
  })
})

describe('the start', () => {
  it.each([
    ['2026-11-23T12:00', '2026-11-20 09:30'],
    ['2026-11-21T16:09', '2026-11-19 09:30'],
    ['2026-11-21T16:11', '2026-11-20 09:30'],
    ['2026-12-27T12:00', '2026-12-24 09:30'],
  ])('is, at %s, the opening of the latest day that ended more than 24 h ago: %s', (now, start) => {
    const { symbols, ...rest } = { symbols: ['HSI'], sessions, clock: new StillClock(parseTime(now)) }
    expect(formatLocal(openSimulator({ symbols, ...rest }).clock.now()).slice(0, 16)).toBe(start)
  })

  it.each([
    ['2026-11-21T10:00', '2026-11-23 09:00'],
    ['2026-11-20T18:00', '2026-11-23 09:00'],
    ['2026-11-20T07:00', '2026-11-20 09:00'],
    ['2026-11-20T12:30', '2026-11-20 12:30'],
  ])('asked for at %s is %s', (start, begins) => {
    expect(formatLocal(open({ start: parseTime(start) }).clock.now()).slice(0, 16)).toBe(begins)
  })
})

describe('the pace', () => {
  it('delivers what is due by its clock, the clock running at the speed asked for', async () => {
    const base = new StillClock(0)
    const source = open({ speed: 60, start: parseTime(`${DAY}T09:30`), clock: base, rate: 1 })
    for await (const batch of source) {
      const now = source.clock.now()
      expect(now).toBe(parseTime(`${DAY}T09:30`) + base.time * 60)
      expect(timeOf(batch.at(-1)!)).toBeLessThanOrEqual(now)
      expect(timeOf(batch[0]!)).toBeGreaterThan(now - 200)
      if (base.time > 60_000) break
    }
  })

  it('is kept by whoever sleeps on its clock', async () => {
    const base = new StillClock(0)
    await open({ speed: 60, clock: base }).clock.sleep(60_000)
    expect(base.time).toBe(1_000)
  })

  it('loses nothing when it is read slowly', async () => {
    const base = new StillClock(0)
    const read: MarketEvent[] = []
    for await (const batch of open({ speed: 10, clock: base })) {
      read.push(...batch)
      base.time += 60_000
    }
    expect(digest(read)).toBe(digest(await play()))
  })

  it('passes over the night', async () => {
    const base = new StillClock(0)
    for await (const _ of open({ speed: 1, days: 2, clock: base, rate: 0.01 }));
    expect(base.time).toBeLessThan(16 * 3_600_000)
  })

  it('at max moves on when what happened has been taken, and wakes who sleeps when the market gets there', async () => {
    const source = open({ rate: 0.1 })
    let woke = Number.NaN
    void source.clock.sleep(3_600_000).then(() => {
      woke = source.clock.now()
    })
    let before = source.clock.now()
    for await (const batch of source) {
      expect(source.clock.now()).toBe(before)
      before = timeOf(batch.at(-1)!)
    }
    expect(source.clock.now()).toBeGreaterThan(before)
    expect(woke).toBeGreaterThanOrEqual(DAWN + 3_600_000)
  })

  it('ends quietly when it is aborted', async () => {
    const controller = new AbortController()
    let batches = 0
    for await (const _ of open({ signal: controller.signal, days: 0 })) if (++batches === 3) controller.abort()
    expect(batches).toBe(3)
  })
})

describe('a subscription', () => {
  it('that comes later joins at the present, on the path it always had', async () => {
    const source = open({ depth: 0 })
    const read: MarketEvent[] = []
    let from = Number.NaN
    for await (const batch of source) {
      if (Number.isNaN(from)) {
        from = source.clock.now()
        source.subscribe!(['00700.HK', '00005.HK'])
      }
      read.push(...batch)
    }
    const hsbc = ticksOf(await play({ symbols: ['00005.HK'], depth: 0 }))
    expect(ticksOf(read, '00005.HK')).toEqual(hsbc.filter(({ timestamp }) => timestamp >= from))
    expect(ticksOf(read, '00700.HK')).toEqual(ticksOf(await play({ depth: 0 })))
  })

  it('changed before the first read is the one that is played', async () => {
    const source = open({ symbols: ['HSI'], rate: 0.1 })
    source.subscribe!(['00700.HK'])
    const read: MarketEvent[] = []
    for await (const batch of source) read.push(...batch)
    expect(digest(read)).toBe(digest(await play({ rate: 0.1 })))
  })

  it('that is left out ends at once', async () => {
    const source = open({ symbols: ['00700.HK', '00005.HK'] })
    let batches = 0
    for await (const batch of source) {
      if (++batches === 1) source.subscribe!(['00005.HK'])
      else expect(batch.every((event) => (event as Tick).symbol === '00005.HK')).toBe(true)
    }
    expect(batches).toBeGreaterThan(1)
  })

  it('is waited for when there is none at first', async () => {
    const source = open({ symbols: [], rate: 0.1, clock: systemClock })
    setImmediate(() => source.subscribe!(['00700.HK']))
    const read: MarketEvent[] = []
    for await (const batch of source) read.push(...batch)
    expect(digest(read)).toBe(digest(await play({ rate: 0.1 })))
  })
})
