import { HkqError } from '../../errors.ts'
import { type Db, storageError } from './driver.ts'
import { APPLICATION_ID, STEPS } from './schema.ts'

/** What a database file is to us. `tutorial`: a table `ticks` as the tutorial's code makes it. */
export type Kind = 'empty' | 'hkq' | 'tutorial' | 'foreign'

const TUTORIAL_COLUMNS = ['symbol', 'timestamp', 'last_price', 'volume', 'bid_price', 'ask_price']

export function identify(db: Db, path: string): Kind {
  try {
    if (db.pragma('application_id', { simple: true }) === APPLICATION_ID) return 'hkq'
    const tables = db
      .prepare<[], string>("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
      .pluck()
      .all()
    if (tables.length === 0) return 'empty'
    const columns = db.prepare<[], string>("SELECT name FROM pragma_table_info('ticks')").pluck().all()
    return TUTORIAL_COLUMNS.every((column) => columns.includes(column)) ? 'tutorial' : 'foreign'
  } catch (error) {
    throw storageError(path, error)
  }
}

/** The schema version of an open database; 0 is an empty file. */
export function schemaVersion(db: Db): number {
  return db.pragma('user_version', { simple: true }) as number
}

/**
 * Brings a database to the newest schema in one transaction: all steps or none.
 * @throws HkqError E_STORAGE when the database is newer than this program, or cannot be written
 */
export function migrate(db: Db, path: string, steps: readonly string[] = STEPS): void {
  refuseNewer(db, path, steps)
  if (schemaVersion(db) === steps.length) return
  try {
    db.transaction(() => {
      for (const step of steps.slice(schemaVersion(db))) db.exec(step)
      db.pragma(`application_id = ${APPLICATION_ID}`)
      db.pragma(`user_version = ${steps.length}`)
    }).exclusive()
  } catch (error) {
    throw storageError(path, error)
  }
}

/** @throws HkqError E_STORAGE when the database has a schema this program does not know yet */
export function refuseNewer(db: Db, path: string, steps: readonly string[] = STEPS): void {
  const version = schemaVersion(db)
  if (version <= steps.length) return
  const message = `"${path}" has schema version ${version}, this hkq knows up to ${steps.length}: update hkq`
  throw new HkqError('E_STORAGE', message)
}
