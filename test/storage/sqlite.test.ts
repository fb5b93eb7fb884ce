import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../../src/core/storage/sqlite.ts'
import { storeContract } from '../contracts/store.ts'

storeContract('sqlite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hkq-sqlite-'))
  const open = () => openSqlite(join(directory, 'market.db'), { mode: 'record' })
  const bench = {
    store: await open(),
    reopen: async () => {
      await bench.store.close()
      bench.store = await open()
      return bench.store
    },
    remove: async () => {
      await bench.store.close()
      await rm(directory, { recursive: true })
    },
  }
  return bench
})
