import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MarketEvent, Tick } from '../../../src/core/market/event.ts'
import { formatLocal } from '../../../src/core/market/time.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { anyTick, at, comparison, gap, quote, rejected, tick, vendorMinute } from '../sample.ts'

describe('what other people query', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-views-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  /** Rows of `sql` on a store that holds `events`. */
  async function query(
    events: readonly MarketEvent[],
    sql: string,
    more: (store: Store) => unknown = () => {},
  ): Promise<Record<string, unknown>[]> {
    const path = join(directory, `${Math.random()}.db`)
    const store = await openSqlite(path, { mode: 'record', now: () => at('10:00:09.000') })
    await store.write(events)
    await more(store)
    await store.close()
    const db = new Sqlite(path, { readonly: true })
    try {
      return db.prepare<[], Record<string, unknown>>(sql).all()
    } finally {
      db.close()
    }
  }

  it("finds the tutorial's columns first, with its types, in order of time and seq", async () => {
    const book = { bid_price: 612, ask_price: 612.5, bid_size: 500, ask_size: 300, quote_time: at('09:59:59.500') }
    const late = tick({ timestamp: at('09:59:59.007'), seq: 9, quote: book })
    const rows = await query(
      [tick({ seq: 2 }), tick({ seq: 1, last_price: 612.123456 }), tick({ symbol: '09988.HK' }), late],
      "SELECT * FROM ticks WHERE symbol='00700.HK'",
    )
    expect(Object.keys(rows[0]!).slice(0, 6)).toEqual([
      'symbol',
      'timestamp',
      'last_price',
      'volume',
      'bid_price',
      'ask_price',
    ])
    expect(rows.map((row) => Object.values(row).slice(0, 6))).toEqual([
      ['00700.HK', '2026-11-20 09:59:59.007', 612.5, 100, 612, 612.5],
      ['00700.HK', '2026-11-20 10:00:00.000', 612.123456, 100, null, null],
      ['00700.HK', '2026-11-20 10:00:00.000', 612.5, 100, null, null],
    ])
  })

  it('shows in `ticks` what a tick holds, whatever its numbers', async () => {
    const hour = 3_600_000
    const apart = fc
      .array(anyTick, { minLength: 1, maxLength: 60 })
      .map((ticks) => ticks.map((any, i) => ({ ...any, timestamp: any.timestamp + i * hour })))
    await fc.assert(
      fc.asyncProperty(apart, async (ticks) => {
        const sql = 'SELECT *, CAST(seq AS TEXT) AS seq, typeof(seq) AS seq_type FROM ticks ORDER BY timestamp'
        expect(await query(ticks, sql)).toEqual(ticks.map((any) => ({ ...shown(any), seq_type: 'integer' })))
      }),
      { numRuns: 5 },
    )
  })

  it('searches a symbol by its key, and needs no sorting for it', async () => {
    const plan = await query([tick()], "EXPLAIN QUERY PLAN SELECT * FROM ticks WHERE symbol = '00700.HK'")
    const details = plan.map(({ detail }) => detail).join('; ')
    expect(details).toContain('SEARCH tick USING PRIMARY KEY (symbol=?)')
    expect(details).not.toContain('TEMP B-TREE')
  })

  it('shows quotes', async () => {
    expect(await query([quote({ received_at: at('10:00:00.020') })], 'SELECT * FROM quotes')).toEqual([
      {
        symbol: '00700.HK',
        timestamp: '2026-11-20 10:00:00.000',
        bids: '[[612,500],[611.5,1200]]',
        asks: '[[612.5,300]]',
        phase: 'morning',
        seq: 1,
        source: 'alltick',
        received_at: '2026-11-20 10:00:00.020',
      },
    ])
  })

  it('shows one-minute bars without the ticks that bars leave out', async () => {
    const ticks = [
      tick({ seq: 1, last_price: 612 }),
      tick({ seq: 2, last_price: 614, volume: 300 }),
      tick({ seq: 3, last_price: 999, flags: ['odd_lot'] }),
      tick({ timestamp: at('10:01:00.000'), last_price: 999, flags: ['late'] }),
    ]
    expect(await query(ticks, 'SELECT * FROM bars_1m')).toEqual([
      {
        symbol: '00700.HK',
        timestamp: '2026-11-20 10:00:00.000',
        open: 612,
        high: 614,
        low: 612,
        close: 614,
        volume: 400,
        turnover: 245_400,
        vwap: 613.5,
        mean: 613,
        trades: 2,
        left_out: 1,
        origin: 'ticks',
      },
    ])
  })

  it('shows gaps, of one symbol and of all', async () => {
    const rows = await query(
      [gap({ symbol: null, volume: 700 }), gap({ from: at('10:00:01.000') })],
      'SELECT * FROM gaps ORDER BY gap_start',
    )
    expect(rows).toEqual([
      {
        source: 'alltick',
        symbol: null,
        gap_start: '2026-11-20 10:00:00.000',
        gap_end: '2026-11-20 10:00:05.000',
        cause: 'disconnect',
        volume: 700,
        filled_by: null,
      },
      expect.objectContaining({ symbol: '00700.HK', gap_start: '2026-11-20 10:00:01.000', volume: null }),
    ])
  })

  it('shows a rejected record once, with its reason and raw payload', async () => {
    const unknown = rejected({ symbol: null, timestamp: null, reason: 'malformed', raw: 'ping' })
    const rows = await query([rejected(), rejected(), unknown, unknown], 'SELECT * FROM rejected_ticks ORDER BY raw')
    expect(rows.map((row) => [row.symbol, row.timestamp, row.reason, row.raw])).toEqual([
      [null, null, 'malformed', 'ping'],
      ['00700.HK', '2026-11-20 10:00:00.000', 'price', '{"price":"-1"}'],
    ])
  })

  it('keeps the payload of a tick whose sequence number no 64-bit integer holds', async () => {
    const rows = await query([tick({ seq: 2n ** 64n - 1n })], 'SELECT * FROM rejected_ticks')
    expect(rows).toHaveLength(1)
    expect(JSON.parse(String(rows[0]!.raw))).toMatchObject({ seq: '18446744073709551615', last_price: 612.5 })
  })

  it('keeps different trades that share the largest 64-bit sequence number', async () => {
    const last = 2n ** 63n - 1n
    const twins = [tick({ seq: last, volume: 100 }), tick({ seq: last, volume: 200 }), tick({ seq: last, volume: 300 })]
    const sql = 'SELECT CAST(seq AS TEXT) AS seq, volume FROM ticks ORDER BY volume'
    expect(await query([...twins, ...twins], sql)).toEqual([
      { seq: '9223372036854775807', volume: 100 },
      { seq: '9223372036854775806', volume: 200 },
      { seq: '9223372036854775805', volume: 300 },
    ])
  })

  it('shows checkpoints', async () => {
    expect(await query([tick({ seq: 5 })], 'SELECT * FROM checkpoints')).toEqual([
      {
        source: 'alltick',
        symbol: '00700.HK',
        timestamp: '2026-11-20 10:00:00.000',
        seq: 5,
        committed_at: '2026-11-20 10:00:09.000',
        covered_until: null,
      },
    ])
    const heard: MarketEvent = {
      ...{ type: 'coverage', source: 'alltick', symbol: null, symbols: ['00700.HK', '08888.HK'] },
      timestamp: at('16:15:00.000'),
    }
    expect(
      await query([tick({ seq: 5 }), heard], 'SELECT symbol, timestamp, seq, covered_until FROM checkpoints'),
    ).toEqual([
      {
        ...{ symbol: '00700.HK', timestamp: '2026-11-20 10:00:00.000', seq: 5 },
        covered_until: '2026-11-20 16:15:00.000',
      },
      { symbol: '08888.HK', timestamp: null, seq: null, covered_until: '2026-11-20 16:15:00.000' },
    ])
  })

  it("shows a vendor's minute as what it is, and the hole it fills", async () => {
    const fill = (store: Store) => store.fill([vendorMinute({ volume: 4_000, turnover_mills: 2_450_000_000 })], [gap()])
    expect(await query([tick()], 'SELECT volume, turnover, vwap, mean, trades, origin FROM bars_1m', fill)).toEqual([
      { volume: 4_000, turnover: 2_450_000, vwap: 612.5, mean: null, trades: null, origin: 'backfill' },
    ])
    expect(await query([gap()], 'SELECT filled_by FROM gaps', fill)).toEqual([{ filled_by: 'backfill' }])
  })

  it('shows how complete a day is beside its vendor', async () => {
    const put = (store: Store) => store.putCompleteness([comparison()])
    const { type: _, timestamp, ...figures } = comparison()
    expect(await query([], 'SELECT * FROM completeness', put)).toEqual([
      { ...figures, timestamp: formatLocal(timestamp) },
    ])
  })

  it('has instruments', async () => {
    expect(await query([], 'SELECT symbol, date, lot_size FROM instruments')).toEqual([])
  })

  it('shows the health of the recorder by name, at Hong Kong times', async () => {
    const put = (store: Store) => store.putMetrics!([{ time: at('10:00:00.000'), name: 'cpu', value: 0.25 }], 0)
    expect(await query([], 'SELECT timestamp, name, value FROM metrics', put)).toEqual([
      { timestamp: formatLocal(at('10:00:00.000')), name: 'cpu', value: 0.25 },
    ])
  })
})

/** The same amount but for the rounding of the last digit kept. */
const near = (amount: number) => expect.closeTo(amount, Math.abs(amount) < 1e8 ? 5 : 2)

/** A tick as the view has it. */
function shown({ type: _, ...tick }: Tick): Record<string, unknown> {
  const time = (ms: number | null) => (ms === null ? null : formatLocal(ms))
  return {
    ...tick,
    timestamp: time(tick.timestamp),
    quote_time: time(tick.quote_time),
    received_at: time(tick.received_at),
    value: tick.value === null ? null : near(tick.value),
    turnover: tick.turnover === tick.value && tick.value !== null ? near(tick.value) : tick.turnover,
    spread: tick.spread === null ? null : near(tick.spread),
    flags: tick.flags.join(','),
    seq: String(tick.seq),
  }
}
