import { HkqError } from '../../errors.ts'
import { isFitName } from '../symbol-name.ts'
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
    if (!isPlainTable(db, 'ticks')) return 'foreign'
    const columns = db.prepare<[], string>("SELECT name FROM pragma_table_info('ticks')").pluck().all()
    return TUTORIAL_COLUMNS.every((column) => columns.includes(column)) ? 'tutorial' : 'foreign'
  } catch (error) {
    throw storageError(path, error)
  }
}

/** A view, or a table of a module, may compute whatever its maker wanted, for as long as he wanted. */
function isPlainTable(db: Db, name: string): boolean {
  const sql = db.prepare<[string], string>("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?").pluck()
  return /^CREATE TABLE\b/i.test(sql.get(name) ?? '')
}

/** Names of the tables that the steps make. */
function tablesOf(steps: readonly string[]): string[] {
  return steps.flatMap((step) => [...step.matchAll(/^CREATE TABLE (\w+)/gm)].map(([, name]) => name!))
}

/**
 * A file that says it is ours need not be: its tables must be tables, nothing of somebody else's may act when they are
 * written to, and its symbols must be such as a name of a file or a line of a log can hold.
 * @throws HkqError E_STORAGE naming what is not as hkq makes it
 */
export function refuseAltered(db: Db, path: string, steps: readonly string[] = STEPS): void {
  const tables = tablesOf(steps.slice(0, schemaVersion(db)))
  const strange = tables.find((name) => !isPlainTable(db, name))
  if (strange) throw altered(path, `"${strange}" is no table`)
  const trigger = db
    .prepare<[string], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN (SELECT value FROM json_each(?))",
    )
    .pluck()
    .get(JSON.stringify(tables))
  if (trigger !== undefined) throw altered(path, `it has a trigger "${trigger}"`)
  const names = tables.includes('symbol') ? db.prepare<[], string>('SELECT name FROM symbol').pluck().all() : []
  const name = names.find((text) => !isFitName(text))
  if (name !== undefined) throw altered(path, `"${String(name).slice(0, 40)}" is no symbol`)
}

function altered(path: string, how: string): HkqError {
  return new HkqError('E_STORAGE', `"${path}" is not as hkq makes it: ${how}; use a file that hkq has made`)
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
