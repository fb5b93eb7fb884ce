import { HkqError } from '../../errors.ts'
import type { Ask, Connection } from './connection.ts'

/**
 * Checks that a commit of this connection survives a loss of power: a promise that is not kept must not be made.
 * @throws HkqError E_STORAGE
 */
export async function promise({ ask, place }: Connection): Promise<void> {
  const { fsync, commit } = await waitingOf(ask)
  if (fsync === 'on' && commit !== 'off') return
  const message = `"${place.name}" does not wait for its disk (fsync ${fsync}): --durability "power" cannot be kept there`
  throw new HkqError('E_STORAGE', message)
}

/** What the server waits for before it says that a transaction is committed: its settings `fsync` and `synchronous_commit`. */
export async function waitingOf(ask: Ask): Promise<{ fsync: string; commit: string }> {
  const [row] = await ask<[string, string]>(`SELECT current_setting('fsync'), current_setting('synchronous_commit')`)
  const [fsync, commit] = row!
  return { fsync, commit }
}
