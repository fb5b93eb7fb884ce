import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { formatLocal } from '../dist/core/market/time.js'
import { openSqlite } from '../dist/core/storage/sqlite.js'
import { folder, hkq, packageAt, peer, pythonWith } from './support/run.js'
import { ticksOf } from './support/ticks.js'
import { versus } from './support/versus.js'

const TASKS = {
  'resample 5m': ['resample', '--every', '5m'],
  'resample 10s': ['resample', '--every', '10s'],
  volatility: ['volatility', '--preset', 'tutorial', '--last'],
}
const PARQUET = { DuckDB: ['duckdb.js', '@duckdb/node-api'], Polars: ['polars.js', 'nodejs-polars'] }

/**
 * Bars and volatility of stored ticks of one symbol, whole processes, in turn with the peers that are installed: pandas on
 * our compact table, whose times are numbers, and on the table that the tutorial's code makes, whose times are text;
 * DuckDB and Polars on a Parquet file of their own. hkq gives a threshold at every tick, the peers one at the end. Throws
 * where a peer comes to another result.
 */
export async function analytics({ ticks = 5_000_000 } = {}) {
  const cwd = folder()
  const csv = join(cwd, 'ticks.csv')
  await fill(cwd, csv, ticks)
  const { peers, missing } = await peersOn(cwd, csv)
  const records = []
  for (const [task, args] of Object.entries(TASKS)) {
    const from = ['00700.HK', '--from', `sqlite:${join(cwd, 'compact.db')}`, '--json']
    records.push({ task, ticks, ...(await versus(task, () => hkq([...args, ...from], cwd), peers)), ...missing })
  }
  return records
}

/** Each installed peer as a function that runs a task, and what to print of the others. */
async function peersOn(cwd, csv) {
  const peers = {}
  const missing = {}
  const python = pythonWith('pandas')
  for (const table of ['compact', 'tutorial']) {
    const name = `pandas, ${table} table`
    if (python) peers[name] = (task) => peer(python, 'pandas_peer.py', [join(cwd, `${table}.db`), task, table])
    else missing[name] = 'not installed'
  }
  for (const [name, [file, package_]] of Object.entries(PARQUET)) {
    const module = packageAt(package_)
    const parquet = join(cwd, `${name}.parquet`)
    if (module) await peer(process.execPath, file, [module, 'make', csv, parquet])
    if (module) peers[name] = (task) => peer(process.execPath, file, [module, task, parquet])
    else missing[name] = 'not installed'
  }
  return { peers, missing }
}

/** The same ticks three times: in a store of ours, as the tutorial's code stores them, and as text for the others to read. */
async function fill(cwd, csv, count) {
  const store = await openSqlite(join(cwd, 'compact.db'), { mode: 'record' })
  const tutorial = tutorialTable(join(cwd, 'tutorial.db'))
  const text = createWriteStream(csv)
  text.write('seq,time,price,volume\n')
  for (const batch of ticksOf(count)) {
    await store.write(batch)
    tutorial.write(batch)
    const rows = batch.map(({ seq, timestamp, last_price, volume }) => `${seq},${timestamp},${last_price},${volume}\n`)
    if (!text.write(rows.join(''))) await once(text, 'drain')
  }
  await store.close()
  tutorial.close()
  text.end()
  await once(text, 'close')
}

function tutorialTable(path) {
  const db = new Database(path)
  db.pragma('journal_mode = OFF')
  db.exec(`CREATE TABLE ticks (symbol TEXT, timestamp TEXT, last_price REAL, volume INTEGER, bid_price REAL,
    ask_price REAL, PRIMARY KEY (symbol, timestamp))`)
  const insert = db.prepare('INSERT INTO ticks VALUES (?, ?, ?, ?, ?, ?)')
  const write = db.transaction((batch) => {
    for (const { symbol, timestamp, last_price, volume, bid_price, ask_price } of batch) {
      insert.run(symbol, formatLocal(timestamp), last_price, volume, bid_price, ask_price)
    }
  })
  return { write, close: () => db.close() }
}
