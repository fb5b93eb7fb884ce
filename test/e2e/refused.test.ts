import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasInfluxd, ownInfluxd } from '../support/own-influxd.ts'
import { sql } from '../support/postgres.ts'
import { canServe, PASSWORD, PostgresServer } from '../support/postgres-server.ts'
import { isServed, NATS, OwnServer, REDIS } from '../support/queues.ts'
import { hkq, rows, workdir } from './hkq.ts'

/** A server of the test's own that asks for user and password. */
interface Guarded {
  /** The address of a place at it that is not there yet. */
  address(login: string): string
  /** A user and his password, as they stand before HOST. */
  readonly login: string
  /** Names of what hkq has made there. */
  made(): Promise<readonly unknown[]>
  stop(): Promise<void>
  start(): Promise<void>
}

const IS_DEMANDED = process.env.HKQ_DEMAND_SERVERS === '1'

const SERVERS: Record<string, { isThere: boolean; isQueue: boolean; open: () => Promise<Guarded> }> = {
  PostgreSQL: {
    ...{ isThere: canServe, isQueue: false },
    async open() {
      const server = await PostgresServer.open()
      onTestFinished(() => server.remove())
      return {
        address: (login) => `postgres://${login}127.0.0.1:${server.port}/postgres`,
        login: `hkq:${PASSWORD}@`,
        made: () => sql(`SELECT nspname FROM pg_namespace WHERE nspname = 'hkq'`, server.url),
        stop: () => server.stop('fast'),
        start: () => server.start(),
      }
    },
  },
  InfluxDB: {
    ...{ isThere: hasInfluxd || IS_DEMANDED, isQueue: false },
    async open() {
      const server = await ownInfluxd({ auth: true })
      const { url } = server
      const ask = async (q: string, user = 'hkq'): Promise<string> => {
        const query = new URLSearchParams({ q, u: user, p: PASSWORD })
        return (await fetch(`${url}/query?${query}`, { method: 'POST' })).text()
      }
      await ask(`CREATE USER hkq WITH PASSWORD '${PASSWORD}' WITH ALL PRIVILEGES`)
      return {
        address: (login) => `influxdb://${login}${url.replace('http://', '')}/market`,
        login: `hkq:${PASSWORD}@`,
        made: async () => (await ask('SHOW DATABASES')).match(/market/g) ?? [],
        stop: () => server.kill(),
        start: () => server.start(),
      }
    },
  },
  Redis: {
    ...{ isThere: await isServed(REDIS), isQueue: true },
    async open() {
      const server = await OwnServer.start(REDIS, PASSWORD)
      onTestFinished(() => server.end())
      return {
        address: (login) => `redis://${login}${server.at}/market`,
        login: REDIS.login(PASSWORD),
        stop: () => server.down(),
        start: () => server.up(),
        async made() {
          const client = new Redis(`redis://${REDIS.login(PASSWORD)}${server.at}`)
          return client.keys('*').finally(() => client.disconnect())
        },
      }
    },
  },
  NATS: {
    ...{ isThere: await isServed(NATS), isQueue: true },
    async open() {
      const server = await OwnServer.start(NATS, PASSWORD)
      onTestFinished(() => server.end())
      return {
        address: (login) => `nats://${login}${server.at}/market`,
        login: NATS.login(PASSWORD),
        stop: () => server.down(),
        start: () => server.up(),
        async made() {
          const nats = await connect({ servers: server.at, user: 'hkq', pass: PASSWORD })
          const names: string[] = []
          for await (const name of (await jetstreamManager(nats)).streams.names()) names.push(name)
          await nats.close()
          return names
        },
      }
    },
  },
}

const SIM = ['--from', 'sim:?speed=max&rate=0.1&days=1']

/** Every way of the command line to a place. */
function ways(address: string, isQueue: boolean): string[][] {
  const to = [
    ['record', '700', ...SIM, '--relay', 'off', '--to', address],
    ['export', '700', ...SIM, '--to', address],
  ]
  const from = isQueue
    ? [
        ['record', '--from', address, '--to', 'a.db'],
        ['stream', '--from', address],
      ]
    : [
        ['resample', '700', '--from', address],
        ['export', '--from', address],
      ]
  return [...to, ...from]
}

describe.each(Object.entries(SERVERS))('a server of %s that asks for a password', (_, { isThere, isQueue, open }) => {
  it.skipIf(!isThere)(
    'refuses a wrong one, none and an unknown user in one line, exit 6, and has nothing made there',
    { timeout: 120_000 },
    async () => {
      const { address, made } = await open()
      for (const login of ['hkq:falsch@', '', `nobody:${PASSWORD}@`]) {
        for (const args of ways(address(login), isQueue)) {
          const cwd = workdir()
          const { code, stdout, stderr } = await hkq(args, { cwd, env: { XDG_STATE_HOME: cwd } })
          expect({ login, args, code, stdout }).toEqual({ login, args, code: 6, stdout: '' })
          expect(stderr).toMatch(/^hkq: "[^\n]*" refuses [^\n]*: check [^\n]*password[^\n]*\n$/i)
          expect(stderr).not.toMatch(/falsch|sekret/)
        }
      }
      expect(await made()).toEqual([])
    },
  )

  it.skipIf(!isThere)('gets from who knows it what waited from who named none', { timeout: 120_000 }, async () => {
    const { address, login, made, stop, start } = await open()
    const cwd = workdir()
    const run = (args: readonly string[]) => hkq(args, { cwd, env: { XDG_STATE_HOME: cwd } })
    const record = (symbol: string, login: string) =>
      run(['record', symbol, ...SIM, '--relay', 'off', '--to', address(login)])
    await stop()
    expect((await record('700', '')).stderr).toMatch(/ MB wait for .* on disk: the next run delivers them/)
    await start()
    expect((await record('700', '')).code).toBe(6)
    expect(await made()).toEqual([])
    expect((await record('5', login)).code).toBe(0)
    const sent = ticksIn((await run(['export', '700', ...SIM])).stdout)
    const place = address(login)
    const read = isQueue
      ? ['stream', '700', '--from', `${place}?group=hkq`, '--count', `${sent.length}`]
      : ['export', '700', '--from', place]
    expect(sent.length).toBeGreaterThan(100)
    expect(ticksIn((await run(read)).stdout)).toEqual(sent)
  })
})

function ticksIn(text: string): unknown[] {
  return rows<{ type: string }>(text).filter(({ type }) => type === 'tick')
}
