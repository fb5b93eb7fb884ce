import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unsafeVersion } from '../../../src/core/storage/sqlite/driver.ts'
import { takeLock } from '../../../src/core/storage/sqlite/lock.ts'
import { identify, migrate, schemaVersion } from '../../../src/core/storage/sqlite/migrate.ts'
import { APPLICATION_ID, STEPS } from '../../../src/core/storage/sqlite/schema.ts'
import { openSqlite, type SqliteOptions, sqliteVersion } from '../../../src/core/storage/sqlite.ts'
import { collect, tick } from '../sample.ts'

describe('a file that cannot be the store', () => {
  let directory: string
  let path: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-refusals-'))
    path = join(directory, 'market.db')
  })
  afterEach(() => rm(directory, { recursive: true }))

  /** Opening fails with E_STORAGE and one line that says `words`, and leaves the directory as it was. */
  async function refused(mode: SqliteOptions['mode'], words: RegExp, file = path): Promise<void> {
    const before = await readdir(directory)
    const error = await openSqlite(file, { mode }).then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ code: 'E_STORAGE', exitCode: 6, message: expect.stringMatching(words) })
    expect(String(error)).not.toContain('\n')
    expect(await readdir(directory)).toEqual(before)
  }

  function foreign(sql: string): void {
    const db = new Sqlite(path)
    db.exec(sql)
    db.close()
  }

  it('is missing: a reader says so and never creates it', async () => {
    await refused('read', /no such file ".*market\.db"/)
    expect(existsSync(path)).toBe(false)
  })

  it('is in a directory that is missing', async () => {
    await refused('record', /no such directory/, join(directory, 'nowhere', 'market.db'))
  })

  it('lies in a file, not in a directory', async () => {
    await writeFile(path, '')
    await refused('record', /market\.db/, join(path, 'inner.db'))
    await refused('read', /market\.db/, join(path, 'inner.db'))
  })

  it('is a directory', async () => {
    await mkdir(path)
    await refused('read', /is a directory/)
    await refused('record', /is a directory/)
  })

  it('is not a database', async () => {
    await writeFile(path, 'symbol,timestamp,last_price\n'.repeat(100))
    await refused('read', /is not an SQLite database/)
    await refused('record', /is not an SQLite database/)
  })

  it('is empty: for a reader', async () => {
    await writeFile(path, '')
    await refused('read', /holds nothing yet/)
  })

  it("is another program's database", async () => {
    foreign('CREATE TABLE bookmarks (url TEXT)')
    const bytes = await readFile(path)
    await refused('record', /another program's database/)
    await refused('read', /another program's database/)
    expect(await readFile(path)).toEqual(bytes)
  })

  it("is the tutorial's database: for a recorder, which is told how to bring it over", async () => {
    foreign(`CREATE TABLE ticks (symbol TEXT, timestamp TEXT, last_price REAL, volume INTEGER, bid_price REAL, ask_price REAL,
      PRIMARY KEY (symbol, timestamp))`)
    await refused('record', /hkq export/)
  })

  it('has a newer schema', async () => {
    await (await openSqlite(path, { mode: 'record' })).close()
    foreign(`PRAGMA user_version = ${STEPS.length + 1}`)
    await refused('record', new RegExp(`schema version ${STEPS.length + 1}.*update hkq`))
    await refused('read', new RegExp(`schema version ${STEPS.length + 1}.*update hkq`))
  })

  it('cannot be read, or cannot be written', async () => {
    await (await openSqlite(path, { mode: 'record' })).close()
    await chmod(dirname(path), 0o755)
    await chmod(path, 0o444)
    await asNobody(() => refused('record', /read-only/))
    await chmod(path, 0)
    await asNobody(() => refused('read', /cannot be opened/))
  })

  it('is damaged: reading fails with one clear error', async () => {
    const store = await openSqlite(path, { mode: 'record' })
    await store.write(Array.from({ length: 5000 }, (_, seq) => tick({ seq })))
    await store.close()
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(0xff, 40_960))
    await expect(
      openSqlite(path, { mode: 'read' }).then((reader) => collect(reader.ticks('00700.HK', {}))),
    ).rejects.toMatchObject({ code: 'E_STORAGE' })
  })

  it('refuses to write when it was opened for reading', async () => {
    await (await openSqlite(path, { mode: 'record' })).close()
    const reader = await openSqlite(path, { mode: 'read' })
    await expect(reader.write([tick()])).rejects.toMatchObject({ code: 'E_STORAGE' })
    await expect(reader.putInstruments([])).rejects.toThrow(/reading only/)
    await reader.close()
  })
})

describe('an older database', () => {
  const NEXT = [...STEPS, 'CREATE TABLE note (text TEXT); INSERT INTO note SELECT count(*) FROM tick']

  it('is brought to the newest schema, its data kept', async () => {
    const db = new Sqlite(':memory:')
    migrate(db, 'old.db')
    migrate(db, 'old.db', NEXT)
    expect(schemaVersion(db)).toBe(NEXT.length)
    expect(identify(db, 'old.db')).toBe('hkq')
    expect(db.prepare('SELECT text FROM note').pluck().get()).toBe('0')
  })

  it('of the first schema takes the health of a recorder', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hkq-older-'))
    const path = join(directory, 'market.db')
    const older = new Sqlite(path)
    migrate(older, path, STEPS.slice(0, 1))
    older.close()
    const store = await openSqlite(path, { mode: 'record' })
    const metric = { time: 1_000, name: 'cpu', value: 0.5 }
    await store.putMetrics!([metric], 0)
    expect(await collect(store.metrics!({}))).toEqual([metric])
    await store.close()
    await rm(directory, { recursive: true })
  })

  it('stays as it was when a step fails', () => {
    const db = new Sqlite(':memory:')
    migrate(db, 'old.db')
    expect(() => migrate(db, 'old.db', [...STEPS, 'CREATE TABLE note (text TEXT)', 'nonsense'])).toThrow(/old\.db/)
    expect(schemaVersion(db)).toBe(STEPS.length)
    expect(db.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'note'").pluck().get()).toBe(0)
  })
})

describe('an older database that a reader meets', () => {
  it('is brought to the newest schema, unless a recorder holds it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hkq-older-'))
    const path = join(directory, 'market.db')
    const older = new Sqlite(path)
    older.pragma(`application_id = ${APPLICATION_ID}`)
    older.close()
    const lock = takeLock(Sqlite, path)
    await expect(openSqlite(path, { mode: 'read' })).rejects.toMatchObject({ code: 'E_LOCKED' })
    lock.release()
    const reader = await openSqlite(path, { mode: 'read' })
    expect(await reader.symbols()).toEqual([])
    await reader.close()
    await rm(directory, { recursive: true })
  })
})

describe('the SQLite library', () => {
  it('is one without the WAL-reset bug', async () => {
    expect(await sqliteVersion()).toMatchObject({ safe: true })
    for (const safe of ['3.51.3', '3.52.0', '3.53.0', '4.0.0']) expect(unsafeVersion(safe)).toBeNull()
    for (const unsafe of ['3.51.2', '3.46.1', '3.9.2', '2.8.17'])
      expect(unsafeVersion(unsafe)).toMatch(`SQLite ${unsafe} can damage a store`)
  })
})

/** The superuser may read and write everything: the work is done as another user then. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid!(65_534)
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}
