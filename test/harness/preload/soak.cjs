// Loaded before the command (node --expose-gc --require): answers each message with what the process holds after a full
// collection of its heap.
const { readdirSync } = require('node:fs')

process.on('message', () => {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, rss, external } = process.memoryUsage()
  const resources = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  process.send({ heap: heapUsed, rss, external, descriptors: readdirSync('/dev/fd').length, resources })
})
process.channel.unref()
