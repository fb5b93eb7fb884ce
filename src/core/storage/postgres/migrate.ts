import { HkqError } from '../../errors.ts'
import type { Ask, Connection } from './connection.ts'
import type { Place } from './place.ts'
import { STEPS } from './schema.ts'

/** What the schema of a place is to us: not there or empty, of another program, or ours of a version. */
type Kind = 'empty' | 'foreign' | number

/**
 * Makes the schema, or brings an older one to the newest version, in one transaction; whoever comes meanwhile waits.
 * @throws HkqError E_STORAGE when it is foreign or newer, or may not be written
 */
export async function prepare(connection: Connection, steps: readonly string[] = STEPS): Promise<void> {
  const { place } = connection
  const kind = await kindOf(connection.ask, place)
  refuse(kind, place, steps)
  if (kind !== steps.length) await connection.transaction((ask) => migrate(ask, place, steps))
  await settle(connection)
  const rights = await connection.ask<[boolean]>(
    `SELECT has_table_privilege('tick', 'INSERT') AND has_table_privilege('minute', 'UPDATE')
      AND has_table_privilege('symbol', 'UPDATE') AND NOT pg_is_in_recovery()`,
  )
  if (rights[0]![0]) return
  throw new HkqError(
    'E_STORAGE',
    `"${place.name}" may be read only: record as the owner of the schema "${place.schema}", on the primary server`,
  )
}

/** For readers. @throws HkqError E_STORAGE when there is no store of hkq of this version */
export async function expectStore(connection: Connection, steps: readonly string[] = STEPS): Promise<void> {
  const { place } = connection
  const kind = await kindOf(connection.ask, place)
  refuse(kind, place, steps)
  if (kind === 'empty') {
    throw new HkqError('E_STORAGE', `"${place.name}" holds nothing yet: record into it first`)
  }
  if (kind !== steps.length) {
    const message = `"${place.name}" has schema version ${kind}, this hkq reads ${steps.length}: record into it once, that brings it up`
    throw new HkqError('E_STORAGE', message)
  }
  await settle(connection)
}

/** From here on names mean those of the schema. */
async function settle({ ask, place }: Connection): Promise<void> {
  await ask(`SET search_path = ${place.schema}, pg_catalog`)
}

/** Which version the schema is of, null where there is nothing yet. @throws HkqError E_STORAGE when it is foreign or newer */
export async function versionOf({ ask, place }: Connection): Promise<number | null> {
  const kind = await kindOf(ask, place)
  refuse(kind, place, STEPS)
  return typeof kind === 'number' ? kind : null
}

async function kindOf(ask: Ask, { schema }: Place): Promise<Kind> {
  const tables = await ask<[string]>(
    'SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)',
    [schema],
  )
  if (tables.length === 0) return 'empty'
  if (!tables.some(([name]) => name === 'hkq_version')) return 'foreign'
  const [row] = await ask<[number]>(`SELECT version FROM ${schema}.hkq_version`)
  return row?.[0] ?? 'foreign'
}

function refuse(kind: Kind, { name, schema }: Place, steps: readonly string[]): void {
  if (kind === 'foreign') {
    const message = `the schema "${schema}" of "${name}" is another program's: name a new one (?schema=NAME), hkq makes it`
    throw new HkqError('E_STORAGE', message)
  }
  if (typeof kind === 'number' && kind > steps.length) {
    const message = `"${name}" has schema version ${kind}, this hkq knows up to ${steps.length}: update hkq`
    throw new HkqError('E_STORAGE', message)
  }
}

async function migrate(ask: Ask, place: Place, steps: readonly string[]): Promise<void> {
  await ask('SELECT pg_advisory_xact_lock(hashtext($1))', [`hkq ${place.schema}`])
  const kind = await kindOf(ask, place)
  refuse(kind, place, steps)
  const version = kind === 'empty' ? 0 : (kind as number)
  const known = await ask('SELECT 1 FROM pg_namespace WHERE nspname = $1', [place.schema])
  if (known.length === 0) await ask(`CREATE SCHEMA ${place.schema}`)
  await ask(`SET LOCAL search_path = ${place.schema}, pg_catalog`)
  for (const step of steps.slice(version)) await ask(step)
  await ask('UPDATE hkq_version SET version = $1', [steps.length])
}
