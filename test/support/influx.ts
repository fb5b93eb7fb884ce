import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { openInflux } from '../../src/core/storage/influxdb/open.ts'
import type { InfluxStore } from '../../src/core/storage/influxdb/store.ts'
import { type Database, targetOf } from '../../src/core/storage/influxdb/target.ts'

/** The server of the tests, 1.x: HKQ_TEST_INFLUX. */
export const INFLUX = process.env.HKQ_TEST_INFLUX ?? 'http://127.0.0.1:8086'

const isThere = await fetch(`${INFLUX}/ping`, { signal: AbortSignal.timeout(10_000) }).then(
  ({ ok }) => ok,
  () => false,
)

/** Tests that need the server: skipped, and reported as such, where there is none; a failure if servers are demanded. */
export function withInflux(tests: () => void): void {
  const isDemanded = process.env.HKQ_DEMAND_SERVERS === '1'
  describe.skipIf(!isThere && !isDemanded)(isThere ? 'InfluxDB' : `InfluxDB (no server at ${INFLUX})`, () => {
    beforeAll(() => {
      if (!isThere) throw new Error(`no InfluxDB answers at ${INFLUX}: start one or set HKQ_TEST_INFLUX`)
    })
    tests()
  })
}

const made = new Set<string>()

/** A name that no other test has; whatever is made under it is dropped in the end. */
export function ownDatabase(): string {
  const name = `hkq_test_${randomBytes(6).toString('hex')}`
  made.add(name)
  return name
}
afterAll(async () => {
  for (const name of made) await ask(`DROP DATABASE "${name}"`)
})

const emptied: string[] = []

/** An empty database, one that was given back if there is one: making one takes the server some tenths of a second. */
export function emptyDatabase(): string {
  return emptied.pop() ?? ownDatabase()
}

export async function giveBack(database: string): Promise<void> {
  await ask('DROP SERIES FROM /.*/', database)
  emptied.push(database)
}

/** What the server answers to a statement. */
export async function ask(q: string, db = '', server = INFLUX): Promise<string> {
  const response = await fetch(`${server}/query?${new URLSearchParams({ db, epoch: 'ns' })}`, {
    method: 'POST',
    body: new URLSearchParams({ q }),
  })
  return response.text()
}

/** Points as another program writes them. */
export async function put(database: string, ...lines: string[]): Promise<void> {
  const response = await fetch(`${INFLUX}/write?db=${database}`, { method: 'POST', body: lines.join('\n') })
  if (!response.ok) throw new Error(await response.text())
}

export function targetAt(database: string, server = INFLUX): Database {
  const path = `influxdb://${server.replace('http://', '')}/${database}`
  return targetOf(path, path, { tls: false }) as Database
}

/** A store in a database of this name, on the server of the tests. */
export function openTest(database: string, mode: 'record' | 'read' = 'record', now = () => 0): Promise<InfluxStore> {
  return openInflux(targetAt(database), { mode, now, token: undefined })
}
