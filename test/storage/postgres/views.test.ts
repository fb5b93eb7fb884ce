import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres } from '../../../src/core/storage/postgres.ts'
import { dropSchema, isServed, newSchema, placeAt, sql } from '../../support/postgres.ts'
import { at, comparison, gap, quote, rejected, tick, vendorMinute } from '../sample.ts'

describe.skipIf(!isServed)('what other programs see of a PostgreSQL store', () => {
  const schema = newSchema()
  const rowsOf = (view: string) => sql(`SELECT to_jsonb(v) AS row FROM ${schema}.${view} v ORDER BY v`)
  const seen = async (view: string) => (await rowsOf(view)).map(({ row }) => row)

  beforeAll(async () => {
    const store = await openPostgres(placeAt(schema), { mode: 'record', now: () => at('10:00:09.000') })
    const book = { bid_price: 612, ask_price: 612.5, bid_size: 500, ask_size: 300, quote_time: at('09:59:59.875') }
    await store.write([
      tick({
        ...{ seq: 2n ** 53n + 1n, timestamp: at('10:00:00.123'), quote: book, side: 'buy', flags: ['odd_lot', 'late'] },
        received_at: at('10:00:00.130'),
      }),
      tick({ symbol: 'HSI', last_price: 20_000.5 }),
      quote(),
      gap({ symbol: null, filled_by: 'second feed' }),
      rejected({ raw: 'a\0b' }),
      { type: 'coverage', source: 'alltick', symbol: null, symbols: ['HSI'], timestamp: at('10:00:08.000') },
    ])
    await store.fill([vendorMinute({ start: at('10:01:00.000') })], [])
    await store.putCompleteness([comparison()])
    await store.putMetrics!([{ time: at('10:00:00.000'), name: 'cpu', value: 0.25 }], 0)
    await store.close()
  })
  afterAll(() => dropSchema(schema))

  it("has the tutorial's columns first in ticks, Hong Kong times, exact numbers", async () => {
    const columns = await sql(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name = 'ticks' ORDER BY ordinal_position`,
    )
    const names =
      'symbol timestamp last_price volume bid_price ask_price turnover bid_size ask_size quote_time value spread side phase trade_type flags seq source received_at'
    expect(columns.map(({ name }) => name).join(' ')).toBe(names)
    const [row] = await sql(`SELECT seq::text, timestamp::text FROM ${schema}.ticks WHERE symbol = '00700.HK'`)
    expect(row).toEqual({ seq: String(2n ** 53n + 1n), timestamp: '2026-11-20 10:00:00.123' })
    expect(await seen('ticks')).toMatchObject([
      {
        ...{ symbol: '00700.HK', last_price: 612.5, volume: 100, bid_price: 612, ask_price: 612.5, turnover: 61_250 },
        ...{ quote_time: '2026-11-20T09:59:59.875', value: 61_250, spread: 0.5, side: 'buy', phase: 'morning' },
        ...{ trade_type: null, flags: 'odd_lot,late', source: 'alltick', received_at: '2026-11-20T10:00:00.13' },
      },
      { symbol: 'HSI', last_price: 20_000.5, volume: null, turnover: null, value: null, flags: '' },
    ])
  })

  it('has quotes, minutes, gaps, rejected records, checkpoints and comparisons', async () => {
    expect(await seen('quotes')).toMatchObject([{ symbol: '00700.HK', asks: '[[612.5,300]]', phase: 'morning' }])
    expect(await seen('bars_1m')).toMatchObject([
      {
        symbol: '00700.HK',
        timestamp: '2026-11-20T10:01:00',
        open: 612,
        volume: 4_000,
        vwap: 612.5,
        origin: 'backfill',
      },
      { symbol: 'HSI', close: 20_000.5, volume: null, mean: 20_000.5, trades: 1 },
    ])
    expect(await seen('gaps')).toMatchObject([
      {
        source: 'alltick',
        symbol: null,
        gap_end: '2026-11-20T10:00:05',
        cause: 'disconnect',
        filled_by: 'second feed',
      },
    ])
    expect(await seen('rejected_ticks')).toMatchObject([{ symbol: '00700.HK', reason: 'price', raw: 'a\ufffdb' }])
    expect(await seen('checkpoints')).toMatchObject([
      { symbol: '00700.HK', timestamp: '2026-11-20T10:00:00.123', covered_until: null },
      { symbol: 'HSI', committed_at: '2026-11-20T10:00:09', covered_until: '2026-11-20T10:00:08' },
    ])
    expect(await seen('completeness')).toMatchObject([{ symbol: '00700.HK', vendor: 'alltick', completeness: 0.9 }])
    expect(await seen('instruments')).toEqual([])
    expect(await seen('metrics')).toEqual([{ timestamp: '2026-11-20T10:00:00', name: 'cpu', value: 0.25 }])
  })
})
