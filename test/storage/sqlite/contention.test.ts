import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { collect, tick } from '../sample.ts'

describe('a store that others open too', () => {
  let directory: string
  let path: string
  let store: Store

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-contention-'))
    path = join(directory, 'market.db')
    store = await openSqlite(path, { mode: 'record' })
  })
  afterEach(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })

  it('has one recorder, by whatever name the file goes', async () => {
    await symlink(path, join(directory, 'other.db'))
    await expect(openSqlite(path, { mode: 'record' })).rejects.toMatchObject({ code: 'E_LOCKED' })
    await expect(openSqlite(join(directory, 'other.db'), { mode: 'record' })).rejects.toMatchObject({
      code: 'E_LOCKED',
    })
    await store.close()
    store = await openSqlite(join(directory, 'other.db'), { mode: 'record' })
  })

  it('notices what a foreign writer has put in', async () => {
    await store.write([tick({ seq: 1 })])
    const other = new Sqlite(path)
    other.exec(
      "INSERT INTO symbol (name) VALUES ('09988.HK'); INSERT INTO tick SELECT symbol, time, seq + 1, source, price, volume, turnover, bid, ask, bid_size, ask_size, quoted, marks, trade_type, received FROM tick",
    )
    other.close()
    expect(await store.write([tick({ seq: 2 }), tick({ seq: 3 })])).toEqual({ stored: 1, duplicates: 1 })
    expect(await store.write([tick({ symbol: '09988.HK' })])).toEqual({ stored: 1, duplicates: 0 })
    expect(await store.symbols()).toEqual(['00700.HK', '09988.HK'])
  })

  it('undoes a write that fails as a whole, and takes the same one afterwards', async () => {
    await store.write([tick({ seq: 1 })])
    const other = new Sqlite(path)
    other.exec("CREATE TRIGGER full BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(ABORT, 'no room'); END")
    const batch = [tick({ seq: 2 }), tick({ seq: 3 })]
    await expect(store.write(batch)).rejects.toMatchObject({ code: 'E_STORAGE' })
    expect(await collect(store.ticks('00700.HK', {}))).toHaveLength(1)
    expect((await collect(store.minutes('00700.HK', {})))[0]!.trades).toBe(1)
    other.exec('DROP TRIGGER full')
    other.close()
    expect(await store.write(batch)).toEqual({ stored: 2, duplicates: 0 })
    expect((await collect(store.minutes('00700.HK', {})))[0]!.trades).toBe(3)
  })

  it('shows a reader what is committed, while it records', async () => {
    const reader = await openSqlite(path, { mode: 'read' })
    await store.write([tick()])
    expect(await collect(reader.ticks('00700.HK', {}))).toEqual([tick()])
    await store.write([tick({ symbol: 'HSI', last_price: 26_000.5 })])
    expect(await reader.symbols()).toEqual(['00700.HK', 'HSI'])
    await reader.close()
  })

  it('keeps its write-ahead log small', async () => {
    for (let i = 0; i < 60; i++) {
      await store.write(Array.from({ length: 2000 }, (_, k) => tick({ timestamp: tick().timestamp + i * 2000 + k })))
    }
    expect((await stat(`${path}-wal`)).size).toBeLessThan(12 * 2 ** 20)
  })

  it('leaves the data in one file when it is closed', async () => {
    await store.write([tick()])
    await store.close()
    expect(await stat(`${path}-wal`).catch(() => null)).toBeNull()
    store = await openSqlite(path, { mode: 'record', durability: 'power' })
    expect(await store.write([tick()])).toEqual({ stored: 0, duplicates: 1 })
  })
})
