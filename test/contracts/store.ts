import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isLeftOut, minuteOf } from '../../src/core/bars/summary.ts'
import { byTimeAndSeq, MAX_SEQ, type MarketEvent, type Rejected, type Tick } from '../../src/core/market/event.ts'
import { flagMask } from '../../src/core/market/flags.ts'
import { DAY } from '../../src/core/market/time.ts'
import type { Store } from '../../src/core/storage/store.ts'
import {
  anyTick,
  at,
  collect,
  comparison,
  gap,
  pieces,
  quote,
  rejected,
  tick,
  vendorMinute,
} from '../storage/sample.ts'

/** One empty store of the kind under test, wherever it lives. */
export interface Bench {
  store: Store
  /** Closes the store and opens it again. */
  reopen(): Promise<Store>
  /** Closes the store and removes what it left. */
  remove(): Promise<void>
}

/** What every store must do, whatever it is made of. */
export function storeContract(name: string, makeBench: () => Promise<Bench>): void {
  describe(`${name}: the contract of a store`, () => {
    let bench: Bench

    beforeEach(async () => {
      bench = await makeBench()
    })
    afterEach(() => bench.remove())

    const stored = (store: Store, symbol = '00700.HK'): Promise<Tick[]> => collect(store.ticks(symbol, {}))

    it('gives back what was written, whatever the numbers', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyTick, { maxLength: 40 }), async (ticks) => {
          const once = distinct(ticks)
          const own = await makeBench()
          try {
            await own.store.write(once)
            const store = await own.reopen()
            for (const symbol of new Set(once.map((each) => each.symbol))) {
              const expected = once.filter((each) => each.symbol === symbol)
              expect(sorted(await stored(store, symbol))).toEqual(sorted(expected))
            }
          } finally {
            await own.remove()
          }
        }),
        { numRuns: 25 },
      )
    })

    it('keeps each part of a quote, and a type, where it stands alone, among hundreds of trades without any', async () => {
      const parts: Partial<Tick>[] = [
        { bid_price: 612.4, spread: null },
        { ask_price: 612.6, spread: null },
        { bid_size: 500 },
        { ask_size: 700 },
        { quote_time: at('09:59:59.000') },
        { trade_type: 'U' },
      ]
      const ticks = Array.from({ length: 600 }, (_, seq) => ({ ...tick({ seq }), ...(seq % 7 < 6 && parts[seq % 7]) }))
      expect(await bench.store.write(ticks)).toEqual({ stored: 600, duplicates: 0 })
      expect(await stored(bench.store)).toEqual(ticks)
    })

    it('keeps two trades of the same millisecond', async () => {
      const pair = [tick({ seq: 1 }), tick({ seq: 2 })]
      expect(await bench.store.write(pair)).toEqual({ stored: 2, duplicates: 0 })
      expect(await stored(bench.store)).toEqual(pair)
    })

    it('drops ticks sent again, in the same write, in a later one and after reopening', async () => {
      const ticks = [tick({ seq: 1 }), tick({ seq: 2, last_price: 612 })]
      expect(await bench.store.write([...ticks, ...ticks])).toEqual({ stored: 2, duplicates: 2 })
      expect(await bench.store.write(ticks)).toEqual({ stored: 0, duplicates: 2 })
      const store = await bench.reopen()
      expect(await store.write(ticks)).toEqual({ stored: 0, duplicates: 2 })
      expect(await stored(store)).toEqual(ticks)
    })

    it('tells sources apart', async () => {
      const pair = [tick({ source: 'alltick' }), tick({ source: 'infoway' })]
      expect(await bench.store.write(pair)).toEqual({ stored: 2, duplicates: 0 })
    })

    it('gives a different trade under a taken number the next free one', async () => {
      const [first, other, third] = [tick(), tick({ volume: 200 }), tick({ seq: 1, last_price: 613 })]
      expect(await bench.store.write([first, other, third])).toEqual({ stored: 3, duplicates: 0 })
      expect((await stored(bench.store)).map(({ seq, volume, last_price }) => [seq, volume, last_price])).toEqual([
        [0, 100, 612.5],
        [1, 200, 612.5],
        [2, 100, 613],
      ])
      await expectMinutes(bench.store, '00700.HK')
      expect((await bench.store.checkpoints())[0]!.seq).toBe(2)
    })

    it('gives the next free number downwards where there is none above', async () => {
      const last = MAX_SEQ
      expect(await bench.store.write([tick({ seq: last - 1n })])).toEqual({ stored: 1, duplicates: 0 })
      const pair = [tick({ seq: last, volume: 200 }), tick({ seq: last, volume: 300 })]
      expect(await bench.store.write(pair)).toEqual({ stored: 2, duplicates: 0 })
      expect(await bench.store.write(pair)).toEqual({ stored: 0, duplicates: 2 })
      expect((await stored(bench.store)).map(({ seq, volume }) => [seq, volume])).toEqual([
        [last - 2n, 300],
        [last - 1n, 100],
        [last, 200],
      ])
    })

    it('changes nothing when a history is sent again, cut anywhere and in any order', async () => {
      const cut = fc.array(anyTick, { minLength: 1, maxLength: 30 }).chain((ticks) =>
        fc.record({
          ticks: fc.constant(ticks),
          again: fc.shuffledSubarray(ticks),
          length: fc.integer({ min: 1, max: 10 }),
        }),
      )
      await fc.assert(
        fc.asyncProperty(cut, async ({ ticks, again, length }) => {
          const own = await makeBench()
          try {
            const { stored: count } = await own.store.write(ticks)
            const before = await collect(own.store.read({}))
            expect(before).toHaveLength(count)
            for (let i = 0; i < again.length; i += length) {
              const part = again.slice(i, i + length)
              expect(await own.store.write(part)).toEqual({ stored: 0, duplicates: part.length })
            }
            expect(await collect(own.store.read({}))).toEqual(before)
          } finally {
            await own.remove()
          }
        }),
        { numRuns: 25 },
      )
    })

    it('orders ticks by time and seq, not by arrival', async () => {
      const late = tick({ timestamp: at('09:59:59.000'), seq: 9 })
      await bench.store.write([tick({ seq: 2 }), tick({ seq: 1 })])
      await bench.store.write([late])
      expect((await stored(bench.store)).map(({ seq }) => seq)).toEqual([9, 1, 2])
    })

    it('keeps sequence numbers apart that are one double', async () => {
      const pair = [tick({ seq: 2n ** 53n }), tick({ seq: 2n ** 53n + 1n })]
      await bench.store.write(pair)
      expect((await stored(bench.store)).map(({ seq }) => seq)).toEqual([2n ** 53n, 2n ** 53n + 1n])
    })

    it('turns a tick that cannot be stored into a rejected record, and stores the rest', async () => {
      const good = tick({ seq: 1 })
      const wrong = [
        tick({ seq: 2n ** 64n - 1n }),
        { ...tick({ seq: 3 }), timestamp: Number.NaN },
        tick({ last_price: Number.NaN, seq: 4 }),
      ]
      expect(await bench.store.write([...wrong, good])).toEqual({ stored: 1, duplicates: 0 })
      expect(await stored(bench.store)).toEqual([good])
    })

    it('keeps nothing of a write that failed, not even in mind', async () => {
      const broken = { ...tick({ symbol: 'HSTECH', seq: 2 }), trade_type: {} } as unknown as Tick
      const whole = [tick({ symbol: '00005.HK', seq: 1 }), tick({ symbol: 'HSTECH', seq: 2 }), tick({ seq: 3 })]
      await expect(bench.store.write([tick({ seq: 3 }), tick({ symbol: 'HSI', seq: 1 }), broken])).rejects.toThrow()
      expect(await bench.store.checkpoints()).toEqual([])
      for (const one of whole) expect(await bench.store.write([one])).toEqual({ stored: 1, duplicates: 0 })
      const store = await bench.reopen()
      expect(await store.symbols()).toEqual(['00005.HK', '00700.HK', 'HSTECH'])
      for (const one of whole) expect(await collect(store.ticks(one.symbol, {}))).toEqual([one])
      expect(await collect(store.minutes('00700.HK', {}))).toMatchObject([{ trades: 1 }])
    })

    it('keeps the newest tick of each source and symbol as its checkpoint', async () => {
      await bench.store.write([tick({ seq: 5 }), tick({ seq: 4 }), tick({ symbol: 'HSI', seq: 2n ** 60n })])
      await bench.store.write([tick({ timestamp: at('09:59:00.000'), seq: 8 })])
      const store = await bench.reopen()
      expect((await store.checkpoints()).map(({ committed_at: _, ...rest }) => rest)).toEqual([
        { source: 'alltick', symbol: '00700.HK', timestamp: at('10:00:00.000'), seq: 5, covered_until: null },
        { source: 'alltick', symbol: 'HSI', timestamp: at('10:00:00.000'), seq: 2n ** 60n, covered_until: null },
      ])
    })

    it('keeps how far each symbol was heard, with ticks or without, and never goes back', async () => {
      const heard = (timestamp: number): MarketEvent => ({
        ...{ type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK', 'HSI'], timestamp },
      })
      await bench.store.write([tick({ seq: 5 }), heard(at('16:15:00.000')), heard(at('16:14:00.000'))])
      const store = await bench.reopen()
      expect((await store.checkpoints()).map(({ committed_at: _, ...rest }) => rest)).toEqual([
        {
          ...{ source: 'alltick', symbol: '00700.HK', timestamp: at('10:00:00.000'), seq: 5 },
          covered_until: at('16:15:00.000'),
        },
        {
          ...{ source: 'alltick', symbol: 'HSI', timestamp: null, seq: null },
          covered_until: at('16:15:00.000'),
        },
      ])
      expect(await collect(store.read({}))).toHaveLength(1)
    })

    it('keeps one-minute summaries equal to those of the ticks it holds', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(anyTick, { maxLength: 15 }), { maxLength: 5 }), async (batches) => {
          const own = await makeBench()
          try {
            for (const batch of batches) await own.store.write(batch)
            for (const batch of batches) await own.store.write(batch)
            const store = await own.reopen()
            for (const symbol of await store.symbols()) await expectMinutes(store, symbol)
          } finally {
            await own.remove()
          }
        }),
        { numRuns: 25 },
      )
    })

    it('gives columns equal to the ticks', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyTick, { maxLength: 40 }), async (ticks) => {
          const own = await makeBench()
          try {
            await own.store.write(ticks)
            for (const symbol of await own.store.symbols()) await expectColumns(own.store, symbol)
          } finally {
            await own.remove()
          }
        }),
        { numRuns: 25, examples: [[[tick({ turnover: 1_234_567_890_123.457 })]]] },
      )
    })

    it('reads across symbols in order of time and seq, a gap behind the ticks it follows', async () => {
      const [first, second] = [tick({ seq: 7 }), tick({ symbol: '09988.HK', seq: 3 })]
      const after = tick({ timestamp: at('10:00:05.000') })
      const book = quote({ timestamp: at('10:00:01.000') })
      const hole = gap()
      await bench.store.write([after, book, hole, first, second])
      expect(await collect(bench.store.read({}))).toEqual([second, first, hole, book, after])
      expect(await collect(bench.store.read({ types: ['tick'] }))).toEqual([second, first, after])
      expect(await collect(bench.store.read({ symbols: ['09988.HK'] }))).toEqual([second])
    })

    it('reads a gap of later days where it belongs, not with the first rows', async () => {
      const days = [0, 1, 2].map((day) => at('10:00:00.000') + day * DAY)
      const [first, second, third] = days.map((timestamp) => tick({ timestamp }))
      const [hole, later] = days.slice(1).map((from) => gap({ from, to: from + 5_000 }))
      await bench.store.write([first!, second!, third!, hole!, later!])
      expect(await collect(bench.store.read({}))).toEqual([first, second, hole, third, later])
    })

    it('reads from since, inclusive, to until, exclusive', async () => {
      const ticks = ['09:59:59.999', '10:00:00.000', '10:00:00.999', '10:00:01.000'].map((clock) =>
        tick({ timestamp: at(clock) }),
      )
      const span = { since: at('10:00:00.000'), until: at('10:00:01.000') }
      await bench.store.write(ticks)
      expect(await collect(bench.store.ticks('00700.HK', span))).toEqual(ticks.slice(1, 3))
      expect((await pieces(bench.store.columns('00700.HK', span))).map(({ length }) => length)).toEqual([2])
      expect(await collect(bench.store.read(span))).toEqual(ticks.slice(1, 3))
      expect(await collect(bench.store.minutes('00700.HK', span))).toHaveLength(1)
    })

    it('knows nothing of a symbol it never saw', async () => {
      expect(await stored(bench.store, '00001.HK')).toEqual([])
      expect(await pieces(bench.store.columns('00001.HK', {}))).toEqual([])
      expect(await collect(bench.store.minutes('00001.HK', {}))).toEqual([])
      expect(await bench.store.symbols()).toEqual([])
    })

    it('keeps quotes, and another book under the same number too', async () => {
      const [first, other] = [quote(), quote({ bids: [], asks: [[0.0123456789, 5]] })]
      await bench.store.write([first, other, first, other])
      expect(await collect((await bench.reopen()).read({ types: ['quote'] }))).toEqual([first, { ...other, seq: 2 }])
    })

    it('keeps a gap once, and what is learned about it later', async () => {
      await bench.store.write([gap(), gap(), gap({ symbol: null })])
      await bench.store.write([gap({ volume: 500 })])
      await bench.store.write([gap({ filled_by: 'second feed' }), gap()])
      const filled = gap({ volume: 500, filled_by: 'second feed' })
      expect(await bench.store.gaps({ symbols: ['00700.HK'] })).toEqual(
        expect.arrayContaining([filled, gap({ symbol: null })]),
      )
      expect(await bench.store.gaps({ symbols: ['09988.HK'] })).toEqual([gap({ symbol: null })])
      expect(await bench.store.gaps({})).toHaveLength(2)
    })

    it('takes no gap for backfilled whose minutes it has not got, and unlearns none that it has filled', async () => {
      await bench.store.write([gap({ filled_by: 'backfill' })])
      expect(await bench.store.gaps({})).toEqual([gap()])
      await bench.store.fill([vendorMinute()], [gap()])
      await bench.store.write([gap({ filled_by: 'backfill' }), gap()])
      expect(await (await bench.reopen()).gaps({})).toEqual([gap({ filled_by: 'backfill' })])
    })

    it('finds the gaps that meet a span', async () => {
      await bench.store.write([gap()])
      expect(await bench.store.gaps({ since: at('10:00:05.000') })).toHaveLength(1)
      expect(await bench.store.gaps({ since: at('10:00:05.001') })).toHaveLength(0)
      expect(await bench.store.gaps({ until: at('10:00:00.000') })).toHaveLength(0)
      expect(await bench.store.gaps({ until: at('10:00:00.001') })).toHaveLength(1)
    })

    it('keeps rejected records once, and takes status events without a word', async () => {
      const status = { type: 'status', source: 'alltick', symbol: null, state: 'up', timestamp: 0, detail: '' } as const
      const [one, other] = [rejected({ received_at: 1_700_000_000_000 }), rejected({ symbol: null, timestamp: null })]
      expect(await bench.store.write([one, other, status])).toEqual({ stored: 0, duplicates: 0 })
      expect(await bench.store.write([other, one])).toEqual({ stored: 0, duplicates: 0 })
      expect(await bench.store.write([])).toEqual({ stored: 0, duplicates: 0 })
      const store = await bench.reopen()
      expect(ordered(await collect(store.rejected()))).toEqual(ordered([one, other]))
    })

    it('gives thousands of rejected records back', async () => {
      const records = Array.from({ length: 2_500 }, (_, i) =>
        rejected({
          raw: `{"price":"-${i}"}`,
          symbol: i % 3 === 0 ? null : '00700.HK',
          timestamp: i % 2 ? at('10:00:00.000') : null,
        }),
      )
      await bench.store.write(records)
      expect(ordered(await collect((await bench.reopen()).rejected()))).toEqual(ordered(records))
    })

    it('puts a whole minute of a vendor in the place of its own, however often, and no tick', async () => {
      const [early, flagged] = [tick({ seq: 1 }), tick({ seq: 2, flags: ['odd_lot'] })]
      await bench.store.write([early, flagged, gap()])
      await bench.store.fill([vendorMinute({ volume: 300 })], [gap()])
      await bench.store.fill([vendorMinute({ volume: 500 })], [gap()])
      const store = await bench.reopen()
      expect(await collect(store.minutes('00700.HK', {}))).toEqual([vendorMinute({ volume: 500, left_out: 1 })])
      expect(await store.gaps({})).toEqual([gap({ filled_by: 'backfill' })])
      expect(await stored(store)).toEqual([early, flagged])
    })

    it('lets no late tick change a minute of a vendor, and keeps the tick', async () => {
      const late = tick({ timestamp: at('10:00:03.000'), seq: 9, volume: 700 })
      await bench.store.write([tick({ seq: 1 }), gap()])
      await bench.store.fill([vendorMinute()], [gap()])
      expect(await bench.store.write([late, gap()])).toEqual({ stored: 1, duplicates: 0 })
      const store = await bench.reopen()
      expect(await collect(store.minutes('00700.HK', {}))).toEqual([vendorMinute()])
      expect(await stored(store)).toHaveLength(2)
      expect(await store.gaps({})).toEqual([gap({ filled_by: 'backfill' })])
    })

    it('fills a hole that no recorder wrote down, and minutes and symbols without a trade', async () => {
      const hole = gap({ symbol: '09988.HK', cause: 'restart' })
      await bench.store.fill([vendorMinute({ symbol: '09988.HK' })], [hole])
      const store = await bench.reopen()
      expect(await store.gaps({})).toEqual([{ ...hole, filled_by: 'backfill' }])
      expect(await store.symbols()).toEqual(['09988.HK'])
      expect(await stored(store, '09988.HK')).toEqual([])
    })

    it('fills all or nothing', async () => {
      await bench.store.write([tick({ seq: 1 }), gap()])
      const broken = { ...vendorMinute({ start: at('10:01:00.000') }), open: null as unknown as number }
      await expect(bench.store.fill([vendorMinute(), broken], [gap()])).rejects.toThrow()
      expect(await bench.store.gaps({})).toEqual([gap()])
      await expectMinutes(bench.store, '00700.HK')
      await bench.store.write([tick({ timestamp: at('10:01:00.000') })])
      await expectMinutes(bench.store, '00700.HK')
    })

    it('fills while it is written to', async () => {
      const minute = (i: number) => at('10:00:00.000') + i * 60_000
      const calls = Array.from({ length: 20 }, (_, i) => [
        bench.store.write([tick({ timestamp: minute(i) }), gap({ from: minute(i), to: minute(i) })]),
        bench.store.fill([vendorMinute({ start: minute(i) })], [gap({ from: minute(i), to: minute(i) })]),
      ])
      await Promise.all(calls.flat())
      const store = await bench.reopen()
      expect(await stored(store)).toHaveLength(20)
      expect((await collect(store.minutes('00700.HK', {}))).map(({ origin }) => origin)).toEqual(
        Array(20).fill('backfill'),
      )
      expect((await store.gaps({})).every(({ filled_by }) => filled_by === 'backfill')).toBe(true)
    })

    it('keeps the newest comparison of a day with its vendor', async () => {
      const first = comparison()
      const again = comparison({ timestamp: at('17:00:00.000'), volume: 1_000, completeness: 1, minutes: null })
      await bench.store.putCompleteness([first, comparison({ symbol: 'HSI', volume: null, completeness: null })])
      await bench.store.putCompleteness([again])
      const store = await bench.reopen()
      expect(await store.completeness('00700.HK')).toEqual([again])
      expect(await store.completeness('HSI')).toEqual([comparison({ symbol: 'HSI', volume: null, completeness: null })])
      expect(await store.completeness('09988.HK')).toEqual([])
    })

    it('is sound', async () => {
      await bench.store.write([tick(), gap()])
      expect(await bench.store.integrity()).toEqual([])
    })

    it('gives the newest facts of an instrument', async () => {
      const facts = {
        name_en: 'TENCENT',
        name_zh: '騰訊控股',
        currency: 'HKD',
        lot_size: 100,
        kind: 'equity',
        vendor: 'alltick',
      } as const
      const old = { symbol: '00700.HK', date: '2026-11-19', prev_close: 610.5, vendor_code: '700.HK', ...facts }
      const recent = { ...old, date: '2026-11-20', prev_close: 612 }
      await bench.store.putInstruments([recent])
      await bench.store.putInstruments([old, recent])
      expect(await (await bench.reopen()).instruments()).toEqual([recent])
    })

    it('keeps numbers of health, where it has a place for them, the latest of a name and time, and forgets old ones', async () => {
      if (bench.store.putMetrics === undefined) return expect(bench.store.metrics).toBeUndefined()
      const metric = (time: number, name: string, value: number) => ({ time, name, value })
      const told = (store: Store, span = {}) => collect(store.metrics!(span))
      const first = [metric(1_000, 'cpu', 0.25), metric(1_000, 'reason.silent', 1), metric(2_000, 'cpu', 1e-300)]
      expect(await bench.store.putMetrics(first, 0)).toBe(true)
      expect(await bench.store.putMetrics([metric(2_000, 'cpu', 2 ** 53), metric(3_000, 'cpu', -1.5)], 1_000)).toBe(
        true,
      )
      const store = await bench.reopen()
      expect(await told(store)).toEqual([first[0], first[1], metric(2_000, 'cpu', 2 ** 53), metric(3_000, 'cpu', -1.5)])
      expect(await told(store, { since: 2_000, until: 3_000 })).toEqual([metric(2_000, 'cpu', 2 ** 53)])
      await store.putMetrics!([], 2_001)
      expect(await told(store)).toEqual([metric(3_000, 'cpu', -1.5)])
      expect(await store.symbols(), 'they are no market data').toEqual([])
    })

    it('gives thousands of numbers of health back, in order', async () => {
      if (bench.store.putMetrics === undefined) return expect(bench.store.metrics).toBeUndefined()
      const many = Array.from({ length: 12_000 }, (_, i) => ({ time: i >> 2, name: `n${i & 3}`, value: i }))
      await bench.store.putMetrics(many.toReversed(), 0)
      expect(await collect(bench.store.metrics!({}))).toEqual(many)
    })
  })
}

/** Ticks that no other shares its identity with. */
function distinct(ticks: readonly Tick[]): Tick[] {
  const found = new Map(ticks.map((each) => [`${each.symbol} ${each.timestamp} ${each.seq} ${each.source}`, each]))
  return [...found.values()]
}

function sorted(ticks: readonly Tick[]): Tick[] {
  return ticks.toSorted((a, b) => byTimeAndSeq(a, b) || (a.source < b.source ? -1 : 1))
}

function ordered(records: readonly Rejected[]): string[] {
  return records.map((record) => JSON.stringify(Object.entries(record).sort())).sort()
}

/** Open, high, low, close, volume and counts of every minute from the ticks themselves. */
async function expectMinutes(store: Store, symbol: string): Promise<void> {
  const ticks = await collect(store.ticks(symbol, {}))
  const minutes = await collect(store.minutes(symbol, {}))
  const starts = [...new Set(ticks.map((each) => minuteOf(each.timestamp)))]
  expect(minutes.map(({ start }) => start)).toEqual(starts)
  for (const minute of minutes) {
    const all = ticks.filter((each) => minuteOf(each.timestamp) === minute.start)
    const kept = all.filter((each) => !isLeftOut(each))
    expect(minute.trades).toBe(kept.length)
    expect(minute.left_out).toBe(all.length - kept.length)
    if (kept.length === 0) continue
    const prices = kept.map((each) => each.last_price)
    expect(minute).toMatchObject({
      symbol,
      open: prices[0],
      high: Math.max(...prices),
      low: Math.min(...prices),
      close: prices.at(-1),
      first_time: kept[0]!.timestamp,
      first_seq: kept[0]!.seq,
      last_time: kept.at(-1)!.timestamp,
      last_seq: kept.at(-1)!.seq,
      volume: symbol === 'HSI' ? null : kept.reduce((sum, each) => sum + each.volume!, 0),
      origin: 'ticks',
    })
    expect(minute.price_mills! / 1000).toBeCloseTo(
      prices.reduce((a, b) => a + b, 0),
      3,
    )
  }
}

async function expectColumns(store: Store, symbol: string): Promise<void> {
  const ticks = await collect(store.ticks(symbol, {}))
  const chunks = await pieces(store.columns(symbol, { book: true }))
  const joined = (name: 'timestamp' | 'last_price' | 'volume' | 'turnover' | 'bid_price' | 'ask_price') =>
    chunks.flatMap((chunk) => [...chunk[name]!])
  for (const name of ['timestamp', 'last_price', 'volume', 'turnover', 'bid_price', 'ask_price'] as const) {
    expect(joined(name)).toEqual(ticks.map((each) => each[name] ?? Number.NaN))
  }
  expect(chunks.flatMap(({ flags }) => [...flags])).toEqual(ticks.map(({ flags }) => flagMask(flags)))
}
