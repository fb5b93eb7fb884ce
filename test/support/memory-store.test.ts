import { storeContract } from '../contracts/store.ts'
import { Disk, MemoryStore } from './memory-store.ts'

storeContract('the model in memory', async () => {
  const disk = new Disk()
  const bench = {
    store: new MemoryStore(disk),
    reopen: async () => {
      bench.store = new MemoryStore(disk)
      return bench.store
    },
    remove: async () => {},
  }
  return bench
})
