import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dayNumber } from '../../src/core/market/time.ts'
import { Lake } from '../../src/core/storage/parquet/lake.ts'
import { moveDays } from '../../src/core/storage/parquet/move.ts'
import { openParquet } from '../../src/core/storage/parquet.ts'
import { openSqlite, openToArchive } from '../../src/core/storage/sqlite.ts'
import type { Store } from '../../src/core/storage/store.ts'
import { type Bench, storeContract } from '../contracts/store.ts'

/** A store whose `reopen` does `between` while it is closed. */
async function bench(open: (directory: string) => Promise<Store>, between = async (_: string) => {}): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'hkq-parquet-'))
  const own: Bench = {
    store: await open(directory),
    reopen: async () => {
      await own.store.close()
      await between(directory)
      own.store = await open(directory)
      return own.store
    },
    remove: async () => {
      await own.store.close()
      await rm(directory, { recursive: true })
    },
  }
  return own
}

storeContract('parquet', () => bench((directory) => openParquet(join(directory, 'lake'), { mode: 'record' })))

/** Every day of the store, today's and those to come too. */
async function archiveAll(directory: string): Promise<void> {
  const moving = await openToArchive(join(directory, 'market.db'))
  const lake = new Lake(join(directory, 'lake'))
  for await (const _ of moveDays(moving, lake, dayNumber(Date.UTC(9999, 0))));
  await moving.store.close()
  await lake.close()
}

storeContract('sqlite with all its days archived', () =>
  bench((directory) => openSqlite(join(directory, 'market.db'), { mode: 'record' }), archiveAll),
)
