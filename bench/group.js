import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { BIN, feedAddress, folder, hkq, startFeed } from './support/run.js'
import { answers, inPostgres, NATS, POSTGRES, REDIS, removeQueue } from './support/servers.js'

const SYMBOLS = 200
const QUEUES = { 'Redis stream': REDIS, JetStream: NATS }

/**
 * Recorders of one group between a queue and PostgreSQL. `paced`: trades come at 20,000 a second to three of them, one of which
 * is killed (SIGKILL) in the middle. `backlog`: twice as many trades wait in the queue, for one recorder, then for three; the rate is
 * that of what comes after the first third, when they have started and are warm.
 * @throws Error where a trade is missing or there twice, or a gap is told
 */
export async function group({ perSecond = 20_000, seconds = 15 } = {}) {
  const records = []
  for (const [queue, at] of Object.entries(QUEUES)) {
    if (!(await answers(at)) || !(await answers(POSTGRES))) {
      records.push({ queue, missing: 'no server answers' })
      continue
    }
    const trades = perSecond * seconds
    records.push({ queue, scene: 'paced, one of three killed', trades, ...(await paced(at, trades, perSecond)) })
    const [one, three] = [await backlog(at, 2 * trades, 1), await backlog(at, 2 * trades, 3)]
    records.push({
      ...{ queue, scene: 'backlog', trades: 2 * trades, 'one: ticks/s': Math.round(one) },
      ...{ 'three: ticks/s': Math.round(three), 'three against one': Number((three / one).toFixed(2)) },
    })
  }
  return records
}

async function paced(at, trades, perSecond) {
  return withQueue(at, async ({ address, store }) => {
    const members = await startMembers(3, address, store)
    const begun = performance.now()
    const publishing = publish(address, { trades, perSecond }).then(() => performance.now())
    await delay((trades / perSecond) * 500)
    members[0].kill('SIGKILL')
    await stored(store, trades, members.slice(1))
    const done = performance.now()
    const published = await publishing
    await stop(members.slice(1))
    await demandWhole(store, trades)
    return {
      'published in s': Number(((published - begun) / 1000).toFixed(1)),
      'stored s later': Number(((done - published) / 1000).toFixed(1)),
    }
  })
}

/** @returns ticks a second, from the first third until the store holds all */
async function backlog(at, trades, count) {
  return withQueue(at, async ({ address, store }) => {
    await publish(address, { trades })
    const members = await startMembers(count, address, store)
    const before = await stored(store, trades / 3, members)
    const begun = performance.now()
    await stored(store, trades, members)
    const seconds = (performance.now() - begun) / 1000
    await stop(members)
    await demandWhole(store, trades)
    return (trades - before) / seconds
  })
}

async function withQueue(at, work) {
  const key = `hkq_bench_${randomBytes(6).toString('hex')}`
  const store = inPostgres(key)
  try {
    return await work({ address: `${at}/${key}`, store })
  } finally {
    await removeQueue(at, key)
    await store.remove()
  }
}

async function publish(address, { trades, perSecond = 0 }) {
  const feed = await startFeed({ trades, perSecond, symbols: SYMBOLS })
  const codes = Array.from({ length: SYMBOLS }, (_, i) => String(i + 1))
  const from = ['--from', `${feedAddress(feed.port)}&plan=pro`, '--max-retries', '0', '--relay', 'off', '-q']
  await hkq(['record', ...codes, ...from, '--to', address], folder())
  feed.stop()
}

/** Recorders of one group, all of which listen. */
async function startMembers(count, address, store) {
  const members = []
  for (let i = 0; i < count; i++) {
    const cwd = folder()
    const env = { ...process.env, XDG_RUNTIME_DIR: cwd, XDG_STATE_HOME: cwd }
    const args = [BIN, 'record', '--from', address, '--to', store.address]
    const member = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
    await new Promise((listening) => member.stderr.once('data', listening))
    member.stderr.resume()
    members.push(member)
  }
  return members
}

async function stop(members) {
  for (const member of members) {
    const ended = new Promise((told) => member.once('exit', told))
    member.kill('SIGTERM')
    await ended
  }
}

/** Resolves when the store has as many ticks, with how many it has. @throws Error when a member ends before */
async function stored(store, trades, members) {
  while (true) {
    const [{ n }] = await store.sql('SELECT count(*)::int AS n FROM tick')
    if (n >= trades) return n
    const ended = members.find(({ exitCode }) => exitCode !== null)
    if (ended) throw new Error(`a recorder of the group ended by itself with ${ended.exitCode}`)
    await delay(200)
  }
}

async function demandWhole(store, trades) {
  const [{ n, different, last }] = await store.sql(
    'SELECT count(*)::int AS n, count(DISTINCT seq)::int AS different, max(seq)::int AS last FROM ticks',
  )
  const gaps = await store.sql("SELECT * FROM gaps WHERE cause NOT IN ('late_start', 'disconnect')")
  if (n !== trades || different !== trades || last !== trades || gaps.length > 0) {
    throw new Error(`${n} stored, ${different} different of ${trades}, ${gaps.length} gaps: ${JSON.stringify(gaps)}`)
  }
}
