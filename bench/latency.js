import { join } from 'node:path'
import { BIN, folder, measure, startFeed } from './support/run.js'

/** Receive-to-commit latency of `hkq record` at a steady rate, from its own summary, over some ten seconds. */
export async function latency({ perSecond = 500, seconds = 10 } = {}) {
  const cwd = folder()
  const feed = await startFeed({ trades: perSecond * seconds, perSecond })
  const address = `alltick:?endpoint=ws://127.0.0.1:${feed.port}/quote-stock-b-ws-api`
  const args = [
    BIN,
    'record',
    '700',
    '9988',
    '1810',
    '5',
    '1299',
    '--from',
    address,
    '--max-retries',
    '0',
    '--json',
    '--to',
    `sqlite:${join(cwd, 'bench.db')}`,
  ]
  const ran = await measure(process.execPath, args, {
    cwd,
    env: { ...process.env, HKQ_ALLTICK_TOKEN: 'bench', XDG_RUNTIME_DIR: cwd },
  })
  feed.stop()
  const { stored, commit_p50, commit_p99 } = JSON.parse(ran.stdout)
  return {
    'ticks/s': perSecond,
    stored,
    'commit p50 ms': commit_p50,
    'commit p99 ms': commit_p99,
    'peak MB': Math.round(ran.peak),
    'CPU s': ran.cpu,
  }
}
