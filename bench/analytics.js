import { join } from 'node:path'
import { openSqlite } from '../dist/core/storage/sqlite.js'
import { folder, hkq, medianOf, peer, pythonWith } from './support/run.js'
import { ticksOf } from './support/ticks.js'

const ROUNDS = 3

/** Bars and volatility of stored ticks of one symbol, whole processes, in turn with pandas on the same file. */
export async function analytics({ ticks = 5_000_000 } = {}) {
  const cwd = folder()
  const path = join(cwd, 'bench.db')
  await fill(path, ticks)
  const from = ['00700.HK', '--from', `sqlite:${path}`, '--json']
  const commands = {
    'resample 5m': ['resample', ...from, '--every', '5m'],
    'resample 10s': ['resample', ...from, '--every', '10s'],
    volatility: ['volatility', ...from, '--preset', 'tutorial', '--last'],
  }
  const python = pythonWith('pandas')
  const figures = { ticks }
  for (const [name, args] of Object.entries(commands)) {
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ ours: await hkq(args, cwd), pandas: python && (await peer(python, 'pandas_peer', [path, name])) })
    }
    figures[`${name}: s`] = medianOf(rounds, ({ ours }) => ours.seconds)
    figures[`${name}: peak MB`] = medianOf(rounds, ({ ours }) => ours.peak, 0)
    if (!python) continue
    figures[`${name}: of pandas`] = medianOf(rounds, ({ ours, pandas }) => ours.seconds / pandas.seconds, 4)
    figures[`${name}: CPU of pandas`] = medianOf(rounds, ({ ours, pandas }) => ours.cpu / pandas.cpu, 4)
  }
  return python ? figures : { ...figures, pandas: 'not installed' }
}

async function fill(path, count) {
  const store = await openSqlite(path, { mode: 'record' })
  for (const batch of ticksOf(count)) await store.write(batch)
  await store.close()
}
