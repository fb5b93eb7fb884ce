import { join } from 'node:path'
import Database from 'better-sqlite3'
import { formatLocal } from '../dist/core/market/time.js'
import { openSqlite } from '../dist/core/storage/sqlite.js'
import { folder, hkq, medianOf, peer, pythonWith } from './support/run.js'
import { ticksOf } from './support/ticks.js'

const ROUNDS = 3

/**
 * Bars and volatility of stored ticks of one symbol, whole processes, in turn with pandas twice: on our compact table, whose
 * times are numbers, and on the table that the tutorial's code makes, whose times are text that pandas has to parse.
 */
export async function analytics({ ticks = 5_000_000 } = {}) {
  const cwd = folder()
  const path = join(cwd, 'bench.db')
  const tutorial = join(cwd, 'tutorial.db')
  await fill(path, ticks)
  const from = ['00700.HK', '--from', `sqlite:${path}`, '--json']
  const commands = {
    'resample 5m': ['resample', ...from, '--every', '5m'],
    'resample 10s': ['resample', ...from, '--every', '10s'],
    volatility: ['volatility', ...from, '--preset', 'tutorial', '--last'],
  }
  const python = pythonWith('pandas')
  if (python) fillTutorial(tutorial, ticks)
  const figures = { ticks }
  for (const [name, args] of Object.entries(commands)) {
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) {
      const ours = await hkq(args, cwd)
      if (!python) rounds.push({ ours })
      else {
        const compact = await peer(python, 'pandas_peer', [path, name, 'compact'])
        rounds.push({ ours, compact, text: await peer(python, 'pandas_peer', [tutorial, name, 'tutorial']) })
      }
    }
    figures[`${name}: s`] = medianOf(rounds, ({ ours }) => ours.seconds)
    figures[`${name}: CPU s`] = medianOf(rounds, ({ ours }) => ours.cpu)
    figures[`${name}: peak MB`] = medianOf(rounds, ({ ours }) => ours.peak, 0)
    if (!python) continue
    for (const [table, told] of [
      ['compact', 'compact table'],
      ['text', "tutorial's table"],
    ]) {
      figures[`${name}: pandas CPU s, ${told}`] = medianOf(rounds, (round) => round[table].cpu)
      figures[`${name}: CPU of pandas, ${told}`] = medianOf(rounds, (round) => round.ours.cpu / round[table].cpu, 4)
      figures[`${name}: of pandas, ${told}`] = medianOf(rounds, (round) => round.ours.seconds / round[table].seconds, 4)
    }
  }
  return python ? figures : { ...figures, pandas: 'not installed' }
}

async function fill(path, count) {
  const store = await openSqlite(path, { mode: 'record' })
  for (const batch of ticksOf(count)) await store.write(batch)
  await store.close()
}

/** The same ticks as the tutorial's code stores them. */
function fillTutorial(path, count) {
  const db = new Database(path)
  db.pragma('journal_mode = OFF')
  db.exec(`CREATE TABLE ticks (symbol TEXT, timestamp TEXT, last_price REAL, volume INTEGER, bid_price REAL,
    ask_price REAL, PRIMARY KEY (symbol, timestamp))`)
  const insert = db.prepare('INSERT INTO ticks VALUES (?, ?, ?, ?, ?, ?)')
  const all = db.transaction((batch) => {
    for (const { symbol, timestamp, last_price, volume, bid_price, ask_price } of batch) {
      insert.run(symbol, formatLocal(timestamp), last_price, volume, bid_price, ask_price)
    }
  })
  for (const batch of ticksOf(count)) all(batch)
  db.close()
}
