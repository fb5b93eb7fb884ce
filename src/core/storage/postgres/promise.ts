import { HkqError } from '../../errors.ts'
import type { Connection } from './connection.ts'

/**
 * Checks that a commit of this connection survives a loss of power: a promise that is not kept must not be made.
 * @throws HkqError E_STORAGE
 */
export async function promise({ ask, place }: Connection): Promise<void> {
  const [row] = await ask<[string, string]>(`SELECT current_setting('fsync'), current_setting('synchronous_commit')`)
  const [fsync, commit] = row!
  if (fsync === 'on' && commit !== 'off') return
  const message = `"${place.name}" does not wait for its disk (fsync ${fsync}): --durability "power" cannot be kept there`
  throw new HkqError('E_STORAGE', message)
}
