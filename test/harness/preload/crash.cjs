// Loaded before the command (node --require): kills its own process, as kill -9 does, at a named moment of its store. The
// statements are seen through the driver's own log, which tells each just before it runs, those of a script one by one.
// CRASH: {"moment", "count", "store", "acknowledged"}; the file `acknowledged` gets a line after every commit: the newest
// number of each symbol.
const { appendFileSync } = require('node:fs')
const { Worker } = require('node:worker_threads')
const file = require.resolve('better-sqlite3')
const Database = require(file)

const { moment, count, store, acknowledged } = JSON.parse(process.env.CRASH)
let met = 0

function meet() {
  if (++met === count) process.kill(process.pid, 'SIGKILL')
}

/** By moment: what it does with each statement about to run, given the one before. */
const MOMENTS = {
  'after insert': (_, previous) => /^INSERT OR \w+ INTO tick /.test(previous) && meet(),
  'between statements': () => isRecording && meet(),
  'before commit': (sql) => isRecording && sql === 'COMMIT' && meet(),
  migration: () => isMigrating && meet(),
}
let isRecording = false
let isMigrating = false
let isOurs = false
let previous = ''

function told(sql) {
  if (isOurs) return
  if (sql === 'BEGIN EXCLUSIVE') isMigrating = true
  if (sql === 'BEGIN IMMEDIATE') isRecording = true
  MOMENTS[moment]?.(sql, previous)
  previous = sql
}

/** After a commit: what any other process could read by now is acknowledged. */
function committed(db) {
  isOurs = true
  const newest = db.prepare(`SELECT name, (SELECT seq FROM tick WHERE symbol = id ORDER BY time DESC, seq DESC LIMIT 1)
    FROM symbol`)
  appendFileSync(acknowledged, `${JSON.stringify(newest.raw().all())}\n`)
  isOurs = false
  if (moment === 'after commit') meet()
}

class Watched extends Database {
  constructor(path, options) {
    super(path, path.endsWith('-lock') || path === ':memory:' ? options : { ...options, verbose: told })
  }

  prepare(sql) {
    const statement = super.prepare(sql)
    if (sql !== 'COMMIT') return statement
    const { run } = statement
    statement.run = (...values) => {
      const result = run.apply(statement, values)
      committed(this)
      return result
    }
    return statement
  }
}
require.cache[file].exports = Watched

/** A checkpoint is on while SQLite has begun to copy frames of the log (its index, bytes 128 to 131) and has not finished (96 to 99). */
const WATCH = `
const { closeSync, fstatSync, openSync, readSync } = require('node:fs')
const { workerData: { index, count } } = require('node:worker_threads')
const bytes = Buffer.alloc(36)
let met = 0, wasOn = false
for (;;) {
  let file
  try { file = openSync(index, 'r') } catch { continue }
  // the index is made anew when the last one that has the store open closes it
  while (fstatSync(file).nlink > 0) {
    for (let look = 0; look < 100; look++) {
      const isOn = readSync(file, bytes, 0, 36, 96) === 36 && bytes.readUInt32LE(32) > bytes.readUInt32LE(0)
      if (isOn && !wasOn && ++met === count) process.kill(process.pid, 'SIGKILL')
      wasOn = isOn
    }
  }
  closeSync(file)
}`
if (moment === 'checkpoint') {
  new Worker(WATCH, { eval: true, execArgv: [], workerData: { index: `${store}-shm`, count } }).unref()
}
