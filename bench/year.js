import { join } from 'node:path'
import { openSqlite } from '../dist/core/storage/sqlite.js'
import { folder, hkq, peer, pythonWith } from './support/run.js'
import { ticksOf } from './support/ticks.js'
import { versus } from './support/versus.js'

const DAYS = 247
const MINUTES = 330
const TASKS = {
  'resample 5m': ['resample', '--every', '5m'],
  'resample 1h': ['resample', '--every', '1h'],
  'resample 1d': ['resample', '--every', '1d'],
  'yang-zhang': ['volatility', '--estimator', 'yang-zhang', '--every', '1d'],
}

/** A year of one stock from its stored minutes, whole processes, in turn with pandas on the same minutes. */
export async function year({ perMinute = 4 } = {}) {
  const cwd = folder()
  const path = join(cwd, 'year.db')
  const store = await openSqlite(path, { mode: 'record' })
  for (const batch of ticksOf(DAYS * MINUTES * perMinute, DAYS)) await store.write(batch)
  await store.close()
  const python = pythonWith('pandas', 'numpy')
  const peers = python ? { pandas: (task) => peer(python, 'year_peer.py', [path, task]) } : {}
  const records = []
  for (const [task, args] of Object.entries(TASKS)) {
    const figures = await versus(
      task,
      () => hkq([...args, '00700.HK', '--from', `sqlite:${path}`, '--json'], cwd),
      peers,
    )
    records.push({ task, days: DAYS, ...figures, ...(!python && { pandas: 'not installed' }) })
  }
  return records
}
