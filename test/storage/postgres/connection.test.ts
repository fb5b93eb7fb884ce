import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Connection } from '../../../src/core/storage/postgres/connection.ts'
import { isAway, openPostgres } from '../../../src/core/storage/postgres.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { dropSchema, newSchema, placeAt, sql } from '../../support/postgres.ts'
import { canServe, PASSWORD, PostgresServer } from '../../support/postgres-server.ts'
import { collect, tick } from '../sample.ts'

describe.skipIf(!canServe)('a connection to a PostgreSQL server', () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await PostgresServer.open()
  })
  afterAll(() => server.remove())

  const errorOf = (opening: Promise<unknown>): Promise<Error> =>
    opening.then(
      () => expect.unreachable('it should fail'),
      (error: Error) => error,
    )

  function schemaOfTest(): string {
    const schema = newSchema()
    onTestFinished(() => dropSchema(schema, server.url))
    return schema
  }

  it.each(['wrong', ''])('is refused with the password "%s", in a line that shows none', async (password) => {
    const error = await errorOf(openPostgres(placeAt(newSchema(), server.urlAs(password)), { mode: 'record' }))
    expect(error).toMatchObject({ code: 'E_STORAGE' })
    expect(error.message).toMatch(
      /^"postgres:\/\/test\?schema=\w+" refuses user "hkq": check name and password \(in the address, PGPASSWORD or ~\/\.pgpass\) \([^\n]+\)$/,
    )
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(PASSWORD)
    expect(isAway(error)).toBe(false)
  })

  it('that is reset or cut in mid-write counts as away; what was written is there once when it is written again', async () => {
    const schema = schemaOfTest()
    const proxy = await FaultProxy.open({ target: server.port })
    onTestFinished(() => proxy.close())
    const url = server.url.replace(String(server.port), String(proxy.port))
    const batch = Array.from({ length: 4_000 }, (_, seq) => tick({ seq }))
    for (const fault of [{ kind: 'reset' }, { kind: 'data-limit', bytes: 50_000 }] as const) {
      const store = await openPostgres(placeAt(schema, url), { mode: 'record' })
      const lift = proxy.inject(fault)
      expect(isAway(await errorOf(store.write(batch)))).toBe(true)
      expect(isAway(await errorOf(store.write(batch))), 'it stays lost').toBe(true)
      await lift()
      await store.close()
    }
    const store = await openPostgres(placeAt(schema, url), { mode: 'record' })
    onTestFinished(() => store.close())
    await store.write(batch)
    expect(await collect(store.ticks('00700.HK', {}))).toEqual(batch)
    expect(await store.integrity()).toEqual([])
  })

  it('that is cut while it is being made, at whatever byte, counts as away', async () => {
    const proxy = await FaultProxy.open({ target: server.port })
    onTestFinished(() => proxy.close())
    const url = server.url.replace(String(server.port), String(proxy.port))
    let cuts = 0
    for (let bytes = 0; ; bytes += 40) {
      const lift = proxy.inject({ kind: 'data-limit', bytes })
      const options = { readOnly: false, answerMs: 5_000, waitsForDisk: false }
      const opened = await Connection.open(placeAt(newSchema(), url), options).catch((error: Error) => error)
      await lift()
      if (opened instanceof Connection) {
        await opened.close()
        break
      }
      expect(isAway(opened), `cut after ${bytes} bytes: ${opened.message}`).toBe(true)
      cuts++
    }
    expect(cuts).toBeGreaterThan(10)
  })

  it('on which no answer comes is given up after its time, and closes', async () => {
    const proxy = await FaultProxy.open({ target: server.port })
    onTestFinished(() => proxy.close())
    const url = server.url.replace(String(server.port), String(proxy.port))
    const options = { readOnly: false, answerMs: 1_000, waitsForDisk: false }
    const connection = await Connection.open(placeAt(newSchema(), url), options)
    const lift = proxy.inject({ kind: 'black-hole' })
    const error = await errorOf(connection.ask('SELECT 1'))
    expect(error).toMatchObject({ code: 'E_STORAGE' })
    expect(isAway(error)).toBe(true)
    await connection.close()
    await lift()
  })

  it('of a store that must outlive a loss of power is refused where the server does not wait for its disk', async () => {
    const error = await errorOf(
      openPostgres(placeAt(schemaOfTest(), server.url), { mode: 'record', durability: 'power' }),
    )
    expect(error.message).toContain('does not wait for its disk (fsync off): --durability "power" cannot be kept there')
  })

  it('does not wait for ever for what a lost client has locked', async () => {
    const options = { readOnly: false, answerMs: 60_000, waitsForDisk: false }
    const connection = await Connection.open(placeAt(newSchema(), server.url), options)
    onTestFinished(() => connection.close())
    const [row] = await connection.ask<[string]>(`SELECT current_setting('idle_in_transaction_session_timeout')`)
    expect(row).toEqual(['20s'])
    expect(await sql('SELECT 1 AS one', server.url)).toEqual([{ one: 1 }])
  })
})
