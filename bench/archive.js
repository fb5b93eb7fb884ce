import { join } from 'node:path'
import { openSqlite } from '../dist/core/storage/sqlite.js'
import { folder, hkq, packageAt, peer } from './support/run.js'
import { ticksOf } from './support/ticks.js'
import { versus } from './support/versus.js'

const TASKS = { 'resample 5m': ['--every', '5m'], 'resample 10s': ['--every', '10s'] }

/**
 * Archiving a month of one symbol, and bars from the archive, in turn with DuckDB's own aggregate of the same files, which knows no
 * sessions, late trades or gaps and prints no bar. Whole processes.
 */
export async function archive({ ticks = 5_000_000 } = {}) {
  const cwd = folder()
  const lake = join(cwd, 'lake')
  const store = await openSqlite(join(cwd, 'hot.db'), { mode: 'record' })
  for (const batch of ticksOf(ticks)) await store.write(batch)
  await store.close()
  const args = ['archive', '--from', `sqlite:${join(cwd, 'hot.db')}`, '--to', `parquet:${lake}`, '--json']
  const archived = await hkq(args, cwd)
  const { bytes } = JSON.parse(archived.stdout)
  const records = [
    {
      ...{ task: 'archive', ticks, 'bytes a tick': Number((bytes / ticks).toFixed(2)) },
      'CPU us a tick': Number(((archived.cpu / ticks) * 1e6).toFixed(1)),
      'peak MB': Math.round(archived.peak),
    },
  ]
  const module = packageAt('@duckdb/node-api')
  const files = `(SELECT seq, timestamp AS time, last_price AS price, volume FROM '${join(lake, 'ticks/*/*/*.parquet')}')`
  const peers = module ? { DuckDB: (task) => peer(process.execPath, 'duckdb.js', [module, task, files]) } : {}
  for (const [task, how] of Object.entries(TASKS)) {
    const run = () => hkq(['resample', '00700.HK', ...how, '--from', `parquet:${lake}`, '--json'], cwd)
    records.push({ task, ticks, ...(await versus(task, run, peers)) })
  }
  return records
}
