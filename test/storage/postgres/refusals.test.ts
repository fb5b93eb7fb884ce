import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { isAway, openPostgres, placeOf } from '../../../src/core/storage/postgres.ts'
import { dropSchema, isServed, newSchema, placeAt, SERVER, sql } from '../../support/postgres.ts'
import { collect, gap, tick } from '../sample.ts'

const PASSWORD = 'sekret-of-the-test'

describe.skipIf(!isServed)('a PostgreSQL store refuses', () => {
  const role = newSchema()

  beforeAll(async () => {
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`)
  })
  afterAll(async () => {
    await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  function schemaOfTest(): string {
    const schema = newSchema()
    onTestFinished(() => dropSchema(schema))
    return schema
  }

  /** The server's address for another user, or another database. */
  function addressOf(parts: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'port'>>): string {
    return Object.assign(new URL(SERVER), parts).href
  }

  async function refusal(opening: Promise<unknown>): Promise<Error> {
    const error = await opening.then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ code: 'E_STORAGE' })
    expect((error as Error).message).not.toMatch(/\n/)
    return error as Error
  }

  it('a database that is not there, and says how to make it', async () => {
    const place = placeAt(newSchema(), addressOf({ pathname: '/hkq_no_such' }))
    const error = await refusal(openPostgres(place, { mode: 'record' }))
    expect(error.message).toContain('has no database "hkq_no_such": create it first (createdb hkq_no_such)')
    expect(isAway(error)).toBe(false)
  })

  it('a user the server does not know, and never shows the password', async () => {
    const url = addressOf({ username: 'hkq_nobody', password: PASSWORD })
    const error = await refusal(openPostgres(placeAt(newSchema(), url), { mode: 'record' }))
    expect(error.message).toContain('refuses user "hkq_nobody": check name and password')
    expect(JSON.stringify(error) + error.stack).not.toContain(PASSWORD)
    expect(isAway(error)).toBe(false)
  })

  it('to be read where nothing was recorded, and makes nothing', async () => {
    const schema = schemaOfTest()
    const error = await refusal(openPostgres(placeAt(schema), { mode: 'read' }))
    expect(error.message).toContain('holds nothing yet: record into it first')
    expect(await sql(`SELECT 1 FROM pg_namespace WHERE nspname = '${schema}'`)).toEqual([])
  })

  it('a schema of another program, and leaves it as it is', async () => {
    const schema = schemaOfTest()
    await sql(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.ticks (id integer)`)
    for (const mode of ['record', 'read'] as const) {
      const error = await refusal(openPostgres(placeAt(schema), { mode }))
      expect(error.message).toMatch(/^the schema "\w+" of ".*" is another program's: name a new one \(\?schema=NAME\)/)
    }
    const tables = await sql(`SELECT tablename FROM pg_tables WHERE schemaname = '${schema}'`)
    expect(tables).toEqual([{ tablename: 'ticks' }])
  })

  it('a schema of a newer hkq', async () => {
    const schema = schemaOfTest()
    await (await openPostgres(placeAt(schema), { mode: 'record' })).close()
    await sql(`UPDATE ${schema}.hkq_version SET version = 99`)
    for (const mode of ['record', 'read'] as const) {
      const error = await refusal(openPostgres(placeAt(schema), { mode }))
      expect(error.message).toContain('has schema version 99, this hkq knows up to 1: update hkq')
    }
  })

  it('to be recorded into by a role that may only read, which may read', async () => {
    const schema = schemaOfTest()
    const store = await openPostgres(placeAt(schema), { mode: 'record' })
    await store.write([tick(), gap()])
    await store.close()
    await sql(`GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
    const url = addressOf({ username: role, password: PASSWORD })
    const error = await refusal(openPostgres(placeAt(schema, url), { mode: 'record' }))
    expect(error.message).toContain('may be read only')
    const reader = await openPostgres(placeAt(schema, url), { mode: 'read' })
    onTestFinished(() => reader.close())
    expect(await collect(reader.read({}))).toEqual([tick(), gap()])
    await expect(async () => reader.fill([], [gap()])).rejects.toThrow('is open for reading only')
  })

  it('a role that may not make a schema', async () => {
    const url = addressOf({ username: role, password: PASSWORD })
    const error = await refusal(openPostgres(placeAt(newSchema(), url), { mode: 'record' }))
    expect(error.message).toMatch(/does not permit that: its owner must grant rights/)
  })

  it('nothing for good while no server answers: that may pass', async () => {
    const error = await refusal(openPostgres(placeAt(newSchema(), addressOf({ port: '1' })), { mode: 'record' }))
    expect(error.message).toContain('does not answer: check that the server runs, and host and port')
    expect(isAway(error)).toBe(true)
  })
})

describe('a PostgreSQL server that cannot be spoken to in secret', () => {
  const pem = readFileSync(new URL('../../fixtures/connection/self-signed.pem', import.meta.url))

  /** Answers the first words of a client, which ask for TLS. */
  async function answering(answer: 'S' | 'N'): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(answer)
        if (answer === 'S') new TLSSocket(socket, { isServer: true, key: pem, cert: pem }).on('error', () => {})
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  it.each([
    ['N', /^"shown" speaks no TLS: turn it on there .*leave sslmode out[^\n]*$/],
    ['S', /^"shown" shows a certificate that is not trusted: name the host .*NODE_EXTRA_CA_CERTS[^\n]*$/],
  ] as const)('(its answer is %s) is refused for good with what to do', async (answer, says) => {
    const place = placeOf(`postgres://127.0.0.1:${await answering(answer)}/test`, 'shown', { ssl: 'verify-full' })
    const error = await openPostgres(place, { mode: 'record' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'E_STORAGE', message: expect.stringMatching(says) })
    expect(isAway(error)).toBe(false)
  })
})

describe('an address of PostgreSQL', () => {
  it('is read part by part, secrets decoded', () => {
    expect(placeOf('postgres://me:a%40b@db.example:6543/market', 'shown', { schema: 'hk', ssl: 'require' })).toEqual({
      ...{ name: 'shown', schema: 'hk', database: 'market', host: 'db.example', port: 6543 },
      ...{ user: 'me', password: 'a@b', ssl: 'require' },
    })
    expect(placeOf('postgres:///market', 'shown')).toEqual({
      ...{ name: 'shown', schema: 'hkq', database: 'market', ssl: 'disable' },
    })
    expect(placeOf('postgresql://%2Fvar%2Frun/market', 'shown').host).toBe('/var/run')
    expect(placeOf('postgres://[::1]/market', 'shown').host).toBe('::1')
  })

  it.each([
    ['postgres://host', {}, 'names no database'],
    ['postgres://host/a/b', {}, 'names no database'],
    ['postgres:market', {}, 'is no address'],
    ['postgres://me:%zz@host/market', {}, 'is no address'],
    ['postgres://host/market', { schema: 'x; DROP' }, 'use small letters'],
  ])('%s is refused before anything is opened', (address, options, message) => {
    expect(() => placeOf(address, 'shown', options)).toThrow(message)
  })
})
