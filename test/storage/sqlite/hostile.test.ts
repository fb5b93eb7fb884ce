import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MarketEvent } from '../../../src/core/market/event.ts'
import { connect } from '../../../src/core/storage/sqlite/driver.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import { HOSTILE_TEXTS } from '../../support/hostile.ts'
import { collect, gap, quote, rejected, tick } from '../sample.ts'

/** Forty rows that take for ever to count. */
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT'

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-hostile-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'market.db')
}

/** A store with a tick, a quote and a gap, and what somebody has done to it since. */
async function altered(sql: string): Promise<string> {
  const path = newPath()
  const store = await openSqlite(path, { mode: 'record' })
  await store.write([tick(), quote(), gap()])
  await store.close()
  const db = new Sqlite(path)
  db.unsafeMode()
  db.exec(sql)
  db.close()
  return path
}

describe('a database that says it is ours', () => {
  it.each([
    [
      'a view in place of a table',
      `DROP TABLE tick; CREATE VIEW tick AS ${ENDLESS} i AS symbol FROM n`,
      '"tick" is no table',
    ],
    [
      'a view in place of the names',
      `DROP TABLE symbol; CREATE VIEW symbol AS ${ENDLESS} i AS id, i AS name FROM n`,
      '"symbol" is no table',
    ],
    ['a table of a module', 'DROP TABLE gap; CREATE VIRTUAL TABLE gap USING fts5(source, symbol)', '"gap" is no table'],
    ['a table that is not there', 'DROP TABLE checkpoint', '"checkpoint" is no table'],
    ['a trigger', 'CREATE TRIGGER t BEFORE INSERT ON tick BEGIN SELECT raise(ignore); END', 'it has a trigger "t"'],
    ['a symbol that is a path', "UPDATE symbol SET name = '../../etc/cron.d/x'", '"../../etc/cron.d/x" is no symbol'],
    ['a symbol that is a hidden file', "UPDATE symbol SET name = '.bashrc'", '".bashrc" is no symbol'],
    ['a symbol that ends a line', "UPDATE symbol SET name = 'x' || char(10) || 'y'", 'is no symbol'],
    ['a symbol that ends JSON', `UPDATE symbol SET name = '"}'`, 'is no symbol'],
    ['a symbol of a megabyte', "UPDATE symbol SET name = printf('%.*c', 1000000, 'x')", 'is no symbol'],
  ])('and has %s is refused, to read and to record into', async (_, sql, words) => {
    const path = await altered(sql)
    for (const mode of ['read', 'record'] as const) {
      await expect(openSqlite(path, { mode })).rejects.toMatchObject({
        code: 'E_STORAGE',
        message: expect.stringContaining(words),
      })
    }
  })

  it('and has views of its own beside the tables, or in place of ours, is read all the same', async () => {
    const path = await altered(
      `DROP VIEW ticks; CREATE VIEW ticks AS ${ENDLESS} i FROM n; CREATE VIEW mine AS SELECT 1`,
    )
    const store = await openSqlite(path, { mode: 'read' })
    onTestFinished(() => store.close())
    expect(await collect(store.read({}))).toEqual([tick(), quote(), gap()])
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['deep JSON', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['JSON of another kind', '{"length":5}'],
    ['levels that are none', '[["a",1],[[],2],null,[1,2,3]]'],
  ])('with a book that is %s is read up to it, or without it', async (_, bids) => {
    const path = await altered(`UPDATE quote SET bids = '${bids}'`)
    const store = await openSqlite(path, { mode: 'read' })
    onTestFinished(() => store.close())
    const read = collect(store.read({ types: ['quote'] })).then(
      (events) => JSON.stringify(events),
      (error: unknown) => (error as { code: string }).code,
    )
    expect(await read).toMatch(/^E_STORAGE$|"bids":\[\]/)
  })

  it('cannot change what others rely on, nor be changed by a reader', () => {
    const path = newPath()
    new Sqlite(path).exec('CREATE TABLE t (a)').close()
    const db = connect(Sqlite, path, 'read')
    onTestFinished(() => void db.close())
    expect(db.pragma('trusted_schema', { simple: true })).toBe(0)
    expect(() => db.exec('INSERT INTO t VALUES (1)')).toThrow(/readonly/)
    db.pragma('query_only = OFF')
    db.pragma('writable_schema = ON')
    expect(() => db.exec("UPDATE sqlite_schema SET sql = 'x'")).toThrow(/may not be modified/)
    expect(() => db.exec("SELECT load_extension('x')")).toThrow('not authorized')
  })
})

describe("a database of the tutorial's shape", () => {
  const make = (sql: string): string => {
    const path = newPath()
    new Sqlite(path).exec(sql).close()
    return path
  }
  const COLUMNS = 'symbol, timestamp, last_price, volume, bid_price, ask_price'

  it('that is a view is another program’s', async () => {
    const path = make(`CREATE VIEW ticks (${COLUMNS}) AS ${ENDLESS} i, i, i, i, i, i FROM n`)
    await expect(openSqlite(path, { mode: 'read' })).rejects.toMatchObject({ code: 'E_STORAGE' })
  })

  it('gives nothing for rows whose symbol is none', async () => {
    const path = make(`CREATE TABLE ticks (${COLUMNS})`)
    const db = new Sqlite(path)
    const insert = db.prepare('INSERT INTO ticks VALUES (?, ?, 1, 1, 1, 2)')
    for (const [, text] of HOSTILE_TEXTS) insert.run(text, '2026-11-20 10:00:00')
    for (const symbol of ['../../x', '.x', Buffer.alloc(100_000), 5, null]) insert.run(symbol, '2026-11-20 10:00:00')
    insert.run('00700.HK', '2026-11-20 10:00:00')
    db.close()
    const store = await openSqlite(path, { mode: 'read' })
    onTestFinished(() => store.close())
    expect(await store.symbols()).toEqual(['00005.HK', '00700.HK'])
  })
})

it.each(HOSTILE_TEXTS)('a store keeps what others wrote and nothing else comes of it: %s', async (_, text) => {
  const path = newPath()
  const written: MarketEvent[] = [
    tick({ trade_type: text, source: text }),
    gap({ source: text }),
    rejected({ source: text, raw: text, symbol: null }),
  ]
  const store = await openSqlite(path, { mode: 'record' })
  await store.write(written)
  await store.putInstruments([
    {
      ...{ symbol: '00700.HK', date: '2026-11-20', name_en: text, name_zh: text, currency: text, lot_size: 100 },
      ...{ kind: 'equity', prev_close: 1, vendor: text, vendor_code: text },
    },
  ])
  const kept = !/\p{Surrogate}/u.test(text) ? text : expect.stringMatching(/^a(?:\ud800|\ufffd+)b$/)
  expect(await collect(store.read({}))).toMatchObject([{ trade_type: kept, source: kept }, { source: kept }])
  expect(await store.instruments()).toMatchObject([{ name_en: kept, vendor: kept }])
  await store.close()
  const db = new Sqlite(path, { readonly: true })
  expect(db.prepare('SELECT raw, source FROM rejected_ticks').all()).toEqual([{ raw: kept, source: kept }])
  expect(db.prepare('SELECT count(*) FROM tick').pluck().get()).toBe(1)
  db.close()
  expect(readdirSync(join(path, '..')).every((name) => name.startsWith('market.db'))).toBe(true)
})
