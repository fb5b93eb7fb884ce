import { expect, it } from 'vitest'
import { minuteOf } from '../../../src/core/bars/summary.ts'
import type { MarketEvent, Tick } from '../../../src/core/market/event.ts'
import type { InfluxStore } from '../../../src/core/storage/influxdb/store.ts'
import { InfluxStore as Stored } from '../../../src/core/storage/influxdb/store.ts'
import { type Wire, wireOf } from '../../../src/core/storage/influxdb/wire.ts'
import { Writer } from '../../../src/core/storage/influxdb/write.ts'
import { emptyDatabase, giveBack, openTest, targetAt, withInflux } from '../../support/influx.ts'
import { at, collect, gap, quote, rejected, tick } from '../sample.ts'

/** The requests of a write, by what stands in them. */
const REQUESTS = ['doubted_minutes', 'ticks', 'bars_1m'] as const
type Request = (typeof REQUESTS)[number]

/** What of a request reaches the server before the writer dies. */
const REACHES = ['none', 'the first half', 'the second half', 'all'] as const
type Reach = (typeof REACHES)[number]

/** Three minutes, two symbols, several trades of one millisecond, one of them twice under one number. */
const FIRST: readonly MarketEvent[] = [
  tick({ seq: 1 }),
  tick({ seq: 2, flags: ['odd_lot'] }),
  tick({ symbol: '09988.HK', seq: 1, last_price: 88.5 }),
  quote(),
  heard('10:00:01.000'),
]
const SECOND: readonly MarketEvent[] = [
  tick({ seq: 3, last_price: 613 }),
  tick({ seq: 3, last_price: 613, volume: 300 }),
  tick({ timestamp: at('10:00:59.999'), seq: 4, last_price: 611 }),
  tick({ timestamp: at('10:01:00.000'), seq: 5 }),
  tick({ timestamp: at('09:59:59.000'), seq: 6 }),
  tick({ symbol: '09988.HK', timestamp: at('10:02:00.000'), seq: 2, last_price: 88 }),
  quote({ bids: [[1, 2]] }),
  gap(),
  rejected(),
  heard('10:02:01.000'),
]

function heard(clock: string): MarketEvent {
  return { type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK', '09988.HK'], timestamp: at(clock) }
}

withInflux(() => {
  it('is whole again when a write that died anywhere is sent again', async () => {
    const whole = emptyDatabase()
    const store = await openTest(whole)
    await store.write(FIRST)
    await store.write(SECOND)
    const expected = await contents(store)
    await store.close()
    await giveBack(whole)
    for (const request of REQUESTS)
      for (const reach of REACHES) expect(await after(request, reach), `request ${request}, ${reach}`).toEqual(expected)
  })

  it('never shows a minute that lacks a tick it shows, though nobody sends the rest again', async () => {
    for (const request of REQUESTS) {
      for (const reach of REACHES) {
        const database = emptyDatabase()
        await dying(database, request, reach)
        const store = await openTest(database, 'read')
        await expectMinutesOfTicks(store)
        await store.close()
        const recorder = await openTest(database)
        await recorder.write([tick({ timestamp: at('10:05:00.000'), seq: 9 })])
        await expectMinutesOfTicks(recorder)
        await recorder.close()
        await giveBack(database)
      }
    }
  })

  it('goes on itself with what a write that failed has left behind', async () => {
    const database = emptyDatabase()
    const { store, plan } = await faulty(database)
    await store.write(FIRST)
    for (const [request, reach] of [
      ['doubted_minutes', 'none'],
      ['ticks', 'the first half'],
      ['ticks', 'all'],
    ] as const) {
      plan(request, reach)
      await expect(store.write(SECOND)).rejects.toThrow('gone')
    }
    plan(null, 'all')
    expect(await store.write(SECOND)).toEqual({ stored: 0, duplicates: 6 })
    await expectMinutesOfTicks(store)
    expect((await store.checkpoints()).map(({ seq }) => seq)).toEqual([5, 2])
    await store.close()
    await giveBack(database)
  })
})

/** What a store holds that died in a request of the second write, and was sent it again by the next run. */
async function after(request: Request, reach: Reach): Promise<unknown> {
  const database = emptyDatabase()
  await dying(database, request, reach)
  const store = await openTest(database)
  await store.write(SECOND)
  const held = await contents(store)
  await store.close()
  await giveBack(database)
  return held
}

async function dying(database: string, request: Request, reach: Reach): Promise<void> {
  const { store, plan } = await faulty(database)
  await store.write(FIRST)
  plan(request, reach)
  await expect(store.write(SECOND)).rejects.toThrow('gone')
}

/** A store that dies in the request that `plan` names. */
async function faulty(
  database: string,
): Promise<{ store: InfluxStore; plan: (request: Request | null, reach: Reach) => void }> {
  await (await openTest(database)).close()
  const real = wireOf(targetAt(database))
  let fatal: Request | null = null
  let reaches: Reach = 'all'
  const wire: Wire = {
    ...real,
    async write(lines) {
      if (fatal === null || !lines.some((line) => line.startsWith(`${fatal},`))) return real.write(lines)
      const half = Math.ceil(lines.length / 2)
      if (reaches === 'all') await real.write(lines)
      if (reaches === 'the first half') await real.write(lines.slice(0, half))
      if (reaches === 'the second half' && half < lines.length) await real.write(lines.slice(half))
      throw new Error('gone')
    },
  }
  const plan = (request: Request | null, reach: Reach): void => {
    fatal = request
    reaches = reach
  }
  return { store: new Stored(wire, new Writer(wire, () => 0)), plan }
}

async function contents(store: InfluxStore): Promise<unknown> {
  const symbols = await store.symbols()
  return {
    events: await collect(store.read({})),
    minutes: await Promise.all(symbols.map((symbol) => collect(store.minutes(symbol, {})))),
    checkpoints: await store.checkpoints(),
  }
}

async function expectMinutesOfTicks(store: InfluxStore): Promise<void> {
  for (const symbol of await store.symbols()) {
    const ticks = await collect(store.ticks(symbol, {}))
    const minutes = await collect(store.minutes(symbol, {}))
    const counted = minutes.map(({ start, trades, left_out }) => [start, trades! + left_out])
    expect(counted).toEqual([...countByMinute(ticks)])
  }
}

function countByMinute(ticks: readonly Tick[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { timestamp } of ticks) counts.set(minuteOf(timestamp), (counts.get(minuteOf(timestamp)) ?? 0) + 1)
  return counts
}
