import { join } from 'node:path'
import { feedAddress, folder, hkq, sizeOf, startFeed } from './support/run.js'

/**
 * What a recorder needs while the market is at its busiest. Trades and books a second are ten times the mean of a day: of five
 * liquid symbols, of 200 that make most of the turnover, and of the whole market at 3.1 million trades a day.
 */
const SCENES = [
  { symbols: 5, perSecond: 100 },
  { symbols: 200, perSecond: 1_000 },
  { symbols: 2_600, perSecond: 1_600 },
  { symbols: 2_600, perSecond: 5_000 },
]

/** `hkq record` of each scene, one book with each trade: share of a core, memory, bandwidth, disk a tick, latency to the commit. */
export async function capacity({ seconds = 15 } = {}) {
  const records = []
  for (const scene of SCENES) records.push(await recorded(scene, seconds))
  return records
}

async function recorded({ symbols, perSecond }, seconds) {
  const cwd = folder()
  const trades = perSecond * seconds
  const feed = await startFeed({ trades, books: trades, perSecond, symbols })
  const codes = Array.from({ length: symbols }, (_, i) => String(i + 1))
  const from = ['--from', `${feedAddress(feed.port)}&plan=pro`, '--max-retries', '0', '--relay', 'off', '--json']
  const ran = await hkq(['record', ...codes, ...from, '--to', `sqlite:${join(cwd, 'bench.db')}`], cwd)
  feed.stop()
  const { stored, bytes, commit_p50, commit_p99 } = JSON.parse(ran.stdout)
  return {
    symbols,
    'trades/s': perSecond,
    stored: `${stored} of ${trades}`,
    cores: Number((ran.cpu / ran.seconds).toFixed(3)),
    'peak MB': Math.round(ran.peak),
    'Mbit/s': Number(((bytes * 8) / 1e6 / seconds).toFixed(2)),
    'bytes/tick on disk': Math.round(sizeOf(cwd) / stored),
    'commit p50 ms': commit_p50,
    'commit p99 ms': commit_p99,
  }
}
