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

  it.each([
    ['before it has stored anything', 'symbol', 'SELECT FROM symbol FOR UPDATE'],
    ['when its ticks and minutes are in', 'checkpoint', 'UPDATE checkpoint SET committed = 1'],
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
