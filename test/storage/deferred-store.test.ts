import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DeferredStore } from '../../src/core/storage/deferred-store.ts'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { collect, tick } from './sample.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hkq-deferred-'))
  path = join(folder, 'new.db')
})

afterEach(() => rmSync(folder, { recursive: true }))

const tencent = {
  symbol: '00700.HK',
  date: '2026-11-20',
  name_en: 'TENCENT',
  name_zh: '騰訊控股',
  currency: 'HKD',
  lot_size: 100,
  kind: 'equity',
  prev_close: 612,
  vendor: 'alltick',
  vendor_code: '700.HK',
} as const

describe('a new store', () => {
  it('is not made for the health of its recorder, and keeps that once it is there', async () => {
    const store = new DeferredStore(() => openSqlite(path, { mode: 'record' }))
    const metric = { time: 1_000, name: 'cpu', value: 0.5 }
    expect(await store.putMetrics([metric], 0)).toBe(false)
    expect(existsSync(path)).toBe(false)
    await store.write([tick({ seq: 1 })])
    expect(await store.putMetrics([metric], 0)).toBe(true)
    await store.close()
    const reader = await openSqlite(path, { mode: 'read' })
    expect(await collect(reader.metrics!({}))).toEqual([metric])
    await reader.close()
  })

  it('is made by the first write, with the static facts that came before it', async () => {
    const store = new DeferredStore(() => openSqlite(path, { mode: 'record' }))
    await store.putInstruments([tencent])
    expect([existsSync(path), await store.checkpoints()]).toEqual([false, []])
    expect(await store.write([tick({ seq: 1 })])).toEqual({ stored: 1, duplicates: 0 })
    await store.close()
    const reader = await openSqlite(path, { mode: 'read' })
    expect([await reader.symbols(), await reader.instruments()]).toEqual([['00700.HK'], [tencent]])
    await reader.close()
  })

  it('that is made but locked before its first facts is not made again, and takes them with the next write', async () => {
    const other = new Database(path)
    const store = new DeferredStore(async () => {
      const made = await openSqlite(path, { mode: 'record' })
      if (!other.inTransaction) other.exec('BEGIN IMMEDIATE')
      return made
    })
    await store.putInstruments([tencent])
    await expect(store.write([tick({ seq: 1 })])).rejects.toMatchObject({ code: 'E_STORAGE' })
    other.exec('ROLLBACK')
    other.close()
    expect(await store.write([tick({ seq: 1 })])).toEqual({ stored: 1, duplicates: 0 })
    await store.close()
    const reader = await openSqlite(path, { mode: 'read' })
    expect([await reader.symbols(), await reader.instruments()]).toEqual([['00700.HK'], [tencent]])
    await reader.close()
  })

  it('leaves nothing behind when nothing was written', async () => {
    const store = new DeferredStore(() => openSqlite(path, { mode: 'record' }))
    await store.putInstruments([tencent])
    await store.close()
    expect(existsSync(path)).toBe(false)
  })

  it('that cannot be made fails the write, and closes all the same', async () => {
    const store = new DeferredStore(() => openSqlite(join(folder, 'nowhere', 'a.db'), { mode: 'record' }))
    await expect(store.write([tick()])).rejects.toMatchObject({ code: 'E_STORAGE' })
    await store.close()
  })
})
