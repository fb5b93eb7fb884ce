import { accessSync, constants, existsSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { HkqError, messageOf } from '../../errors.ts'
import { openPrivateCopy } from './private-copy.ts'

export type Db = Sqlite.Database
export type Driver = typeof Sqlite

/** SQLite's first version without the WAL-reset bug, which could corrupt a database written during a checkpoint. */
const SAFE_VERSION = [3, 51, 3] as const

/**
 * The SQLite driver, loaded when first asked for.
 * @throws HkqError E_STORAGE when its native part is missing
 */
export async function loadDriver(): Promise<Driver> {
  try {
    const driver = (await import('better-sqlite3')).default
    new driver(':memory:').close()
    return driver
  } catch (cause) {
    const why = messageOf(cause).replace(/\.? Tried:[\s\S]*/, '')
    const message = `SQLite's driver does not load (${why}): run npm rebuild better-sqlite3`
    throw new HkqError('E_STORAGE', message, { cause })
  }
}

/** Version of the SQLite library in use, and whether it is at least 3.51.3. */
export async function sqliteVersion(): Promise<{ version: string; safe: boolean }> {
  const driver = await loadDriver()
  const db = new driver(':memory:')
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get()!
  db.close()
  return { version, safe: unsafeVersion(version) === null }
}

/** What to say of a version with the WAL-reset bug; null for a version without it. */
export function unsafeVersion(version: string): string | null {
  if (isAtLeast(version, SAFE_VERSION)) return null
  const bug = `SQLite ${version} can damage a store in a rare race of a commit and a checkpoint`
  return `${bug} (mended in ${SAFE_VERSION.join('.')}): install better-sqlite3 12.9.0 or later`
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  for (const [i, part] of least.entries()) {
    if ((parts[i] ?? 0) !== part) return (parts[i] ?? 0) > part
  }
  return true
}

/**
 * Opens a database file. A reader never creates or changes it; it is opened writable all the same where the system lets
 * it, since only then SQLite clears away the files beside it that reading makes. Where nobody may make them, a copy is read.
 * @throws HkqError E_STORAGE for what is not there, not a file, not readable or not a database
 */
export function connect(driver: Driver, path: string, access: 'write' | 'read'): Db {
  refuseWrongPath(path, access)
  try {
    return made(() => new driver(path, { fileMustExist: access === 'read', timeout: 5000 }), access)
  } catch (error) {
    const copy = access === 'read' && LACKS_FILES.test(codeOf(error)) ? copyOf(driver, path) : null
    if (copy === null) throw storageError(path, error)
    return copy
  }
}

/** What SQLite says where it may not make the files beside a database that it wants for reading it. */
const LACKS_FILES = /^SQLITE_(CANTOPEN|READONLY)/

function copyOf(driver: Driver, path: string): Db | null {
  return attempted(path, () => {
    const copy = openPrivateCopy(driver, path)
    return copy && made(() => copy, 'read')
  })
}

/** Whether this connection reads a copy, since the database lies where nobody may write. */
export function isCopy(db: Db, path: string): boolean {
  return db.name !== path
}

function made(open: () => Db, access: 'write' | 'read'): Db {
  const db = open()
  try {
    if (access === 'read') db.pragma('query_only = ON')
    distrust(db)
    db.pragma('schema_version')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A file may come from anybody: what its schema calls must be harmless, and its pages are checked as they are read. */
function distrust(db: Db): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
}

/** @throws HkqError E_STORAGE when `path` is a directory, lies in none, is missing where it must exist, or read-only where
 *   it must be written */
export function refuseWrongPath(path: string, access: 'write' | 'read'): void {
  const stat = statOf(path)
  if (stat?.isDirectory()) throw new HkqError('E_STORAGE', `"${path}" is a directory: name a file in it`)
  if (!stat && access === 'read') {
    throw new HkqError('E_STORAGE', `no such file "${path}": record into it first, or name another`)
  }
  if (!existsSync(dirname(path))) {
    throw new HkqError('E_STORAGE', `no such directory "${dirname(path)}" for "${path}": create it first`)
  }
  const written = stat ? [path, dirname(realpathSync(path))] : [dirname(path)]
  if (access === 'write' && !written.every((place) => isPermitted(place, constants.W_OK))) {
    throw new HkqError(
      'E_STORAGE',
      `"${path}" cannot be written: it or its folder is read-only; change that, or name another`,
    )
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw storageError(path, error)
  }
}

function isPermitted(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_NOTADB/, 'is not an SQLite database: name another file'],
  [/^SQLITE_CORRUPT/, 'is damaged: keep a copy and try sqlite3 .recover, or restore a backup'],
  [
    /^(SQLITE_READONLY|EROFS)/,
    'needs files beside it, in reading too, and it or its folder is read-only: copy it to where you may write',
  ],
  [
    /^(SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM)/,
    'cannot be opened: check the permissions of it and its folder, which reading needs to write to as well',
  ],
  [/^(SQLITE_FULL|ENOSPC)/, 'cannot grow: the disk is full; free some space'],
  [/^SQLITE_IOERR/, 'met an input/output error: check the disk and its free space'],
  [/^(SQLITE_BUSY|SQLITE_LOCKED)/, 'is locked by another program: close it, or try again'],
]

/** E_STORAGE for whatever the driver threw, with the remedy for it. */
export function storageError(path: string, error: unknown): HkqError {
  if (error instanceof HkqError) return error
  const code = codeOf(error)
  const remedy = REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'failed'
  return new HkqError('E_STORAGE', `"${path}" ${remedy} (${code || 'error'}: ${messageOf(error)})`, { cause: error })
}

/** SQLite's or the system's code of an error, empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What SQLite's own check finds wrong with a database, a line each; damage that ends the check too. It reads the whole file. */
export function integrityOf(db: Db, path: string): readonly string[] {
  try {
    const lines = db.prepare<[], string>('PRAGMA integrity_check').pluck().all()
    return lines.flatMap((line) => line.split('\n')).filter((line) => line !== 'ok')
  } catch (error) {
    if (codeOf(error).startsWith('SQLITE_CORRUPT')) return [messageOf(error)]
    throw storageError(path, error)
  }
}

/** The same values; what the driver throws on the way becomes E_STORAGE. */
export function* guarded<T>(path: string, values: Iterable<T>): Generator<T> {
  try {
    yield* values
  } catch (error) {
    throw storageError(path, error)
  }
}

/** What `work` gives; what the driver throws becomes E_STORAGE. */
export function attempted<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storageError(path, error)
  }
}
