import { chmodSync, constants, copyFileSync, existsSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HkqError } from '../../errors.ts'
import type { Db, Driver } from './driver.ts'

/** How a database stands on disk: two equal ones are of the same data, with nobody at work in between. */
export function stampOf(path: string): string {
  const file = realpathSync(path)
  return ['', '-wal', '-shm']
    .map((ending) => statSync(file + ending, { throwIfNoEntry: false }))
    .map((stat) => (stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : 'none'))
    .join()
}

/**
 * A database that lies where nobody may write cannot be read in its place, since SQLite makes files beside it: it is opened
 * as a copy, which is gone from the disk's folders before it is read, so that it ends with its connection whatever happens.
 * @returns null where it cannot be copied, or somebody may have it open, since then a copy might be half of what he writes
 * @throws HkqError E_STORAGE where there is no room for it, the driver's error where it is no whole database
 */
export function openPrivateCopy(driver: Driver, path: string): Db | null {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-'))
  try {
    const copy = join(folder, 'store.db')
    if (!isCopied(realpathSync(path), copy)) return null
    return inOneFile(new driver(copy, { fileMustExist: true }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The database with all that its log held, and none from here on. */
function inOneFile(db: Db): Db {
  try {
    db.pragma('journal_mode = DELETE')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Copies a database and its log. @returns whether that went well, and nobody was at work there */
function isCopied(file: string, copy: string): boolean {
  const before = stampOf(file)
  if (existsSync(`${file}-shm`)) return false
  try {
    for (const ending of ['', '-wal']) {
      if (!existsSync(file + ending)) continue
      copyFileSync(file + ending, copy + ending, constants.COPYFILE_FICLONE)
      chmodSync(copy + ending, 0o600)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noRoom(file)
    return false
  }
  return stampOf(file) === before
}

function noRoom(path: string): HkqError {
  const why = `"${path}" lies where nothing may be written and is read from a copy, for which "${tmpdir()}" has no room`
  return new HkqError('E_STORAGE', `${why}: free some, or set TMPDIR to a folder that has it`)
}
