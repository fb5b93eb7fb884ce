import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HkqError, messageOf } from '../../errors.ts'
import { loadDriver } from '../sqlite/driver.ts'
import { takeLock } from '../sqlite/lock.ts'
import { Journal, type JournalOptions } from './journal.ts'

/**
 * Opens the journal in `directory`, which is made, and keeps others out until `release`.
 * @throws HkqError E_LOCKED while another recorder uses it; E_STORAGE when it cannot be used
 */
export async function openJournal(
  directory: string,
  options: JournalOptions,
): Promise<{ journal: Journal; release: () => void }> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new HkqError('E_STORAGE', `cannot make the journal "${directory}": ${messageOf(cause)}`, { cause })
  }
  const lock = takeLock(await loadDriver(), join(directory, 'journal'))
  try {
    return { journal: new Journal(directory, options), release: () => lock.release() }
  } catch (error) {
    lock.release()
    throw error
  }
}
