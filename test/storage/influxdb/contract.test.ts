import { storeContract } from '../../contracts/store.ts'
import { emptyDatabase, giveBack, openTest, withInflux } from '../../support/influx.ts'

withInflux(() => {
  storeContract('influxdb', async () => {
    const database = emptyDatabase()
    let store = await openTest(database)
    return {
      store,
      reopen: async () => {
        await store.close()
        store = await openTest(database)
        return store
      },
      remove: async () => {
        await store.close()
        await giveBack(database)
      },
    }
  })
})
