import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HkqError } from '../../errors.ts'
import { codeOf, connect, type Db, type Driver, storageError } from './driver.ts'

/** Holds a store for one recorder. */
export interface Lock {
  release(): void
}

/** How long a lock is asked for, ms: whoever only looks whether it is held has it for less. */
const LOOK = 100

/**
 * Takes the store's lock: an exclusive transaction on the empty file `FILE-lock`, which the system ends with the process,
 * however that ends. Readers never meet it.
 * @throws HkqError E_LOCKED while another recorder holds the store
 */
export function takeLock(driver: Driver, path: string): Lock {
  const file = `${realPath(path)}-lock`
  let db: Db | undefined
  try {
    db = new driver(file, { timeout: LOOK })
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    return { release: () => void db?.close() }
  } catch (error) {
    db?.close()
    throw codeOf(error) === 'SQLITE_BUSY' ? lockedError(driver, path) : storageError(path, error)
  }
}

/** Whether a recorder holds the store. */
export function isLocked(driver: Driver, path: string): boolean {
  const file = `${realPath(path)}-lock`
  if (!existsSync(file)) return false
  const db = new driver(file, { timeout: 0, readonly: true })
  try {
    db.pragma('schema_version')
    return false
  } catch (error) {
    if (codeOf(error) === 'SQLITE_BUSY') return true
    throw storageError(file, error)
  } finally {
    db.close()
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return join(realpathSync(dirname(path)), basename(path))
  }
}

function lockedError(driver: Driver, path: string): HkqError {
  const pid = holder(driver, path)
  const who = pid === null ? 'another recorder' : `another recorder (process ${pid})`
  return new HkqError('E_LOCKED', `${who} holds "${path}": stop it, or record into another file`)
}

/** Process id that the last recorder of the store left in it. */
function holder(driver: Driver, path: string): number | null {
  try {
    const db = connect(driver, path, 'read')
    try {
      return db.prepare<[], number>('SELECT pid FROM recorder').pluck().get() ?? null
    } finally {
      db.close()
    }
  } catch {
    return null
  }
}
