import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { feedAddress, folder, hkq, startFeed } from './support/run.js'
import { answers, inPostgres, NATS, POSTGRES, REDIS, removeQueue } from './support/servers.js'

const SYMBOLS = 200
const QUEUES = { 'Redis stream': REDIS, JetStream: NATS }

/**
 * What a queue costs the recorders on both its sides, as ticks a second of one busy core and microseconds of CPU a tick, hkq's
 * alone: wire trades of 200 symbols published as fast as they come, then all of them taken into a store, SQLite and
 * PostgreSQL. What has no server that answers is left out and named.
 * @throws Error where a tick is missing or doubled
 */
export async function queues({ trades = 300_000, seconds = 20 } = {}) {
  const records = []
  for (const [queue, at] of Object.entries(QUEUES)) {
    if (!(await answers(at))) records.push({ queue, missing: 'no server answers' })
    else
      for (const store of STORES)
        if (await store.isThere()) records.push(await passed(queue, at, store, trades, seconds))
  }
  return records
}

const STORES = [
  {
    name: 'SQLite',
    isThere: async () => true,
    at: (cwd) => ({ address: `sqlite:${join(cwd, 'bench.db')}`, remove() {} }),
  },
  { name: 'PostgreSQL', isThere: () => answers(POSTGRES), at: (_, name) => inPostgres(name) },
]

async function passed(queue, at, { name, at: placeOf }, trades, seconds) {
  const cwd = folder()
  const key = `hkq_bench_${randomBytes(6).toString('hex')}`
  const place = placeOf(cwd, key)
  try {
    const published = await publish(`${at}/${key}`, trades, cwd)
    const taken = ['--from', `${at}/${key}`, '--to', place.address, '--duration', `${seconds}s`, '--json']
    const processed = await hkq(['record', ...taken], cwd)
    return {
      queue,
      store: name,
      trades,
      ...figures('publish', published, trades),
      ...figures('process', processed, trades),
    }
  } finally {
    await place.remove()
    await removeQueue(at, key)
  }
}

async function publish(address, trades, cwd) {
  const feed = await startFeed({ trades, books: 0, symbols: SYMBOLS })
  const codes = Array.from({ length: SYMBOLS }, (_, i) => String(i + 1))
  const from = ['--from', `${feedAddress(feed.port)}&plan=pro`, '--max-retries', '0', '--relay', 'off', '--json']
  try {
    return await hkq(['record', ...codes, ...from, '--to', address], cwd)
  } finally {
    feed.stop()
  }
}

function figures(what, ran, trades) {
  const { stored, received } = JSON.parse(ran.stdout)
  if ((stored ?? received) !== trades) throw new Error(`${what}: ${ran.stdout.trim()} of ${trades}`)
  return {
    [`${what}: ticks/s a core`]: Math.round(trades / ran.cpu),
    [`${what}: CPU us`]: Number(((1e6 * ran.cpu) / trades).toFixed(2)),
    [`${what}: peak MB`]: Math.round(ran.peak),
  }
}
