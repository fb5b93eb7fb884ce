import fc from 'fast-check'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Tick } from '../../../src/core/market/event.ts'
import { isAway, openPostgres } from '../../../src/core/storage/postgres.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { MemoryStore } from '../../support/memory-store.ts'
import { dropSchema, emptySchema, isServed, newSchema, placeAt, SERVER, sql } from '../../support/postgres.ts'
import { anyTick, collect, gap, tick } from '../sample.ts'

describe.skipIf(!isServed)('several writers of one PostgreSQL store', () => {
  async function stores(count: number): Promise<{ schema: string; all: Store[] }> {
    const schema = newSchema()
    // all at once: one makes the schema, the others wait for it
    const all = await Promise.all(
      Array.from({ length: count }, () => openPostgres(placeAt(schema), { mode: 'record' })),
    )
    onTestFinished(async () => {
      await Promise.all(all.map((store) => store.close()))
      await dropSchema(schema)
    })
    return { schema, all }
  }

  const content = async (store: Store) => {
    const ticks = (await collect(store.read({ types: ['tick'] }))) as Tick[]
    const minutes = []
    for (const symbol of await store.symbols()) {
      // a minute of left-out trades alone has no prices of its own
      for (const minute of await collect(store.minutes(symbol, {})))
        minutes.push(minute.trades === 0 ? { symbol, start: minute.start, left_out: minute.left_out } : minute)
    }
    const checkpoints = (await store.checkpoints()).map(({ committed_at: _, ...rest }) => rest)
    return { ticks: ticks.map(keyOf).sort(), minutes, checkpoints }
  }
  const keyOf = ({ symbol, timestamp, source, seq, last_price, volume }: Tick): string =>
    [symbol, timestamp, source, seq, last_price, volume].join(' ')

  /** Trades of one source, on the grid so that sums are exact in any order, no two under one key. */
  const history = fc.array(anyTick, { minLength: 1, maxLength: 60 }).map((ticks) => {
    const own = ticks.map((each) => ({ ...each, source: 'alltick', last_price: grid(each.last_price), turnover: null }))
    return [...new Map(own.map((each) => [`${each.symbol} ${each.timestamp} ${each.seq}`, each])).values()]
  })
  const grid = (price: number): number => (1_000 + Math.round(Math.min(price, 900) * 1_000)) / 1_000

  it('that write the same, or parts of it, at once leave the ticks, minutes and checkpoints of one writer', async () => {
    const { schema, all } = await stores(3)
    const shares = fc.array(fc.subarray([0, 1, 2], { minLength: 1 }), { minLength: 60, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(history, shares, fc.integer({ min: 1, max: 7 }), async (ticks, whose, length) => {
        const one = new MemoryStore()
        await one.write(ticks)
        await Promise.all(
          all.map(async (store, nth) => {
            const own = ticks.filter((_, i) => whose[i]!.includes(nth))
            for (let i = 0; i < own.length; i += length) await store.write(own.slice(i, i + length))
          }),
        )
        try {
          expect(await content(all[0]!)).toEqual(await content(one))
          expect(await all[0]!.integrity()).toEqual([])
        } finally {
          await emptySchema(schema)
        }
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })

  it('that tell different trades under one key keep them all, once each', async () => {
    const { all } = await stores(2)
    const trades = Array.from({ length: 50 }, (_, i) => tick({ seq: 1, volume: 100 + i }))
    const halves = [trades.slice(0, 30), trades.slice(20)]
    await Promise.all(halves.map((half, nth) => Promise.all(half.map((each) => all[nth]!.write([each])))))
    const stored = await collect(all[0]!.ticks('00700.HK', {}))
    expect(stored.map(({ volume }) => volume).sort()).toEqual(trades.map(({ volume }) => volume).sort())
    expect(stored.map(({ seq }) => seq)).toEqual(trades.map((_, i) => i + 1))
    expect(await collect(all[1]!.minutes('00700.HK', {}))).toMatchObject([{ trades: 50 }])
  })

  it('that tell different trades under few keys, in batches that overlap, keep them all, once each, and none when sent again', async () => {
    const { schema, all } = await stores(3)
    const trade = fc
      .tuple(fc.constantFrom('00700.HK', '00005.HK'), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }))
      .map(([symbol, seq, nth]) => tick({ symbol, seq, volume: 1_000 * seq + nth }))
    const batches = fc.array(fc.array(trade, { minLength: 1, maxLength: 8 }), { minLength: 3, maxLength: 30 })
    const idOf = ({ symbol, volume }: Tick): string => `${symbol} ${volume}`
    await fc.assert(
      fc.asyncProperty(batches, async (told) => {
        await Promise.all(told.map((batch, i) => all[i % 3]!.write(batch)))
        try {
          const stored = (await collect(all[0]!.read({ types: ['tick'] }))) as Tick[]
          expect(stored.map(idOf).sort()).toEqual([...new Set(told.flat().map(idOf))].sort())
          expect(await all[0]!.integrity()).toEqual([])
          for (const batch of told) expect(await all[1]!.write(batch)).toMatchObject({ stored: 0 })
        } finally {
          await emptySchema(schema)
        }
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })

  /** Another writer in mid-write, who has put in a trade of 00700.HK numbered 2, of so many shares. */
  async function another(schema: string, volume: number): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: SERVER })
    await client.connect()
    onTestFinished(() => client.end())
    await client.query(`SET search_path = ${schema}; BEGIN; INSERT INTO tick (time, seq, price, volume, symbol, source, marks)
      SELECT time, 2, price, ${volume}, symbol, source, marks FROM tick WHERE seq = 0`)
    return client
  }

  it('of other trades of the same symbol do not wait for one who is still putting his in', async () => {
    const { schema, all } = await stores(2)
    const [held, free] = all as [Store, Store]
    await free.write([tick({ seq: 0 })])
    const blocker = await another(schema, 100)
    const writing = held.write([tick({ seq: 1 }), tick({ seq: 2 })])
    await untilOneWaits(schema, 'tick')
    expect(await free.write([tick({ seq: 3 }), tick({ seq: 4 })])).toEqual({ stored: 2, duplicates: 0 })
    await blocker.query('ROLLBACK')
    expect(await writing).toEqual({ stored: 2, duplicates: 0 })
    expect(await collect(free.ticks('00700.HK', {}))).toEqual([0, 1, 2, 3, 4].map((seq) => tick({ seq })))
    expect(await free.integrity()).toEqual([])
  })

  it.each([
    ['the same trade first, tell it once', 500, 'COMMIT', [0, 500]],
    ['another trade under its number first, keep both', 700, 'COMMIT', [0, 700, 500]],
    ['it first and then undoes that, keep it', 500, 'ROLLBACK', [0, 500]],
  ])('who wait for one that has put in %s', async (_, volume, end, volumes) => {
    const { schema, all } = await stores(1)
    const [store] = all as [Store]
    await store.write([tick({ seq: 0, volume: 0 })])
    const other = await another(schema, volume)
    const writing = store.write([tick({ seq: 2, volume: 500 })])
    await untilOneWaits(schema, 'tick')
    await other.query(end)
    const stored = end === 'COMMIT' && volume === 500 ? 0 : 1
    expect(await writing).toEqual({ stored, duplicates: 1 - stored })
    expect((await collect(store.ticks('00700.HK', {}))).map((each) => each.volume)).toEqual(volumes)
  })

  it.each([
    ['when its ticks are in', 'symbol', 'SELECT FROM symbol FOR UPDATE'],
    ['when its minutes are in, too', 'checkpoint', 'UPDATE checkpoint SET committed = 1'],
  ])('go on when a backend is killed in mid-write, %s: the write is undone', async (_, table, locking) => {
    const { schema, all } = await stores(2)
    const [victim, other] = all as [Store, Store]
    await victim.write([tick({ seq: 0 })])
    const blocker = new pg.Client({ connectionString: SERVER })
    await blocker.connect()
    await blocker.query(`SET search_path = ${schema}; BEGIN; ${locking}`)
    const batch = Array.from({ length: 3_000 }, (_, seq) => tick({ seq }))
    const writing = victim.write([...batch, gap()]).then(
      () => null,
      (error: unknown) => error,
    )
    await untilOneWaits(schema, table)
    await sql(`SELECT pg_terminate_backend(pid) FROM (${waiting(schema, table)}) waiting`)
    const error = await writing
    expect(error).toMatchObject({ code: 'E_STORAGE' })
    expect(isAway(error)).toBe(true)
    await blocker.query('ROLLBACK')
    await blocker.end()
    expect(await collect(other.read({}))).toEqual([tick({ seq: 0 })])
    expect(await other.write([...batch, gap()])).toEqual({ stored: 2_999, duplicates: 1 })
    expect(await collect(other.ticks('00700.HK', {}))).toEqual(batch)
    expect(await other.integrity()).toEqual([])
  })
})

/** The backend that waits for a lock inside a statement on a table of this schema. */
function waiting(schema: string, table: string): string {
  return `SELECT DISTINCT pid FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE wait_event_type = 'Lock' AND relation = '${schema}.${table}'::regclass AND application_name = 'hkq'`
}

async function untilOneWaits(schema: string, table: string): Promise<void> {
  while ((await sql(waiting(schema, table))).length === 0);
}
