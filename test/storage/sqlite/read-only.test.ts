import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { examineStore } from '../../../src/core/storage/sqlite/examine.ts'
import { migrate } from '../../../src/core/storage/sqlite/migrate.ts'
import { openPrivateCopy } from '../../../src/core/storage/sqlite/private-copy.ts'
import { STEPS } from '../../../src/core/storage/sqlite/schema.ts'
import { openSqlite } from '../../../src/core/storage/sqlite.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { collect, tick } from '../sample.ts'

const ROOT = 0
const NOBODY = 65_534

describe('a store where nothing may be written', () => {
  let directory: string
  let folder: string
  let path: string
  let copies: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hkq-read-only-'))
    await chmod(directory, 0o755)
    folder = join(directory, 'medium')
    copies = join(directory, 'copies')
    await mkdir(folder)
    await mkdir(copies)
    path = join(folder, 'market.db')
    vi.stubEnv('TMPDIR', copies)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await chmod(folder, 0o755)
    await rm(directory, { recursive: true })
  })

  /** As somebody who may not write there; the superuser may everywhere. */
  async function reading<T>(work: () => Promise<T>): Promise<T> {
    const isRoot = process.getuid!() === ROOT
    await chmod(folder, 0o555)
    if (isRoot) process.seteuid!(NOBODY)
    try {
      return await work()
    } finally {
      if (isRoot) process.seteuid!(ROOT)
      await chmod(folder, 0o755)
    }
  }

  async function recorded(...seqs: number[]): Promise<void> {
    const store = await openSqlite(path, { mode: 'record' })
    await store.write(seqs.map((seq) => tick({ seq })))
    await store.close()
    await rm(`${path}-lock`)
  }

  const seqsIn = async (store: Store) =>
    (await collect(store.ticks('00700.HK', {}))).flat().map(({ seq }: { seq: unknown }) => seq)

  it('is read all the same, and nothing is left beside it', async () => {
    await recorded(1, 2)
    await reading(async () => {
      const store = await openSqlite(path, { mode: 'read' })
      expect(await seqsIn(store)).toEqual([1, 2])
      await store.close()
      expect(await examineStore(path)).toMatchObject({ kind: 'hkq', held: false })
    })
    expect(await readdir(folder)).toEqual(['market.db'])
  })

  it('has a copy that is in no folder any more when it is read, and none where it is no database', async () => {
    await recorded(1)
    const db = openPrivateCopy(Sqlite, path)!
    expect(await readdir(copies)).toEqual([])
    expect(db.prepare('SELECT count(*) FROM ticks').pluck().get()).toBe(1)
    db.close()
    await writeFile(path, 'no database at all'.repeat(500))
    expect(() => openPrivateCopy(Sqlite, path)).toThrow(/not a database/)
    expect(await readdir(copies)).toEqual([])
  })

  it('is read with what its log holds, as a crash left it', async () => {
    const live = join(directory, 'live.db')
    const recorder = await openSqlite(live, { mode: 'record' })
    await recorder.write([tick({ seq: 1 })])
    for (const ending of ['', '-wal']) await copyFile(live + ending, path + ending)
    await recorder.close()
    await reading(async () => {
      const store = await openSqlite(path, { mode: 'read' })
      expect(await seqsIn(store)).toEqual([1])
      await store.close()
    })
    expect((await readdir(folder)).sort()).toEqual(['market.db', 'market.db-wal'])
  })

  it('is read itself, not as a copy, while somebody else records into it', async () => {
    const recorder = await openSqlite(path, { mode: 'record' })
    await recorder.write([tick({ seq: 1 })])
    const store = await reading(() => openSqlite(path, { mode: 'read' }))
    await recorder.write([tick({ seq: 2 })])
    expect(await seqsIn(store)).toEqual([1, 2])
    await store.close()
    await recorder.close()
  })

  it('tells whoever follows it that somebody has written there since', async () => {
    await recorded(1)
    const store = await reading(() => openSqlite(path, { mode: 'read' }))
    expect(await store.checkpoints()).toHaveLength(1)
    await recorded(2)
    await expect(store.checkpoints()).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(/is read from a copy, and has changed since that was made: start again/),
    })
    await store.close()
  })

  it('is not recorded into, whether it is there or not', async () => {
    await recorded(1)
    await reading(async () => {
      for (const file of [path, join(folder, 'new.db')]) {
        await expect(openSqlite(file, { mode: 'record' })).rejects.toMatchObject({
          code: 'E_STORAGE',
          message: expect.stringMatching(/read-only|cannot be opened/),
        })
      }
    })
    expect(await readdir(folder)).toEqual(['market.db'])
  })

  it('of an older schema is refused with where it can be read', async () => {
    const db = new Sqlite(path)
    db.pragma('journal_mode = WAL')
    migrate(db, path, STEPS.slice(0, -1))
    db.close()
    await reading(async () => {
      await expect(openSqlite(path, { mode: 'read' })).rejects.toThrow(/older schema.*copy it to where you may/)
    })
  })
})
