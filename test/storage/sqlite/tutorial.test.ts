import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { at, collect, pieces } from '../sample.ts'

const TABLE = `CREATE TABLE IF NOT EXISTS ticks (symbol TEXT, timestamp TEXT, last_price REAL, volume INTEGER, bid_price REAL,
  ask_price REAL, PRIMARY KEY (symbol, timestamp))`

describe("a database made by the tutorial's code", () => {
  let directory: string
  let path: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-tutorial-'))
    path = join(directory, 'hk_ticks.db')
  })
  afterEach(() => rm(directory, { recursive: true }))

  async function opened(rows: readonly (readonly unknown[])[]): Promise<Store> {
    const db = new Sqlite(path)
    db.exec(TABLE)
    for (const row of rows) db.prepare('INSERT INTO ticks VALUES (?, ?, ?, ?, ?, ?)').run(...row)
    db.close()
    return openSqlite(path, { mode: 'read' })
  }

  it('is read as it is, in order of time', async () => {
    const store = await opened([
      ['00700.HK', '2026-11-20 10:00:01.250', 612.5, 100, 612, 612.5],
      ['00700.HK', '2026-11-20 10:00:00.000', 612, 200, null, null],
      ['HSI', '2026-11-20 10:00:00.500', 26_000.12, 0, null, null],
    ])
    const bytes = await readFile(path)
    expect(await store.symbols()).toEqual(['00700.HK', 'HSI'])
    expect(await collect(store.ticks('00700.HK', {}))).toMatchObject([
      {
        timestamp: at('10:00:00.000'),
        last_price: 612,
        volume: 200,
        value: 122_400,
        bid_price: null,
        spread: null,
        phase: 'morning',
      },
      {
        timestamp: at('10:00:01.250'),
        last_price: 612.5,
        bid_price: 612,
        ask_price: 612.5,
        spread: 0.5,
        source: 'tutorial',
        seq: 0,
      },
    ])
    expect(
      (await collect(store.read({ since: at('10:00:00.500') }))).map(
        (event) => 'last_price' in event && event.last_price,
      ),
    ).toEqual([26_000.12, 612.5])
    expect((await pieces(store.columns('HSI', {})))[0]!.last_price[0]).toBe(26_000.12)
    await store.close()
    expect(await readFile(path)).toEqual(bytes)
  })

  it('may have times with or without a fraction, a T, a zone, or as numbers', async () => {
    const store = await opened([
      ['00700.HK', '2026-11-20 10:00:00', 1, 100, null, null],
      ['00700.HK', '2026-11-20 10:00:00.123456', 2, 100, null, null],
      ['00700.HK', '2026-11-20 10:00:00.123999', 3, 100, null, null],
      ['00700.HK', '2026-11-20T10:00:01.000', 4, 100, null, null],
      ['00700.HK', '2026-11-20T10:00:02.000+08:00', 5, 100, null, null],
      ['09988.HK', at('10:00:03.000'), 6, 100, null, null],
    ])
    const ticks = [...(await collect(store.ticks('00700.HK', {}))), ...(await collect(store.ticks('09988.HK', {})))]
    expect(ticks.map(({ timestamp, seq, last_price }) => [timestamp - at('10:00:00.000'), seq, last_price])).toEqual([
      [0, 0, 1],
      [123, 0, 2],
      [123, 1, 3],
      [1000, 0, 4],
      [2000, 0, 5],
      [3000, 0, 6],
    ])
    await store.close()
  })

  it('is found by canonical symbols, however it spells them', async () => {
    const store = await opened([['700.HK', '2026-11-20 10:00:00.000', 612, 100, null, null]])
    expect(await store.symbols()).toEqual(['00700.HK'])
    expect((await collect(store.ticks('00700.HK', {})))[0]).toMatchObject({ symbol: '00700.HK', last_price: 612 })
    await store.close()
  })

  it('has rows that cannot be read passed over', async () => {
    const store = await opened([
      ['00700.HK', 'soon', 612, 100, null, null],
      ['00700.HK', '2026-11-20 10:00:00.000', null, 100, null, null],
      ['00700.HK', '2026-11-20 10:00:01.000', 612, 100, null, null],
    ])
    expect(await collect(store.ticks('00700.HK', {}))).toHaveLength(1)
    await store.close()
  })

  it('comes over into a store of ours', async () => {
    const from = await opened([
      ['00700.HK', '2026-11-20 10:00:00.000', 612, 200, null, null],
      ['00700.HK', '2026-11-20 10:00:01.250', 612.5, 100, 612, 612.5],
    ])
    const to = await openSqlite(join(directory, 'new.db'), { mode: 'record' })
    for await (const batch of from.read({})) expect(await to.write(batch)).toEqual({ stored: 2, duplicates: 0 })
    expect(await collect(to.ticks('00700.HK', {}))).toEqual(await collect(from.ticks('00700.HK', {})))
    await from.close()
    await to.close()
  })

  it('gives the minutes of its ticks, so that bars come from it as from a store of ours', async () => {
    const store = await opened([
      ['00700.HK', '2026-11-20 10:00:00.000', 612, 200, null, null],
      ['00700.HK', '2026-11-20 10:00:59.999', 613, 100, null, null],
      ['00700.HK', '2026-11-20 10:01:00.000', 611, 300, null, null],
    ])
    expect(await collect(store.minutes('00700.HK', {}))).toMatchObject([
      { start: at('10:00:00.000'), open: 612, close: 613, volume: 300, trades: 2 },
      { start: at('10:01:00.000'), open: 611, close: 611, volume: 300, trades: 1 },
    ])
    expect(await collect(store.minutes('00700.HK', { since: at('10:00:30.000') }))).toMatchObject([{ trades: 1 }])
    await store.close()
  })

  it('is not written to', async () => {
    const store = await opened([])
    await expect(store.write([])).rejects.toMatchObject({ code: 'E_STORAGE' })
    await store.close()
  })
})
