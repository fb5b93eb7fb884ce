import { afterAll, describe } from 'vitest'
import { openPostgres } from '../../src/core/storage/postgres.ts'
import { storeContract } from '../contracts/store.ts'
import { dropSchema, emptySchema, isServed, newSchema, placeAt } from '../support/postgres.ts'

describe.skipIf(!isServed)('on a real server', () => {
  /** Schemas that are empty and in nobody's use: making one takes the server longer than a test. */
  const free: string[] = []
  const made: string[] = []
  const take = (): string => {
    const schema = free.pop() ?? newSchema()
    if (!made.includes(schema)) made.push(schema)
    return schema
  }

  afterAll(async () => {
    for (const schema of made) await dropSchema(schema)
  })

  storeContract('postgres', async () => {
    const schema = take()
    const open = () => openPostgres(placeAt(schema), { mode: 'record' })
    const bench = {
      store: await open(),
      reopen: async () => {
        await bench.store.close()
        bench.store = await open()
        return bench.store
      },
      remove: async () => {
        await bench.store.close()
        await emptySchema(schema)
        free.push(schema)
      },
    }
    return bench
  })
})
