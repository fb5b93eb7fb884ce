import { ANSWER, type Check, ok, warning } from '../../check.ts'
import { Connection } from './connection.ts'
import { versionOf } from './migrate.ts'
import type { Place } from './place.ts'
import { waitingOf } from './promise.ts'
import { STEPS } from './schema.ts'

/**
 * Looks at a server that is recorded into, and changes nothing: its version, whose the schema is, what a commit survives.
 * @throws HkqError E_STORAGE where it is away or refuses, or the schema is foreign or newer
 */
export async function examinePostgres(place: Place): Promise<readonly Check[]> {
  const connection = await Connection.open(place, { readOnly: true, answerMs: ANSWER, waitsForDisk: false })
  try {
    const [row] = await connection.ask<[string]>(`SELECT split_part(current_setting('server_version'), ' ', 1)`)
    const server = `"${place.name}", PostgreSQL ${row![0]}`
    return [checkSchema(server, await versionOf(connection)), checkDurability(await waitingOf(connection.ask))]
  } finally {
    await connection.close()
  }
}

function checkSchema(server: string, schema: number | null): Check {
  if (schema === null) return ok('store', `${server}: the schema is made by the first recording`)
  if (schema === STEPS.length) return ok('store', `${server}, schema ${schema}`)
  return warning('store', `${server}, schema ${schema}`, 'record into it once: that brings it up')
}

function checkDurability({ fsync, commit }: { fsync: string; commit: string }): Check {
  const detail = `fsync ${fsync}, synchronous_commit ${commit}`
  if (fsync !== 'on') return warning('durability', detail, 'a loss of power may damage the database: set fsync = on')
  if (commit !== 'off') return ok('durability', detail)
  return warning(
    'durability',
    detail,
    'the newest commits may be lost with the power: set it on, or --durability power',
  )
}
