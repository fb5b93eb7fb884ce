import type { Durability } from '../pipeline/source.ts'
import { Connection } from './postgres/connection.ts'
import { expectStore, prepare } from './postgres/migrate.ts'
import type { Place } from './postgres/place.ts'
import { promise } from './postgres/promise.ts'
import { PostgresStore } from './postgres/store.ts'
import type { Store } from './store.ts'

export { isAway } from './postgres/errors.ts'
export { placeOf, SSL_MODES } from './postgres/place.ts'

export interface PostgresOptions {
  /** `record` may write and makes the schema; `read` does neither. */
  mode: 'record' | 'read'
  /** Default `process`: the server's own setting, which waits for its disk unless its owner has changed it. */
  durability?: Durability
  /** Wall clock of checkpoints, epoch ms. */
  now?: () => number
}

/** How long the server may take for an answer, ms: what is written can be written again, a long reading cannot. */
const ANSWER = { record: 15_000, read: 300_000 } as const

/**
 * Opens the store in a schema of a PostgreSQL database.
 * @throws HkqError E_STORAGE, with the remedy; `isAway` tells whether it may pass by itself
 */
export async function openPostgres(
  place: Place,
  { mode, durability = 'process', now = Date.now }: PostgresOptions,
): Promise<Store> {
  const connection = await Connection.open(place, {
    readOnly: mode === 'read',
    answerMs: ANSWER[mode],
    waitsForDisk: durability === 'power',
  })
  try {
    if (mode === 'read') await expectStore(connection)
    else await prepare(connection)
    if (durability === 'power') await promise(connection)
    return new PostgresStore(connection, mode === 'read' ? null : now)
  } catch (error) {
    await connection.close()
    throw error
  }
}
