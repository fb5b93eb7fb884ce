import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { HkqError } from '../core/errors.ts'
import type { Io } from './_io.ts'

/** What a running command tells the user's other commands about itself. */
export interface Announced {
  readonly file: string
  readonly pid: number
  /** As it was announced, by whatever version. */
  readonly told: Readonly<Record<string, unknown>>
}

/** Folders of the user's own where announcements may be; they are made in the first. */
function folders(io: Io): string[] {
  const { uid } = userInfo()
  const session = `/run/user/${uid}`
  const shared = io.env.XDG_RUNTIME_DIR || tmpdir()
  // cron tells no XDG_RUNTIME_DIR: what it starts, and what the user's session does, find each other
  const other = io.env.XDG_RUNTIME_DIR === session ? [tmpdir()] : io.env.XDG_RUNTIME_DIR ? [] : [session]
  return [shared, ...other].map((place) => join(place, `hkq-${uid}`))
}

/**
 * Announces something to the user's other commands; the returned function takes it back.
 * @param name a file name: what it is, and of which process
 * @throws HkqError E_STORAGE where the folder is not the user's alone, the system's error where it cannot be written
 */
export function announce<T extends { readonly pid: number }>(io: Io, name: string, told: T): () => void {
  const place = folders(io)[0]!
  mkdirSync(place, { recursive: true, mode: 0o700 })
  if (!isOwn(place)) throw new HkqError('E_STORAGE', `"${place}" is not a folder of your own: remove it`)
  const file = join(place, `${name}.json`)
  rmSync(`${file}.new`, { force: true })
  writeFileSync(`${file}.new`, JSON.stringify(told), { mode: 0o600, flag: 'wx' })
  renameSync(`${file}.new`, file)
  return () => rmSync(file, { force: true })
}

/** What running processes of this user have announced under names that begin so; of those that died it is removed. */
export function announced(io: Io, prefix: string): Announced[] {
  return folders(io)
    .flatMap((place) => filesIn(place, prefix))
    .flatMap((file) => {
      const told = read(file)
      const pid = Number(told?.pid)
      if (told !== null && Number.isInteger(pid) && pid > 0 && isRunning(pid)) return [{ file, pid, told }]
      rmSync(file, { force: true })
      return []
    })
}

/** Only what stands in the user's own folder counts. */
function filesIn(place: string, prefix: string): string[] {
  try {
    if (!isOwn(place)) return []
    return readdirSync(place)
      .filter((name) => name.startsWith(prefix) && name.endsWith('.json'))
      .map((name) => join(place, name))
  } catch {
    return []
  }
}

function read(file: string): Readonly<Record<string, unknown>> | null {
  try {
    const told: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** A dead process's port may be another program's by now. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/**
 * Whether a folder itself, no link to one, is the user's, and nobody else writes to it: it may stand in a shared place
 * (not on Windows, which has no user ids).
 */
function isOwn(place: string): boolean {
  const { uid } = userInfo()
  const found = lstatSync(place)
  return found.isDirectory() && (uid === -1 || (found.uid === uid && (found.mode & 0o022) === 0))
}
