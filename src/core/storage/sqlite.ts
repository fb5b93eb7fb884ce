import { existsSync } from 'node:fs'
import { type Clock, systemClock } from '../clock.ts'
import { HkqError } from '../errors.ts'
import { Sessions } from '../market/session.ts'
import type { Durability } from '../pipeline/source.ts'
import {
  connect,
  type Db,
  type Driver,
  isCopy,
  loadDriver,
  refuseWrongPath,
  storageError,
  unsafeVersion,
} from './sqlite/driver.ts'
import { InPlace } from './sqlite/in-place.ts'
import { takeLock } from './sqlite/lock.ts'
import { LOG_LIMIT, LogKeeper } from './sqlite/log-keeper.ts'
import { identify, migrate, refuseAltered, refuseNewer, schemaVersion } from './sqlite/migrate.ts'
import { stampOf } from './sqlite/private-copy.ts'
import { ReadAhead, type Readers } from './sqlite/read-ahead.ts'
import { STEPS } from './sqlite/schema.ts'
import { Shelf } from './sqlite/shelf.ts'
import { SqliteStore } from './sqlite/store.ts'
import { TutorialStore } from './sqlite/tutorial.ts'
import type { Store } from './store.ts'

export { sqliteVersion } from './sqlite/driver.ts'

export interface SqliteOptions {
  /** `record` may write, creates the file and locks it against other recorders; `read` does neither. */
  mode: 'record' | 'read'
  /** Default `process`. */
  durability?: Durability
  /** Phases of a tutorial-made database, which has none of its own. */
  sessions?: Sessions
  /** Wall clock of checkpoints, epoch ms. */
  now?: () => number
  /** Measures and waits while the store's log cannot be emptied; the machine's by default. */
  clock?: Clock
  /** Told one line of what a recorder's user should know. */
  tell?: (line: string) => void
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
  return options.mode === 'record'
    ? openForRecording(driver, path, options).store
    : openForReading(driver, path, options)
}

/**
 * As openSqlite with `record`, with what archiving does in the store's own tables; not for a file that is not there.
 * @throws HkqError as openSqlite
 */
export async function openToArchive(
  path: string,
  options: Omit<SqliteOptions, 'mode'> = {},
): Promise<{ store: SqliteStore; shelf: Shelf }> {
  const { store, db } = openForRecording(await loadDriver(), path, options)
  return { store, shelf: new Shelf(db, path) }
}

function openForRecording(
  driver: Driver,
  path: string,
  { durability = 'process', now = Date.now, clock = systemClock, tell = () => {} }: Omit<SqliteOptions, 'mode'>,
): { store: SqliteStore; db: Db } {
  refuseWrongPath(path, 'write')
  if (existsSync(path)) inspect(driver, path, refuseForRecording)
  const lock = takeLock(driver, path)
  let db: Db | undefined
  try {
    db = connect(driver, path, 'write')
    configure(db, durability)
    migrate(db, path)
    db.prepare('INSERT OR REPLACE INTO recorder VALUES (1, ?, ?)').run(process.pid, Math.round(now()))
    const unsafe = unsafeVersion(db.prepare<[], string>('SELECT sqlite_version()').pluck().get()!)
    if (unsafe !== null) tell(unsafe)
    // whoever writes waits on his own, without stopping the program
    db.pragma('busy_timeout = 50')
    const log = new LogKeeper(db, path, { clock, tell })
    const files = new InPlace(path)
    return { store: new SqliteStore(db, path, { lock, log, files, now, ahead: null, isOutdated: null }), db }
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
  refuseWrongPath(path, 'read')
  const stamp = stampOf(path)
  let db = connect(driver, path, 'read')
  try {
    const kind = refuseForReading(db, path)
    if (kind === 'tutorial') return new TutorialStore(db, path, sessions)
    const copied = isCopy(db, path)
    if (kind === 'older') {
      if (copied) throw new HkqError('E_STORAGE', `"${path}" has an older schema and ${MAY_NOT_BE_WRITTEN}`)
      db.close()
      upgrade(driver, path)
      db = connect(driver, path, 'read')
    }
    const ahead = readers && !copied ? new ReadAhead(path, readers) : null
    const isOutdated = copied ? () => stampOf(path) !== stamp : null
    return new SqliteStore(db, path, { lock: null, log: null, files: null, now, ahead, isOutdated })
  } catch (error) {
    db.close()
    throw storageError(path, error)
  }
}

const MAY_NOT_BE_WRITTEN =
  'lies where nothing may be written: copy it to where you may, there reading brings it up to date'

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

/** Pages kept in memory, KiB: as fast as twice as many with 3,000 symbols, the most that one connection carries. */
const CACHE_KIB = 16_384

function configure(db: Db, durability: Durability): void {
  db.pragma('journal_mode = WAL')
  promise(db, durability)
  db.pragma(`journal_size_limit = ${LOG_LIMIT}`)
  db.pragma(`cache_size = -${CACHE_KIB}`)
}

/** Sets what a commit waits for, and checks that SQLite took it: a promise that is not kept must not be made. */
function promise(db: Db, durability: Durability): void {
  const level = durability === 'power' ? FULL : NORMAL
  db.pragma(`synchronous = ${level}`)
  // macOS: without it a sync stops in the disk's own cache
  if (level === FULL) for (const name of ['fullfsync', 'checkpoint_fullfsync']) db.pragma(`${name} = ON`)
  if (db.pragma('synchronous', { simple: true }) === level) return
  throw new HkqError('E_STORAGE', `SQLite does not keep --durability "${durability}" here: use another build of it`)
}
const NORMAL = 1
const FULL = 2
