import { existsSync } from 'node:fs'
import { HkqError } from '../errors.ts'
import { Sessions } from '../market/session.ts'
import { connect, type Db, type Driver, loadDriver, refuseWrongPath, storageError } from './sqlite/driver.ts'
import { takeLock } from './sqlite/lock.ts'
import { identify, migrate, refuseAltered, refuseNewer, schemaVersion } from './sqlite/migrate.ts'
import { ReadAhead, type Readers } from './sqlite/read-ahead.ts'
import { STEPS } from './sqlite/schema.ts'
import { SqliteStore } from './sqlite/store.ts'
import { TutorialStore } from './sqlite/tutorial.ts'
import type { Store } from './store.ts'

export { sqliteVersion } from './sqlite/driver.ts'

export interface SqliteOptions {
  /** `record` may write, creates the file and locks it against other recorders; `read` does neither. */
  mode: 'record' | 'read'
  /** What a commit survives: the end of the process (default), or loss of power (waits for the disk each time). */
  durability?: 'process' | 'power'
  /** Phases of a tutorial-made database, which has none of its own. */
  sessions?: Sessions
  /** Wall clock of checkpoints, epoch ms. */
  now?: () => number
  /** Threads that read a long history ahead of the one that computes; none by default. */
  readers?: Readers
}

/**
 * Opens the SQLite store at `path`.
 * @throws HkqError E_LOCKED while another recorder holds it; E_STORAGE, with the remedy, for anything that is no usable
 *   hkq database; a reader also takes a database made by the tutorial's code
 */
export async function openSqlite(path: string, options: SqliteOptions): Promise<Store> {
  const driver = await loadDriver()
  return options.mode === 'record' ? openForRecording(driver, path, options) : openForReading(driver, path, options)
}

function openForRecording(
  driver: Driver,
  path: string,
  { durability = 'process', now = Date.now }: SqliteOptions,
): Store {
  refuseWrongPath(path, 'write')
  if (existsSync(path)) inspect(driver, path, refuseForRecording)
  const lock = takeLock(driver, path)
  let db: Db | undefined
  try {
    db = connect(driver, path, 'write')
    configure(db, durability)
    migrate(db, path)
    db.prepare('INSERT OR REPLACE INTO recorder VALUES (1, ?, ?)').run(process.pid, Math.round(now()))
    // writes wait on their own, without stopping the program
    db.pragma('busy_timeout = 50')
    return new SqliteStore(db, path, { lock, now, ahead: null })
  } catch (error) {
    db?.close()
    lock.release()
    throw storageError(path, error)
  }
}

function openForReading(
  driver: Driver,
  path: string,
  { sessions = new Sessions(), now = Date.now, readers }: SqliteOptions,
): Store {
  const kind = inspect(driver, path, refuseForReading)
  if (kind === 'older') upgrade(driver, path)
  const db = connect(driver, path, 'read')
  try {
    if (kind === 'tutorial') return new TutorialStore(db, path, sessions)
    return new SqliteStore(db, path, { lock: null, now, ahead: readers ? new ReadAhead(path, readers) : null })
  } catch (error) {
    db.close()
    throw storageError(path, error)
  }
}

/** Looks at a file without changing it. */
function inspect<T>(driver: Driver, path: string, judge: (db: Db, path: string) => T): T {
  const db = connect(driver, path, 'read')
  try {
    return judge(db, path)
  } catch (error) {
    throw storageError(path, error)
  } finally {
    db.close()
  }
}

function refuseForRecording(db: Db, path: string): void {
  const kind = identify(db, path)
  if (kind === 'tutorial') {
    const message = `"${path}" was made by the tutorial's code and keeps one trade a millisecond: hkq export --from sqlite:${path} --to sqlite:NEW.db brings it over, then record into that`
    throw new HkqError('E_STORAGE', message)
  }
  if (kind === 'foreign') throw foreign(path)
  refuseNewer(db, path)
  refuseAltered(db, path)
}

function refuseForReading(db: Db, path: string): 'current' | 'older' | 'tutorial' {
  const kind = identify(db, path)
  if (kind === 'tutorial') return kind
  if (kind === 'foreign') throw foreign(path)
  if (kind === 'empty') throw new HkqError('E_STORAGE', `"${path}" holds nothing yet: record into it first`)
  refuseNewer(db, path)
  refuseAltered(db, path)
  return schemaVersion(db) < STEPS.length ? 'older' : 'current'
}

function foreign(path: string): HkqError {
  return new HkqError('E_STORAGE', `"${path}" is another program's database: name a new file, hkq makes it`)
}

/** Brings an older database to the newest schema, unless somebody records into it. */
function upgrade(driver: Driver, path: string): void {
  const lock = takeLock(driver, path)
  try {
    const db = connect(driver, path, 'write')
    try {
      migrate(db, path)
    } finally {
      db.close()
    }
  } finally {
    lock.release()
  }
}

/** Size the WAL is cut back to after a burst. SQLite's own checkpoint, every 4 MiB, keeps commits shortest. */
const WAL_LIMIT = 64 * 2 ** 20
/** Pages kept in memory, KiB: as fast as twice as many with 3,000 symbols, the most that one connection carries. */
const CACHE_KIB = 16_384

function configure(db: Db, durability: 'process' | 'power'): void {
  db.pragma('journal_mode = WAL')
  promise(db, durability)
  db.pragma(`journal_size_limit = ${WAL_LIMIT}`)
  db.pragma(`cache_size = -${CACHE_KIB}`)
}

/** Sets what a commit waits for, and checks that SQLite took it: a promise that is not kept must not be made. */
function promise(db: Db, durability: 'process' | 'power'): void {
  const level = durability === 'power' ? FULL : NORMAL
  db.pragma(`synchronous = ${level}`)
  if (db.pragma('synchronous', { simple: true }) === level) return
  throw new HkqError('E_STORAGE', `SQLite does not keep --durability "${durability}" here: use another build of it`)
}
const NORMAL = 1
const FULL = 2
