import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { begin, beginningOf } from '../../src/core/dashboard/beginning.ts'
import { Desk } from '../../src/core/dashboard/desk.ts'
import { StoredHistory } from '../../src/core/dashboard/history.ts'
import { LENGTHS } from '../../src/core/dashboard/intervals.ts'
import { PastReader } from '../../src/core/dashboard/past.ts'
import { type ChartBar, INTERVALS, type Interval } from '../../src/core/dashboard/protocol.ts'
import { type Show, type ShowContext, showArchive, showStore } from '../../src/core/dashboard/show.ts'
import type { Tick } from '../../src/core/market/event.ts'
import { DAY, HOUR, MINUTE } from '../../src/core/market/time.ts'
import { storedBars } from '../../src/core/storage/stored-bars.ts'
import { at, gap, tick, vendorMinute } from '../storage/sample.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'
import { Disk, MemoryStore } from '../support/memory-store.ts'
import { looking, sessions } from './support.ts'

const SYMBOL = '00700.HK'
const ALWAYS = Number.POSITIVE_INFINITY
const NAMED = { name: 'a.db' }

/** Trades of three days in the order in which they are committed, late by 5 s at most; those out of session are flagged before they are stored. */
const trades = fc
  .array(
    fc.record({
      day: fc.constantFrom(-4, -1, 0, 0, 0, 0),
      time: fc.oneof(
        fc.integer({ min: at('09:20:00'), max: at('12:00:02') }),
        fc.integer({ min: at('13:00:00'), max: at('16:09:59') }),
        fc.integer({ min: at('15:58:00'), max: at('16:09:59') }),
      ),
      last_price: fc.integer({ min: 100, max: 999 }),
      volume: fc.integer({ min: 1, max: 1_000 }),
      late: fc.constantFrom(0, 0, 0, 5_000),
    }),
    { minLength: 1, maxLength: 150 },
  )
  .map((parts) =>
    parts
      .filter(({ time }) => sessions.tradesAt(time))
      .map(({ day, time, late, ...rest }, seq) => ({ tick: tick({ ...rest, seq, timestamp: time + day * DAY }), late }))
      .sort((a, b) => a.tick.timestamp + a.late - (b.tick.timestamp + b.late))
      .map((one) => one.tick),
  )
  .filter((ticks) => ticks.length > 0)

const bare = ({ final: _, ...bar }: ChartBar) => bar

/** What the store itself makes of all it holds. */
async function stored(disk: Disk, every: Interval) {
  const bars: Omit<ChartBar, 'final'>[] = []
  for await (const batch of storedBars(new MemoryStore(disk), SYMBOL, {}, { every: LENGTHS[every], sessions })) {
    for (const { type: _, symbol: __, mean: ___, revision: ____, final: _____, ...bar } of batch) bars.push(bar)
  }
  return bars
}

function contextOf(clock: ManualClock, stop: AbortController): ShowContext {
  return { symbols: [], sessions, settings: { sessions }, clock, signal: stop.signal }
}

/** Looks at a show, from the moment at which symbols may be asked for. */
async function lookAt({ desk, past, now, ready }: Show) {
  await ready
  return looking({ desk, past, now, ready, isRecorded: true })
}

const settle = async (clock: ManualClock): Promise<void> => {
  await clock.advance(300)
  for (let i = 0; i < 10; i++) await turn()
}

describe('history and what comes after it', () => {
  it('meet without a hole and without a double, whenever the server starts and the page opens', async () => {
    await fc.assert(
      fc.asyncProperty(
        trades,
        fc.constantFrom(...INTERVALS),
        fc.nat(100),
        fc.nat(100),
        async (events, every, startsAt, opensAt) => {
          const [disk, clock, stop] = [new Disk(), new ManualClock(at('18:00:00')), new AbortController()]
          const recorder = new MemoryStore(disk)
          const first = Math.floor((events.length * startsAt) / 100)
          const second = first + Math.floor(((events.length - first) * opensAt) / 100)
          await recorder.write(events.slice(0, first))
          const show = await showStore(new MemoryStore(disk), NAMED, contextOf(clock, stop))
          const view = await lookAt(show)
          await settle(clock)
          for (let i = first; i < second; i += 7) {
            await recorder.write(events.slice(i, Math.min(second, i + 7)))
            await settle(clock)
          }
          await view.watch(SYMBOL, every)
          await view.paint()
          for (let i = second; i < events.length; i += 7) {
            await recorder.write(events.slice(i, i + 7))
            await settle(clock)
            if (i % 2 === 0) await view.paint()
          }
          await settle(clock)
          if (second > 0) {
            await view.paint()
            expect(view.page.chart.map(bare)).toEqual(await stored(disk, every))
            const numbers = view.page.ticks.map(({ nth }) => nth)
            expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i))
            expect(view.page.ticks.length).toBeGreaterThanOrEqual(Math.min(100, events.length))
          }
          await view.leave()
          stop.abort()
          await clock.advance(20_000)
          await show.close()
        },
      ),
      { numRuns: 120 },
    )
  })

  it('can be gone through page by page to the beginning, at every interval', async () => {
    await fc.assert(
      fc.asyncProperty(
        trades,
        fc.constantFrom(...INTERVALS),
        fc.integer({ min: 1, max: 9 }),
        async (events, every, page) => {
          const [disk, desk] = [new Disk(), new Desk(sessions)]
          const store = new MemoryStore(disk)
          await store.write(events)
          const newest = Math.max(...events.map(({ timestamp }) => timestamp))
          const beginning = await beginningOf(store, newest - 10 * MINUTE, sessions)
          await begin(desk, store, [SYMBOL], beginning)
          for await (const batch of store.read({ since: beginning.seam })) desk.apply(batch, newest)
          const past = new PastReader(desk, new StoredHistory(store, sessions), () => newest, page)
          const sheet = desk.sheets.get(SYMBOL)!
          const bars: ChartBar[] = []
          for (let more = true, before = ALWAYS; more; ) {
            const older = (await past.older(sheet, every, before, () => newest)).past
            expect(older.bars.length).toBeLessThanOrEqual(page)
            if (older.more) expect(older.bars.length).toBeGreaterThan(0)
            bars.unshift(...older.bars)
            before = older.bars[0]?.start ?? before
            more = older.more
          }
          expect(bars.map(bare)).toEqual(await stored(disk, every))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('opens with the last hundred ticks of a quiet symbol, however long ago they were', async () => {
    const disk = new Disk()
    const store = new MemoryStore(disk)
    const quiet = (i: number, day: number): Tick =>
      tick({ symbol: 'HSI', volume: null, seq: i, timestamp: at('09:30:00') + day * DAY + i * 10_000 })
    await store.write(Array.from({ length: 70 }, (_, i) => quiet(i, -3)))
    await store.write(Array.from({ length: 150 }, (_, i) => quiet(i, -1)))
    await store.write([tick({ timestamp: at('15:00:00') })])
    const [clock, stop] = [new ManualClock(at('18:00:00')), new AbortController()]
    const show = await showStore(store, NAMED, contextOf(clock, stop))
    const view = await lookAt(show)
    await view.watch('HSI', '1m')
    expect(view.page.ticks.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 100 }, (_, i) => quiet(50 + i, -1).timestamp),
    )
    expect(view.page.ticks.map(({ nth }) => nth)).toEqual(Array.from({ length: 100 }, (_, i) => i - 99))
    expect(view.page.rows.get('HSI')).toMatchObject({ timestamp: quiet(149, -1).timestamp })
    await view.leave()
    stop.abort()
    await clock.advance(20_000)
    await show.close()
  })

  it('has the close of the day before from the store', async () => {
    const store = new MemoryStore(new Disk())
    await store.write([
      tick({ timestamp: at('15:59:00') - DAY, last_price: 590, seq: 1 }),
      tick({ timestamp: at('16:08:30') - DAY, last_price: 595, seq: 2 }),
      tick({ timestamp: at('10:00:00'), last_price: 600, seq: 3 }),
    ])
    const desk = new Desk(sessions)
    await begin(desk, store, [SYMBOL], await beginningOf(store, at('09:50:00'), sessions))
    for await (const batch of store.read({ since: at('09:50:00') })) desk.apply(batch, at('10:00:00'))
    expect(desk.sheets.get(SYMBOL)!.row(-1)).toMatchObject({ prev_close: 595, last_price: 600 })
  })

  it('takes a vendor’s minutes in when they fill a hole while the page is open', async () => {
    const [disk, clock, stop] = [new Disk(), new ManualClock(at('10:10:00')), new AbortController()]
    const recorder = new MemoryStore(disk)
    const hole = gap({ from: at('10:01:00'), to: at('10:02:30') })
    await recorder.write([
      tick({ timestamp: at('10:00:30'), last_price: 600 }),
      tick({ timestamp: at('10:01:00'), seq: 1 }),
    ])
    await recorder.write([hole, tick({ timestamp: at('10:02:40'), seq: 2, last_price: 600 })])
    const show = await showStore(new MemoryStore(disk), NAMED, contextOf(clock, stop))
    const view = await lookAt(show)
    await settle(clock)
    await view.watch(SYMBOL, '1m')
    await view.paint()
    expect(view.page.chart.map(({ has_gap }) => has_gap)).toEqual([false, true, true])
    const whole = { high: 700, close: 600, low: 599, volume: 5_000 }
    const filling = [at('10:01:00'), at('10:02:00')].map((start) => vendorMinute({ start, ...whole }))
    await recorder.fill(filling, [hole])
    await clock.advance(11_000)
    await settle(clock)
    await view.paint()
    expect(view.page.chart.map(bare)).toEqual(await stored(disk, '1m'))
    expect(view.page.chart.map(({ has_gap }) => has_gap)).toEqual([false, false, false])
    expect([...view.page.gaps.values()]).toMatchObject([{ filled_by: 'backfill' }])
    expect(view.page.rows.get(SYMBOL)).toMatchObject({ high: 700, volume: 10_100 })
    await view.leave()
    stop.abort()
    await clock.advance(20_000)
    await show.close()
  })

  it('reads an archive once, keeps it open to be asked, and has ended then', async () => {
    const store = new MemoryStore(new Disk())
    for (let i = 0; i < 5; i++) await store.write([tick({ timestamp: at('10:00:00') - i * DAY, seq: i })])
    const [clock, stop] = [new ManualClock(at('18:00:00')), new AbortController()]
    const show = await showArchive(store, contextOf(clock, stop))
    await show.done
    const view = await lookAt(show)
    await view.watch(SYMBOL, '1d')
    expect(view.page.chart).toHaveLength(5)
    await view.leave()
    stop.abort()
    await clock.advance(HOUR)
    await show.close()
  })
})
