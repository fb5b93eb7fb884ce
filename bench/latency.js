import { join } from 'node:path'
import { feedAddress, folder, hkq, SYMBOLS, startFeed } from './support/run.js'

/** Receive-to-commit latency of `hkq record` at a steady rate, from its own summary, over some ten seconds. */
export async function latency({ perSecond = 500, seconds = 10 } = {}) {
  const cwd = folder()
  const feed = await startFeed({ trades: perSecond * seconds, perSecond })
  const from = ['--from', feedAddress(feed.port), '--max-retries', '0', '--relay', 'off']
  const ran = await hkq(['record', ...SYMBOLS, ...from, '--json', '--to', `sqlite:${join(cwd, 'bench.db')}`], cwd)
  feed.stop()
  const { stored, commit_p50, commit_p99 } = JSON.parse(ran.stdout)
  return {
    'ticks/s': perSecond,
    stored: `${stored} of ${perSecond * seconds}`,
    'commit p50 ms': commit_p50,
    'commit p99 ms': commit_p99,
    'peak MB': Math.round(ran.peak),
    'CPU s': Number(ran.cpu.toFixed(2)),
  }
}
