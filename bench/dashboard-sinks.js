import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { started } from './dashboard.js'
import { feedAddress, folder, hkq, medianOf, SYMBOLS, startFeed } from './support/run.js'
import { openViewer } from './support/viewer.js'

/** Until the recorder relays what it records, ms. */
const BEGUN = 1_500

/**
 * What a dashboard with open pages costs the recorder that it looks at: time from receipt to commit and CPU of `hkq record` without
 * and with them, in turns.
 */
export async function dashboardSinks({ perSecond = 5_000, seconds = 12, pages = 4, rounds = 3 } = {}) {
  const without = []
  const watched = []
  for (let round = 0; round < rounds; round++) {
    without.push(await record({ perSecond, seconds, pages: 0 }))
    watched.push(await record({ perSecond, seconds, pages }))
  }
  const both = (pick, digits) => `${medianOf(without, pick, digits)} / ${medianOf(watched, pick, digits)}`
  return {
    'ticks/s': perSecond,
    pages,
    'stored, without / with': both(({ stored }) => stored, 0),
    'commit p50 ms': both(({ commit_p50 }) => commit_p50),
    'commit p99 ms': both(({ commit_p99 }) => commit_p99),
    'CPU s of the recorder': both(({ cpu }) => cpu),
    'frames/s a page': medianOf(watched, ({ frames }) => frames, 1),
  }
}

async function record({ perSecond, seconds, pages }) {
  const cwd = folder()
  const feed = await startFeed({ trades: perSecond * seconds, perSecond })
  const relay = await freePort()
  const from = ['--from', feedAddress(feed.port), '--max-retries', '0', '--relay', String(relay)]
  const running = hkq(['record', ...SYMBOLS, ...from, '--json', '--to', `sqlite:${join(cwd, 'bench.db')}`], cwd)
  const viewed = pages > 0 ? await view(relay, pages, cwd) : null
  const { stdout, cpu } = await running
  feed.stop()
  const frames = (await viewed?.end()) ?? 0
  return { ...JSON.parse(stdout), cpu, frames }
}

async function view(relay, pages, cwd) {
  await sleep(BEGUN)
  const server = await started(
    ['dashboard', ...SYMBOLS, '--from', `${feedAddress(relay)}&token=off&plan=pro`, '--port', '0'],
    cwd,
  )
  const times = []
  const seen = () => times.push(performance.now())
  const viewers = []
  for (let i = 0; i < pages; i++) viewers.push(await openViewer(server.url, { symbol: '00700.HK', every: '1s', seen }))
  return {
    end: async () => {
      for (const viewer of viewers) viewer.close()
      server.child.kill()
      await once(server.child, 'exit')
      return (times.length / (times.at(-1) - times[0]) / pages) * 1_000
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
