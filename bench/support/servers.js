import { connect } from 'node:net'

/** Where the servers of the benches are: each on its usual local port unless the environment says otherwise. */
export const POSTGRES = process.env.HKQ_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/test'
export const INFLUX = process.env.HKQ_TEST_INFLUX ?? 'http://127.0.0.1:8086'
export const REDIS = process.env.HKQ_TEST_REDIS ?? 'redis://127.0.0.1:6379'
export const NATS = process.env.HKQ_TEST_NATS ?? 'nats://127.0.0.1:4222'

/** Whether something listens where the address says. */
export function answers(address) {
  const { hostname, port } = new URL(address.replace(/^\w+:/, 'http:'))
  return new Promise((told) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy()
      told(true)
    })
    socket.once('error', () => told(false))
  })
}

/** A store of its own in PostgreSQL: its address, the bytes of its tables and indexes, a question to it, and how to take it away. */
export function inPostgres(schema) {
  const sql = async (text) => {
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: POSTGRES })
    await client.connect()
    try {
      return [await client.query(text)].flat().at(-1).rows
    } finally {
      await client.end()
    }
  }
  const size = `SELECT sum(pg_total_relation_size(c.oid))::float8 AS bytes FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '${schema}' AND c.relkind = 'r'`
  return {
    address: `${POSTGRES}?schema=${schema}`,
    bytes: async () => (await sql(size))[0].bytes,
    sql: (text) => sql(`SET search_path TO ${schema}; ${text}`),
    remove: () => sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`),
  }
}

/** Takes a queue of the benches away, with what it holds. */
export async function removeQueue(at, key) {
  if (at.startsWith('redis:')) {
    const { Redis } = await import('ioredis')
    const redis = new Redis(at)
    const keys = await redis.keys(`${key}*`)
    if (keys.length > 0) await redis.del(keys)
    redis.disconnect()
    return
  }
  const [{ connect: dial }, { jetstreamManager }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ])
  const connection = await dial({ servers: new URL(at).host })
  const manager = await jetstreamManager(connection)
  for await (const { config } of manager.streams.list())
    if (config.name.includes(key)) await manager.streams.delete(config.name)
  await connection.close()
}
