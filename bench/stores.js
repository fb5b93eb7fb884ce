import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '../dist/core/storage/sqlite.js'
import { folder, hkq, medianOf } from './support/run.js'
import { answers, INFLUX, inPostgres, POSTGRES } from './support/servers.js'
import { ticksOf } from './support/ticks.js'

const ROUNDS = 3

/**
 * The same ticks through every store, as whole processes in turn: ticks written a second by `hkq export` from an SQLite
 * store, seconds of `hkq resample` to 5-minute and to 10-second bars, bytes a tick where they lie. Stores whose server does
 * not answer are left out and named.
 * @throws Error where two stores give other bars
 */
export async function stores({ ticks = 300_000 } = {}) {
  const cwd = folder()
  const source = join(cwd, 'source.db')
  await fill(source, ticks)
  const taken = new Map()
  const missing = {}
  for (const { name, isThere } of KINDS) if (!(await isThere())) missing[name] = 'no server answers'
  const present = KINDS.filter(({ name }) => missing[name] === undefined)
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of present) {
      const rounds = taken.get(kind.name) ?? []
      taken.set(kind.name, rounds)
      rounds.push(await measured(kind, source, cwd, round))
    }
  }
  demandEqual(taken)
  return present.map(({ name }) => ({ store: name, ticks, ...figures(taken.get(name), ticks), ...missing }))
}

async function measured({ name, at }, source, cwd, round) {
  const place = at(join(cwd, `${round}${name}`), `hkq_bench_${randomBytes(6).toString('hex')}`)
  try {
    const write = await hkq(['export', '--from', `sqlite:${source}`, '--to', place.address, '-q'], cwd)
    const bytes = await place.bytes()
    const read = (every) => hkq(['resample', '00700.HK', '--from', place.address, '--every', every, '--json'], cwd)
    const [long, short] = [await read('5m'), await read('10s')]
    return { write, bytes, long, short }
  } finally {
    await place.remove()
  }
}

function figures(rounds, ticks) {
  return {
    'ticks/s written': medianOf(rounds, ({ write }) => ticks / write.seconds, 0),
    'write: CPU s': medianOf(rounds, ({ write }) => write.cpu),
    '5m bars: s': medianOf(rounds, ({ long }) => long.seconds),
    '10s bars: s': medianOf(rounds, ({ short }) => short.seconds),
    'bytes/tick': medianOf(rounds, ({ bytes }) => bytes / ticks, 1),
  }
}

function demandEqual(taken) {
  const all = [...taken.entries()].flatMap(([name, rounds]) => rounds.map((round) => [name, round]))
  const [[first, one]] = all
  for (const [name, { long, short }] of all) {
    if (long.stdout !== one.long.stdout) throw new Error(`${first} and ${name} give other 5-minute bars`)
    if (short.stdout !== one.short.stdout) throw new Error(`${first} and ${name} give other 10-second bars`)
  }
}

async function fill(path, count) {
  const store = await openSqlite(path, { mode: 'record' })
  for (const batch of ticksOf(count)) await store.write(batch)
  await store.close()
}

const KINDS = [
  { name: 'CSV', isThere: async () => true, at: (path) => inFiles(`csv:${path}.csv`, path) },
  { name: 'SQLite', isThere: async () => true, at: (path) => inFiles(`sqlite:${path}.db`, path) },
  { name: 'Parquet', isThere: async () => true, at: (path) => inFiles(`parquet:${path}-lake`, path) },
  { name: 'PostgreSQL', isThere: () => answers(POSTGRES), at: (_, name) => inPostgres(name) },
  { name: 'InfluxDB', isThere: () => answers(INFLUX), at: (_, name) => inInflux(name) },
]

/** A file, those beside it whose names begin alike, or a folder; they go with the bench's own folder. */
function inFiles(address, path) {
  const [directory, start] = [join(path, '..'), path.slice(path.lastIndexOf('/') + 1)]
  const bytes = () =>
    readdirSync(directory, { recursive: true })
      .filter((name) => name.startsWith(`${start}.`) || name.startsWith(`${start}-`))
      .map((name) => statSync(join(directory, name)))
      .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
  return { address, bytes: async () => bytes(), remove: async () => {} }
}

function inInflux(database) {
  const ask = (q) => fetch(`${INFLUX}/query`, { method: 'POST', body: new URLSearchParams({ q }) })
  return {
    address: `influxdb:${INFLUX.replace(/^https?:/, '')}/${database}`,
    bytes: async () => {
      const shards = (await (await ask("SHOW STATS FOR 'shard'")).json()).results[0].series ?? []
      return shards
        .filter(({ tags }) => tags.database === database)
        .reduce((sum, { columns, values }) => sum + values[0][columns.indexOf('diskBytes')], 0)
    },
    remove: () => ask(`DROP DATABASE "${database}"`),
  }
}
