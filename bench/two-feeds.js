import { join } from 'node:path'
import { feedAddress, folder, hkq, medianOf, SYMBOLS, startFeed } from './support/run.js'

const ROUNDS = 3

/** Two lines of one vendor side by side into the store at full speed, in turn with one of them alone. */
export async function twoFeeds({ trades = 300_000 } = {}) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ one: await record(trades, 1), two: await record(trades, 2) })
  }
  return {
    trades,
    'one feed messages/s': medianOf(rounds, ({ one }) => trades / one.seconds, 0),
    'two feeds messages/s': medianOf(rounds, ({ two }) => (2 * trades) / two.seconds, 0),
    'CPU of two by that of one': medianOf(rounds, ({ one, two }) => two.cpu / one.cpu),
    'time of two by that of one': medianOf(rounds, ({ one, two }) => two.seconds / one.seconds),
    'peak of two by that of one': medianOf(rounds, ({ one, two }) => two.peak / one.peak),
    stored: rounds.map(({ one, two }) => `${one.stored}/${two.stored}`).join(' '),
  }
}

async function record(trades, lines) {
  const feeds = await Promise.all(Array.from({ length: lines }, () => startFeed({ trades })))
  const cwd = folder()
  const from = feeds.flatMap(({ port }) => ['--from', feedAddress(port)])
  const args = ['record', ...SYMBOLS, ...from, '--max-retries', '0', '--relay', 'off', '--json']
  const ran = await hkq([...args, '--to', `sqlite:${join(cwd, 'bench.db')}`], cwd)
  for (const feed of feeds) feed.stop()
  return { ...ran, stored: JSON.parse(ran.stdout).stored }
}
