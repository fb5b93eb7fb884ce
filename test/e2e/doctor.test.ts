import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseTime } from '../../src/core/market/time.ts'
import { wireServer } from '../support/alltick-wire.ts'
import { CANARY } from '../support/canary.ts'
import { isServed, newSchema, SERVER, sql } from '../support/postgres.ts'
import { hkq, rows, start, workdir } from './hkq.ts'

interface Check {
  name: string
  state: string
  code: string | null
  detail: string
  remedy: string | null
}

const env = { HKQ_ALLTICK_TOKEN: CANARY }
const NO_TOKEN = { HKQ_ALLTICK_TOKEN: '' }

async function doctor(cwd: string, args: readonly string[] = ['--offline'], more: Record<string, string> = env) {
  const { code, stdout, stderr } = await hkq(['doctor', '--json', ...args], { cwd, env: more })
  const checks = rows<Check>(stdout)
  return { code, stdout, stderr, of: (name: string) => checks.find((check) => check.name === name), checks }
}

const recorded = (cwd: string) => hkq(['record', '700', '--from', 'sim:?speed=max&rate=1', '-q'], { cwd })

describe('hkq doctor', () => {
  it('finds nothing wrong where nothing is, and makes nothing', async () => {
    const cwd = workdir()
    const { code, checks, of } = await doctor(cwd)
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'sqlite',
      'configuration',
      'token',
      'calendar',
      'store',
      'disk',
      'recorder',
    ])
    expect(of('sqlite')!.detail).toMatch(/^3\.\d+\.\d+, with the fix/)
    expect(existsSync(join(cwd, 'hk_market.db'))).toBe(false)
  })

  it('reads a store through, and says how it stands', async () => {
    const cwd = workdir()
    await recorded(cwd)
    const { code, of } = await doctor(cwd)
    expect(code).toBe(0)
    expect(of('store')!.detail).toMatch(/^"hk_market.db", .*MB, schema 4, no recorder holds it$/)
    expect(of('integrity')).toMatchObject({ state: 'ok', detail: 'read through, nothing damaged' })
    expect(of('disk')!.detail).toMatch(/ free, a day may take 67\.1 MB$/)
  })

  it('finds a damaged store: 6', async () => {
    const cwd = workdir()
    await recorded(cwd)
    const file = openSync(join(cwd, 'hk_market.db'), 'r+')
    const pages = statSync(join(cwd, 'hk_market.db')).size / 4096
    for (let page = Math.floor(pages / 2); page < pages; page++)
      writeSync(file, Buffer.alloc(100, 0x5a), 0, 100, page * 4096)
    closeSync(file)
    const { code, checks } = await doctor(cwd)
    expect(code).toBe(6)
    expect(checks.filter(({ state }) => state === 'failure')).toEqual([
      expect.objectContaining({ code: 'E_STORAGE', remedy: expect.stringContaining('.recover') }),
    ])
  })

  it('finds what is no store of ours, or a newer one: 6', async () => {
    const cwd = workdir()
    writeFileSync(
      join(cwd, 'text.db'),
      'this is no database, but text that is long enough to be read as a header of one',
    )
    expect(await doctor(cwd, ['--offline', '--to', 'text.db'])).toMatchObject({ code: 6 })
    new Sqlite(join(cwd, 'other.db')).exec('CREATE TABLE x (y)').close()
    const other = await doctor(cwd, ['--offline', '--to', 'other.db'])
    expect([other.code, other.of('store')!.detail]).toEqual([6, `"other.db" is another program's database`])
    await recorded(cwd)
    const db = new Sqlite(join(cwd, 'hk_market.db'))
    db.pragma('user_version = 99')
    db.close()
    expect((await doctor(cwd)).of('store')!.remedy).toMatch(/update hkq/)
  })

  it('names the recorder that holds the store, what its commits survive, and disturbs it not', async () => {
    const cwd = workdir()
    const server = await wireServer({ live: { code: '700.HK', perSecond: 200, from: parseTime('2023-08-15T10:00') } })
    const args = ['record', '700', '--from', `alltick:?endpoint=${server.url}`, '--durability', 'power', '--json']
    const recorder = start(args, { cwd, env })
    let summary = ''
    recorder.stdout!.setEncoding('utf8').on('data', (text: string) => {
      summary += text
    })
    while (server.sent.length < 200) await new Promise((resolve) => setTimeout(resolve, 20))
    const { code, of } = await doctor(cwd)
    expect(code).toBe(0)
    expect(of('store')!.detail).toContain(`held by the recorder ${recorder.pid}`)
    expect(of('recorder')!.detail).toMatch(
      new RegExp(`^process ${recorder.pid} records into sqlite:hk_market.db, durability power, and relays at ws:`),
    )
    const ended = once(recorder, 'close')
    recorder.kill('SIGINT')
    await ended
    const { received, stored, durability } = JSON.parse(summary)
    expect([stored, durability]).toEqual([received, 'power'])
    expect((await doctor(cwd)).of('store')!.detail).toContain('no recorder holds it')
  })

  it('tells where the token is, never which; that others may read it; that there is none: 4', async () => {
    const cwd = workdir()
    const none = await doctor(cwd, ['--offline'], NO_TOKEN)
    expect([none.code, none.of('token')]).toMatchObject([4, { state: 'failure', code: 'E_TOKEN' }])
    expect((await doctor(cwd, ['--offline'], { ...NO_TOKEN, HKQ_FROM: 'sim:' })).code).toBe(0)
    mkdirSync(join(cwd, '.config', 'hkq'), { recursive: true })
    writeFileSync(join(cwd, '.config/hkq/token'), `${CANARY}\n`)
    chmodSync(join(cwd, '.config/hkq/token'), 0o644)
    writeFileSync(join(cwd, '.config/hkq/config.json'), JSON.stringify({ alltick: { tokenFile: 'token' } }))
    const open = await doctor(cwd, ['--offline'], NO_TOKEN)
    expect([open.code, open.of('token')]).toMatchObject([
      0,
      { state: 'warning', remedy: expect.stringMatching(/has mode 0644: run chmod 600/) },
    ])
    expect(open.stdout + open.stderr).not.toContain('canary')
  })

  it('asks for the secrets of the vendors that record reads, and for no other', async () => {
    const cwd = workdir()
    const feeds = { ...NO_TOKEN, HKQ_FROM: 'infoway:' }
    const none = await doctor(cwd, ['--offline'], feeds)
    expect([none.code, none.of('key'), none.of('token')]).toMatchObject([
      4,
      { state: 'failure', code: 'E_TOKEN', remedy: expect.stringContaining('HKQ_INFOWAY_KEY') },
      undefined,
    ])
    const one = await doctor(cwd, ['--offline', '--bundle', 'a.json'], { ...feeds, HKQ_INFOWAY_KEY: CANARY })
    expect([one.code, one.of('key')]).toMatchObject([0, { state: 'ok', detail: 'in HKQ_INFOWAY_KEY' }])
    expect(one.stdout + readFileSync(join(cwd, 'a.json'), 'utf8')).not.toContain(CANARY)
    writeFileSync(
      join(cwd, 'hkq.config.json'),
      JSON.stringify({ record: { from: ['infoway:?key=off', 'longbridge:'] } }),
    )
    const two = await doctor(cwd, ['--offline'], { ...NO_TOKEN, LONGBRIDGE_APP_KEY: CANARY })
    expect([two.code, two.of('credentials'), two.of('key')]).toMatchObject([
      4,
      { remedy: 'set LONGBRIDGE_APP_SECRET, LONGBRIDGE_ACCESS_TOKEN' },
      undefined,
    ])
    const local = await doctor(cwd, ['--offline'], {
      ...NO_TOKEN,
      HKQ_FROM: 'alltick:?endpoint=ws://127.0.0.1:9/x?token=c',
    })
    expect(local.of('token')!.detail).toMatch(/^none, and alltick:.* needs none$/)
    expect((await doctor(cwd, ['--offline'], { ...NO_TOKEN, HKQ_FROM: 'nowhere:' })).of('from')).toMatchObject({
      code: 'E_USAGE',
    })
  })

  it('takes a configuration that cannot be read as one finding of several: 2', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'hkq.config.json'), '{"symbols": [')
    const { code, of, checks } = await doctor(cwd)
    expect([code, of('configuration')!.code]).toEqual([2, 'E_CONFIG'])
    expect(checks.length).toBe(8)
  })

  it('looks at the stores that record would write', async () => {
    const cwd = workdir()
    writeFileSync(
      join(cwd, 'hkq.config.json'),
      JSON.stringify({ record: { to: ['sqlite:nowhere/a.db', 'csv:ticks'] } }),
    )
    const { code, of } = await doctor(cwd)
    expect([code, of('store')!.detail]).toEqual([6, 'no such directory "nowhere" for "nowhere/a.db"'])
  })

  it('tries every endpoint: one that does not answer is a warning beside one that does, alone a failure: 5', async () => {
    const cwd = workdir()
    const server = await wireServer({})
    const dead = 'ws://127.0.0.1:9/quote'
    const configure = (endpoints: string[]): void =>
      writeFileSync(join(cwd, 'hkq.config.json'), JSON.stringify({ alltick: { endpoints } }))
    configure([dead, server.url])
    const both = await doctor(cwd, ['--timeout', '2s'])
    expect(both.code).toBe(0)
    expect(both.of('endpoint 127.0.0.1:9')).toMatchObject({ state: 'warning', detail: 'not reached' })
    expect(both.of(`endpoint ${new URL(server.url).host}`)!.detail).toMatch(/^answers in \d+ ms$/)
    configure([dead])
    const alone = await doctor(cwd, [])
    expect(alone.code).toBe(5)
    expect(alone.of('endpoint 127.0.0.1:9')!.remedy).toContain('nothing listens on port 9')
    const named = await doctor(cwd, [], { ...env, HKQ_FROM: `infoway:?key=off&endpoint=${server.url}` })
    expect(
      named.checks.filter(({ name }) => name.startsWith('endpoint')).map(({ name, state }) => [name, state]),
    ).toEqual([[`endpoint ${new URL(server.url).host}`, 'ok']])
  })

  it("compares the machine's clock with that of an endpoint that tells the time", async () => {
    const cwd = workdir()
    const told = { ahead: 0 }
    const server = createServer()
    server.on('upgrade', (_, socket) => {
      const date = new Date(Date.now() - told.ahead).toUTCString()
      socket.end(`HTTP/1.1 401 Unauthorized\r\nDate: ${date}\r\nContent-Length: 0\r\n\r\n`)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/x`
    writeFileSync(join(cwd, 'hkq.config.json'), JSON.stringify({ alltick: { endpoints: [url] } }))
    expect((await doctor(cwd, [])).of('clock')).toMatchObject({ state: 'ok' })
    told.ahead = 60_000
    const skewed = await doctor(cwd, [])
    expect(skewed.code).toBe(0)
    expect(skewed.of('clock')).toMatchObject({ state: 'warning', detail: expect.stringMatching(/^(59|60|61) s ahead/) })
    told.ahead = -60_000
    expect((await doctor(cwd, [])).of('clock')!.detail).toMatch(/^(59|60|61) s behind/)
  })

  it('writes a report without any secret, and over no file', async () => {
    const cwd = workdir()
    const config = {
      from: 'alltick:?endpoint=ws://127.0.0.1:9/x?token=canary-a',
      record: { durability: 'power', raw: 'canary-b' },
    }
    writeFileSync(join(cwd, 'hkq.config.json'), JSON.stringify(config))
    const secrets = {
      ...env,
      ...{ HTTPS_PROXY: 'http://user:canary-c@127.0.0.1:1', HKQ_TO: 'canary-d.db', HKQ_INFLUX_TOKEN: 'canary-d' },
    }
    const { code } = await doctor(cwd, ['--offline', '--bundle', 'report.json'], secrets)
    expect(code).toBe(0)
    const text = readFileSync(join(cwd, 'report.json'), 'utf8')
    expect(text).not.toMatch(/canary/)
    expect(text).not.toContain(cwd)
    expect(statSync(join(cwd, 'report.json')).mode & 0o777).toBe(0o600)
    expect(JSON.parse(text)).toMatchObject({
      configuration: [{ kind: 'project', values: { from: '(set)', record: { durability: 'power', raw: '(set)' } } }],
      environment: expect.arrayContaining(['HKQ_ALLTICK_TOKEN', 'HKQ_TO', 'HTTPS_PROXY']),
      checks: expect.arrayContaining([expect.objectContaining({ name: 'store' })]),
    })
    expect(await doctor(cwd, ['--offline', '--bundle', 'report.json'])).toMatchObject({ code: 2 })
  })

  it('is a table for people, the remedies under it', async () => {
    const { stdout } = await hkq(['doctor', '--offline', '--format', 'table'], { cwd: workdir(), env: NO_TOKEN })
    expect(stdout).toMatch(/^state +check +found\n/)
    expect(stdout).toMatch(/^failure +token +no AllTick token$/m)
    expect(stdout).toMatch(
      /\n\ntoken: set HKQ_ALLTICK_TOKEN, run "hkq init", or use --from sim: for the simulated market\n$/,
    )
  })
})

describe.runIf(isServed)('hkq doctor of a PostgreSQL server', () => {
  const PASSWORD = 'kept-to-itself'
  const address = (schema: string) => {
    const url = new URL(SERVER)
    url.password ||= PASSWORD
    return `${url.href}?schema=${schema}`
  }

  function schemaOfTest(): string {
    const schema = newSchema()
    onTestFinished(() => sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).then(() => {}))
    return schema
  }

  it('tells its version, whose the schema is and what a commit survives, and makes nothing', async () => {
    const [cwd, schema] = [workdir(), schemaOfTest()]
    const { code, of, stdout } = await doctor(cwd, ['--offline', '--to', address(schema)])
    expect(of('store')).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/PostgreSQL \d+.*first recording$/),
    })
    expect(of('durability')!.detail).toMatch(/^fsync o(n|ff), synchronous_commit \w+$/)
    expect(code).toBe(0)
    expect(stdout).not.toContain(PASSWORD)
    expect(await sql(`SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`)).toEqual([])
    await hkq(['export', '700', '--from', 'sim:?speed=max&rate=0.2&days=1', '--to', address(schema), '-q'], { cwd })
    expect((await doctor(cwd, ['--offline', '--to', address(schema)])).of('store')!.detail).toMatch(/, schema \d+$/)
  })

  it("fails for another program's schema, a newer one, and a server that is away", async () => {
    const [cwd, schema] = [workdir(), schemaOfTest()]
    const found = async (to: string) => {
      const { code, of } = await doctor(cwd, ['--offline', '--to', to])
      return [code, of('store')!.state, of('store')!.detail, of('store')!.remedy].join(' | ')
    }
    await sql(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.theirs (x int)`)
    expect(await found(address(schema))).toMatch(/^6 \| failure \| .*another program's \| name a new one/)
    await sql(`CREATE TABLE ${schema}.hkq_version (version int); INSERT INTO ${schema}.hkq_version VALUES (99)`)
    expect(await found(address(schema))).toMatch(/^6 \| failure \| .*schema version 99.* \| update hkq/)
    await sql(`UPDATE ${schema}.hkq_version SET version = 0`)
    expect(await found(address(schema))).toMatch(/^0 \| warning \| .*, schema 0 \| record into it once/)
    expect(await found(`postgres://u:${PASSWORD}@127.0.0.1:1/d`)).toMatch(/^6 \| failure \| .*127\.0\.0\.1/)
    expect(await found(`postgres://u:${PASSWORD}@127.0.0.1:1/d`)).not.toContain(PASSWORD)
  })

  it('warns where the newest commits could be lost', async () => {
    const [cwd, schema] = [workdir(), schemaOfTest()]
    const role = `${schema}_user`
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; ALTER ROLE ${role} SET synchronous_commit = off`)
    onTestFinished(() => sql(`DROP ROLE ${role}`).then(() => {}))
    const url = new URL(SERVER)
    Object.assign(url, { username: role, password: 'x' })
    const { code, of } = await doctor(cwd, ['--offline', '--to', `${url.href}?schema=${schema}`])
    expect(of('durability')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('synchronous_commit off'),
    })
    expect(code).toBe(0)
  })
})

describe('hkq doctor of servers that are away', () => {
  it('looks at every sink and at the queue that record reads, a line of each, a password in none: 6', async () => {
    const cwd = workdir()
    const at = (scheme: string) => `${scheme}://u:kept-to-itself@127.0.0.1:1/place`
    const to = ['influxdb', 'nats', 'postgres'].map(at)
    writeFileSync(join(cwd, 'hkq.config.json'), JSON.stringify({ record: { from: at('redis'), to } }))
    const { code, checks, stdout, stderr } = await doctor(cwd, ['--offline', '--bundle', 'report.json'])
    expect(code).toBe(6)
    const failures = checks.filter(({ state }) => state === 'failure')
    expect(failures.map(({ name, detail }) => `${name} ${/\w+(?=:\/\/)/.exec(detail)}`)).toEqual([
      'store influxdb',
      'queue nats',
      'store postgres',
      'queue redis',
    ])
    expect(stdout + stderr + readFileSync(join(cwd, 'report.json'), 'utf8')).not.toContain('kept-to-itself')
  })
})
