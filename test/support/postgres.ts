import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Place } from '../../src/core/storage/postgres/place.ts'
import { placeOf } from '../../src/core/storage/postgres.ts'

/** The server that tests may use: every test a schema of its own, which it removes. */
export const SERVER = process.env.HKQ_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/test'

/** Whether that server answers; where it must (HKQ_DEMAND_SERVERS=1) tests run, and fail, all the same. */
export const isServed = process.env.HKQ_DEMAND_SERVERS === '1' || (await answers(SERVER))

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

export function newSchema(): string {
  return `hkq_test_${randomBytes(6).toString('hex')}`
}

export function placeAt(schema: string, url = SERVER): Place {
  return placeOf(url, `postgres://test?schema=${schema}`, { schema })
}

/** Does one thing as somebody else than hkq. */
export async function sql<R extends object = Record<string, unknown>>(text: string, url = SERVER): Promise<R[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return ((await client.query(text)) as pg.QueryResult<R>).rows
  } finally {
    await client.end()
  }
}

export async function dropSchema(schema: string, url = SERVER): Promise<void> {
  await sql(`SET client_min_messages = warning; DROP SCHEMA IF EXISTS ${schema} CASCADE`, url)
}

/** Removes every row that a store holds; it may stay open: integers of names are never taken back. */
export async function emptySchema(schema: string, url = SERVER): Promise<void> {
  const tables = [
    'tick',
    'quote',
    'minute',
    'gap',
    'rejected',
    'checkpoint',
    'coverage',
    'instruments',
    'compared',
    'metric',
  ]
  const deletes = tables.map((table) => `DELETE FROM ${schema}.${table}`)
  await sql(['SET synchronous_commit = off', ...deletes].join('; '), url)
}
