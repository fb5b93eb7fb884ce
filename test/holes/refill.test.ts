import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { AllTickHttp } from '../../src/core/connection/vendors/alltick/http.ts'
import { HkqError } from '../../src/core/errors.ts'
import { refill } from '../../src/core/holes/backfill.ts'
import { BackgroundRefill } from '../../src/core/holes/background.ts'
import { heldOf } from '../../src/core/holes/held.ts'
import { inspect } from '../../src/core/holes/inspect.ts'
import { isComplete, reconcile } from '../../src/core/holes/reconcile.ts'
import type { Bar } from '../../src/core/market/bar.ts'
import type { Gap, Tick } from '../../src/core/market/event.ts'
import { MINUTE } from '../../src/core/market/time.ts'
import { openServer } from '../../src/core/server/server.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { storedBars } from '../../src/core/storage/stored-bars.ts'
import { collect, tick } from '../storage/sample.ts'
import { ManualClock, until } from '../support/manual-clock.ts'
import { at, fullDay, hole, minutesOf, sessions } from './held.ts'

const LATER = at('2027-06-01')

async function newStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-refill-'))
  const store = await openSqlite(join(folder, 'a.db'), { mode: 'record', now: () => LATER })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return store
}

/** Two trades a minute, prices and sizes different in each. */
function tape(dates: readonly string[], symbol = '00700.HK'): Tick[] {
  return dates.flatMap(fullDay).flatMap((start, i) =>
    [5_000, 40_000].map((ms, k) =>
      tick({
        symbol,
        timestamp: start + ms,
        seq: 2 * i + k,
        last_price: 600 + ((7 * i + 3 * k) % 50) / 5,
        volume: 100 * (1 + (i % 9)),
      }),
    ),
  )
}

/** A vendor that has seen these trades, and what it answers. */
async function vendor(ticks: readonly Tick[]): Promise<AllTickHttp> {
  const server = await openServer({ sessions })
  onTestFinished(() => server.close())
  await server.publish(ticks)
  return new AllTickHttp({ endpoint: server.url, plan: 'pro', clock: systemClock })
}

async function bars(store: Store, every: number): Promise<Bar[]> {
  const all: Bar[] = []
  for await (const batch of storedBars(store, '00700.HK', {}, { every, sessions })) all.push(...batch)
  return all
}

const outside = (gap: Gap) => (one: Tick) => one.timestamp <= gap.from || one.timestamp >= gap.to
const amounts = (list: readonly Bar[]) =>
  list.map(({ start, open, high, low, close, volume, turnover, has_gap }) => [
    start,
    open,
    high,
    low,
    close,
    volume,
    turnover,
    has_gap,
  ])

describe('a hole filled by its vendor', () => {
  const whole = tape(['2026-11-19', '2026-11-20'])
  const gap = hole('2026-11-20T10:00:40', '2026-11-20T10:10:05')

  it('leaves the bars that a store without it has, whole ones, and no tick', async () => {
    const [store, all] = [await newStore(), await newStore()]
    await all.write(whole)
    const kept = whole.filter(outside(gap))
    await store.write([...kept, gap])
    expect((await bars(store, 5 * MINUTE)).filter(({ has_gap }) => has_gap)).toHaveLength(2)
    const how = { store, inquiry: await vendor(whole), sessions, now: () => LATER }
    expect(await refill('00700.HK', [gap], how)).toEqual({ filled: [gap], refused: [] })
    for (const every of [MINUTE, 5 * MINUTE, 60 * MINUTE]) {
      expect(amounts(await bars(store, every))).toEqual(amounts(await bars(all, every)))
    }
    expect(await collect(store.ticks('00700.HK', {}))).toHaveLength(kept.length)
    const marked = (await bars(store, 30_000)).filter(({ has_gap }) => has_gap)
    expect(marked.length, 'bars of trades still lack them').toBeGreaterThan(0)
  })

  it('is known by trades that were stored after they were traded', async () => {
    const store = await newStore()
    const years = tick({ timestamp: at('5138-01-05T10:00'), seq: 9 })
    await store.write([tick({ timestamp: at('2026-11-20T10:00') }), years])
    expect(await heldOf(store, ['00700.HK'], sessions)).toMatchObject([{ newest: null }])
  })

  it('is a finding before and none after; its minutes are told apart', async () => {
    const store = await newStore()
    await store.write([...whole.filter(outside(gap)), gap])
    const look = async () => {
      const [held] = await heldOf(store, ['00700.HK'], sessions)
      return inspect(store, held!, {}, sessions, LATER)
    }
    const before = await look()
    expect(before.holes).toEqual([gap])
    expect(before.days[1]).toMatchObject({ date: '2026-11-20', missing: 565, unfilled: 1, backfilled_minutes: 0 })
    await refill('00700.HK', [gap], { store, inquiry: await vendor(whole), sessions, now: () => LATER })
    const after = await look()
    expect(after.holes).toEqual([{ ...gap, filled_by: 'backfill' }])
    expect(after.mismatches).toEqual([])
    expect(after.days[1]).toMatchObject({
      missing: 0,
      backfilled: 565,
      unfilled: 0,
      backfilled_minutes: 11,
      differing_minutes: 0,
    })
  })

  it("beyond the vendor's 500 bars stays, row and minutes as they were", async () => {
    const store = await newStore()
    const days = tape(['2026-11-18', '2026-11-19', '2026-11-20'])
    const old = hole('2026-11-18T10:00:40', '2026-11-18T10:10:05')
    await store.write([...days.filter(outside(old)), old])
    const before = await collect(store.minutes('00700.HK', {}))
    const { filled, refused } = await refill('00700.HK', [old], {
      store,
      inquiry: await vendor(days),
      sessions,
      now: () => LATER,
    })
    expect(filled).toEqual([])
    expect(refused).toEqual([
      {
        gap: old,
        reason: expect.stringMatching(/^beyond the vendor's 500 bars, which begin at 2026-11-19 \d\d:\d\d$/),
        later: false,
      },
    ])
    expect(await store.gaps({})).toEqual([old])
    expect(await collect(store.minutes('00700.HK', {}))).toEqual(before)
  })

  it('in which the vendor, a relay, was lost itself is not filled by half of it', async () => {
    const store = await newStore()
    await store.write([...whole.filter(outside(gap)), gap])
    const server = await openServer({ sessions })
    onTestFinished(() => server.close())
    const lost = hole('2026-11-20T10:04:40', '2026-11-20T10:06:05', { source: 'relay' })
    const [before, after] = [
      whole.filter(({ timestamp }) => timestamp <= lost.from),
      whole.filter(({ timestamp }) => timestamp >= lost.to),
    ]
    await server.publish([...before, lost, ...after])
    const inquiry = new AllTickHttp({ endpoint: server.url, plan: 'pro', clock: systemClock })
    const { filled, refused } = await refill('00700.HK', [gap], { store, inquiry, sessions, now: () => LATER })
    expect([filled, refused[0]!.reason]).toEqual([[], "beyond the vendor's 500 bars, which begin at 2026-11-20 10:07"])
  })
})

describe('a store beside its vendor', () => {
  const day = sessions.day(at('2026-11-20T10:00'))!
  const whole = tape(['2026-11-20'])

  async function compared(kept: readonly Tick[], symbol = '00700.HK', all = whole) {
    const store = await newStore()
    await store.write(kept)
    const how = { store, inquiry: await vendor(all), vendor: 'alltick', sessions, now: () => LATER }
    const [row] = await reconcile(symbol, [day], how)
    return row!
  }

  it('is complete with every trade, an odd lot included', async () => {
    const row = await compared(whole.map((one, i) => (i === 50 ? { ...one, flags: ['odd_lot' as const] } : one)))
    expect(row).toMatchObject({
      completeness: 1,
      minutes: 330,
      vendor: 'alltick',
      date: '2026-11-20',
      timestamp: LATER,
    })
    expect(row.turnover).toBe(row.vendor_turnover)
    expect(isComplete(row)).toBe(true)
  })

  it('of a feed that passes on each second trade alone is not, though no gap tells', async () => {
    const row = await compared(whole.filter((_, i) => i % 2 === 1))
    expect(row.completeness).toBeCloseTo(0.5, 3)
    expect(row).toMatchObject({ minutes: 330, differing: 330 })
    expect(isComplete(row)).toBe(false)
  })

  it('is not complete without its highest trade, be the volume what it may', async () => {
    const high = whole.reduce((a, b) => (b.last_price > a.last_price ? b : a)).last_price
    const row = await compared(
      whole.map((one) => (one.last_price === high ? { ...one, last_price: high - 1, turnover: one.turnover } : one)),
    )
    expect(row.completeness).toBe(1)
    expect(row.high).toBeLessThan(row.vendor_high!)
    expect(isComplete(row)).toBe(false)
  })

  it('of an index is judged by its prices', async () => {
    const index = tape(['2026-11-20'], 'HSI').map((one) => ({ ...one, volume: null, turnover: null, value: null }))
    expect(isComplete(await compared(index, 'HSI', index))).toBe(true)
    const row = await compared(index.slice(0, -4), 'HSI', index)
    expect(row).toMatchObject({ volume: null, completeness: null })
    expect(isComplete(row)).toBe(false)
  })
})

describe('filling beside a recording', () => {
  const present = at('2026-11-20T10:10:10')
  const gap = hole('2026-11-20T10:08:40', '2026-11-20T10:10:05')
  const bars = minutesOf('2026-11-20T09:30', '2026-11-20T10:20').map((time) => ({
    time,
    open: 1,
    high: 1,
    low: 1,
    close: 1,
    volume: 100,
    turnover: 100,
  }))

  async function beside(answer: (call: number) => Promise<typeof bars> = async () => bars) {
    const clock = new ManualClock(present)
    const [ended, store] = [new AbortController(), await newStore()]
    const told = { calls: [] as number[], filled: [] as Gap[], trouble: [] as string[] }
    const klines = (): Promise<typeof bars> => {
      told.calls.push(clock.now())
      return answer(told.calls.length)
    }
    const background = new BackgroundRefill({
      ...{ store, sessions, clock, signal: ended.signal, now: () => clock.now(), inquiry: { klines, maxBars: 500 } },
      onFilled: (one) => told.filled.push(one),
      onTrouble: (line) => told.trouble.push(line),
    })
    const done = background.run()
    onTestFinished(() => ended.abort())
    const end = (): Promise<void> => {
      ended.abort()
      return done
    }
    return { clock, store, background, told, end }
  }

  it('asks when the last minute of the hole is over and the vendor had time to write it, not before', async () => {
    const { clock, background, told, store, end } = await beside()
    background.add([gap])
    await clock.advance(50_000)
    expect(told.calls).toEqual([])
    await clock.advance(10_000)
    await until(() => told.filled.length > 0)
    expect(told).toMatchObject({ filled: [gap], trouble: [] })
    expect(told.calls).toHaveLength(1)
    expect(told.calls[0]).toBeGreaterThanOrEqual(at('2026-11-20T10:11:05'))
    expect(await store.gaps({})).toEqual([{ ...gap, filled_by: 'backfill' }])
    await end()
  })

  it('tells a vendor that does not answer once, tries again more and more seldom, and fills in the end', async () => {
    const { clock, background, told, end } = await beside(async (call) => {
      if (call < 4) throw new HkqError('E_NETWORK', 'no data')
      return bars
    })
    background.add([gap])
    await clock.advance(30 * MINUTE)
    await until(() => told.filled.length > 0)
    const pauses = told.calls.slice(1).map((time, i) => Math.round((time - told.calls[i]!) / MINUTE))
    expect(pauses).toEqual([1, 2, 4])
    expect(told.trouble).toEqual(['holes stay for now: no data'])
    await end()
  })

  it('keeps the newest holes in mind where none can be filled for long, and says so once', async () => {
    let isAnswering = false
    const { clock, background, told, store, end } = await beside(async () => {
      if (!isAnswering) throw new HkqError('E_NETWORK', 'no data')
      return bars
    })
    const start = at('2026-11-20T09:31')
    const many = Array.from({ length: 2_200 }, (_, i) => ({
      ...gap,
      from: start + i * 1_000,
      to: start + i * 1_000 + 500,
    }))
    for (const one of many) {
      await store.write([one])
      background.add([one])
    }
    await clock.advance(2_000)
    expect(told.trouble.filter((line) => line.startsWith('too many'))).toEqual([
      'too many holes of 00700.HK wait: hkq verify --backfill fills the older ones',
    ])
    isAnswering = true
    await clock.advance(30 * MINUTE)
    await until(() => told.filled.length > 0)
    expect(told.filled.length).toBeLessThanOrEqual(1_000)
    expect(told.filled).toEqual(many.slice(-told.filled.length))
    expect((await store.gaps({})).filter(({ filled_by }) => filled_by === null)).toEqual(
      many.slice(0, -told.filled.length),
    )
    await end()
  })

  it('says of a hole of this run why it stays, and of those of earlier runs nothing', async () => {
    const { clock, background, told, end } = await beside()
    const old = hole('2026-11-19T10:00', '2026-11-19T10:01')
    background.resume([old])
    await clock.advance(2_000)
    await until(() => told.calls.length > 0)
    await clock.advance(2_000)
    expect(told.trouble).toEqual([])
    background.add([{ ...old, cause: 'stale' }])
    await clock.advance(2_000)
    await until(() => told.trouble.length > 0)
    expect(told.trouble).toEqual([
      "1 hole of 00700.HK cannot be filled: beyond the vendor's 500 bars, which begin at 2026-11-20 09:30",
    ])
    await clock.advance(60 * MINUTE)
    expect(told.calls, 'what cannot be filled is not asked for again').toHaveLength(2)
    await end()
  })

  it('passes over what is no hole, and ends with the signal whatever waits', async () => {
    const { clock, background, told, end } = await beside(() => new Promise(() => {}))
    background.add([
      { ...gap, filled_by: 'second feed' },
      hole('2026-11-20T12:10', '2026-11-20T12:20'),
      { ...gap, symbol: null },
    ])
    await clock.advance(5 * MINUTE)
    expect(told.calls).toEqual([])
    await end()
  })
})
