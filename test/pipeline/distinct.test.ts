import { describe, expect, it } from 'vitest'
import type { MarketEvent, Tick } from '../../src/core/market/event.ts'
import { DAY, MINUTE } from '../../src/core/market/time.ts'
import { Distinct, distinct } from '../../src/core/pipeline/distinct.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { workdir } from '../e2e/hkq.ts'
import { at, collect, gap, quote, tick } from '../storage/sample.ts'

async function* of(...batches: (readonly MarketEvent[])[]) {
  yield* batches
}
const seqs = (events: readonly MarketEvent[]) => events.map((event) => (event as Tick).seq)

describe('a stream that repeats itself', () => {
  it('gives each trade, quote and gap once, and the batch itself where nothing is repeated', async () => {
    const batch = [tick({ seq: 1 }), quote(), gap()]
    expect(new Distinct().take(batch)).toBe(batch)
    expect(await collect(distinct(of(batch, batch, [tick({ seq: 1 }), tick({ seq: 2 })])))).toEqual([
      ...batch,
      tick({ seq: 2 }),
    ])
  })

  it('tells apart symbol, time, number, source, price and volume, and nothing else', () => {
    const one = tick({ seq: 1 })
    const others = [
      tick({ seq: 1, symbol: '00005.HK' }),
      tick({ seq: 1, timestamp: one.timestamp + 1 }),
      tick({ seq: 9 }),
      tick({ seq: 1, source: 'infoway' }),
      tick({ seq: 1, last_price: 613 }),
      tick({ seq: 1, volume: 200 }),
    ]
    const seen = new Distinct()
    seen.take([one])
    expect(seen.take(others)).toHaveLength(others.length)
    expect(seen.take([one, ...others, { ...one, received_at: 1, flags: ['late'] }])).toEqual([])
  })

  it('numbers two trades of one identity as a store does', async () => {
    const trades = [5, 6, 5, 5, 5].map((seq, i) => tick({ seq, last_price: [1, 2, 3, 1, 3][i]! }))
    const store = await openSqlite(`${workdir()}/a.db`, { mode: 'record' })
    for (const trade of trades) await store.write([trade])
    const stored = await collect(store.read({}))
    await store.close()
    const seen = new Distinct()
    const given = trades.flatMap((trade) => seen.take([trade])) as Tick[]
    const prices = (events: readonly MarketEvent[]) =>
      (events as Tick[]).map(({ seq, last_price }) => [seq, last_price]).sort()
    expect(prices(given)).toEqual(prices(stored))
    expect(prices(given)).toEqual([
      [5, 1],
      [6, 2],
      [7, 3],
    ])
  })

  it('knows the newest trade of a symbol however old it is, and the minutes before the newest of all', () => {
    const seen = new Distinct()
    const old = [tick({ symbol: '00005.HK', seq: 1 }), tick({ symbol: '00005.HK', seq: 2 })]
    seen.take(old)
    const busy = Array.from({ length: 500 }, (_, i) => tick({ seq: i, timestamp: at('10:00') + i * MINUTE }))
    for (const trade of busy) seen.take([trade])
    expect(seen.take([...old, ...busy.slice(-10)])).toEqual([])
  })

  it('forgets what is far behind, also when its times do not move on', () => {
    const seen = new Distinct()
    const first = tick({ seq: 0 })
    seen.take([first, tick({ seq: 1, timestamp: first.timestamp + 1 })])
    for (let i = 0; i < 60; i++) seen.take([tick({ seq: i, timestamp: first.timestamp + i * MINUTE + 2 })])
    expect(seqs(seen.take([first]))).toEqual([0])
    const standing = new Distinct({ most: 1_000 })
    for (let i = 0; i < 3_000; i++) standing.take([tick({ seq: i })])
    expect(seqs(standing.take([first, tick({ seq: 2_999 })]))).toEqual([0])
  })

  it('is not led by a tick that claims to be of another year', () => {
    const seen = new Distinct()
    const trades = [tick({ seq: 1 }), tick({ seq: 2, timestamp: at('10:00:01') })]
    seen.take(trades)
    const astray = { ...tick({ seq: 9, timestamp: at('10:00') + 400 * DAY, received_at: at('10:00') }) }
    for (let i = 0; i < 3; i++) seen.take([{ ...astray, seq: i, flags: ['suspect_time'] }])
    expect(seen.take(trades)).toEqual([])
  })
})
