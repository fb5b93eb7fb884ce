import { storeContract } from '../../contracts/store.ts'
import { drop, openTest, ownDatabase, withInflux } from '../../support/influx.ts'

withInflux(() => {
  storeContract('influxdb', async () => {
    const database = ownDatabase()
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
        await drop(database)
      },
    }
  })
})
