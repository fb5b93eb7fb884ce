import { existsSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Check, failed, failure, ok, warning } from '../core/check.ts'
import type { Sessions } from '../core/market/session.ts'
import { refuseWrongPath, unsafeVersion } from '../core/storage/sqlite/driver.ts'
import { damageOf, examineStore, freeSpace, type StoreState } from '../core/storage/sqlite/examine.ts'
import { LOG_LIMIT } from '../core/storage/sqlite/log-keeper.ts'
import { sqliteVersion } from '../core/storage/sqlite.ts'
import { bytes } from '../core/terminal/figures.ts'

/** Largest store that is read through. */
const READ_THROUGH = 2 * 2 ** 30
/** What a day may need before one was recorded, and at least, bytes. */
const UNKNOWN_DAY = 2 ** 30
const LEAST_DAY = 64 * 2 ** 20
/** Days for which space should be free. */
const DAYS_AHEAD = 5

export async function checkSqlite(): Promise<Check> {
  try {
    const { version } = await sqliteVersion()
    const unsafe = unsafeVersion(version)
    if (unsafe === null) return ok('sqlite', `${version}, with the fix of its write-ahead log`)
    return warning('sqlite', version, unsafe)
  } catch (error) {
    return failed('sqlite', error)
  }
}

/** A store that is recorded into, or will be: whether it can be, whether it is whole, and whether the disk holds another day. */
export async function checkStore(path: string, sessions: Sessions): Promise<readonly Check[]> {
  try {
    refuseWrongPath(path, 'write')
    if (!existsSync(path))
      return [ok('store', `"${path}" is made by the first recording`), checkSpace(path, UNKNOWN_DAY)]
    const state = await examineStore(path)
    if (state.kind !== 'hkq' && state.kind !== 'empty') return [foreign(path, state.kind)]
    return [
      checkSchema(path, state),
      ...(await checkWhole(path, state)),
      checkLog(path, state),
      checkRoom(path, state, sessions),
    ]
  } catch (error) {
    return [failed('store', error)]
  }
}

function foreign(path: string, kind: string): Check {
  const whose = kind === 'tutorial' ? "was made by the tutorial's code" : "is another program's database"
  return failure(
    'store',
    'E_STORAGE',
    `"${path}" ${whose}`,
    'record into a new file; hkq export brings a tutorial database over',
  )
}

function checkSchema(path: string, { schema, newest, size, held, recorder }: StoreState): Check {
  const holder = held ? `held by the recorder ${recorder}` : 'no recorder holds it'
  const detail = `"${path}", ${bytes(size)}, schema ${schema}, ${holder}`
  if (schema > newest) return failure('store', 'E_STORAGE', detail, `this hkq knows schema ${newest}: update hkq`)
  return ok('store', detail)
}

async function checkWhole(path: string, { size }: StoreState): Promise<readonly Check[]> {
  if (size > READ_THROUGH) return [ok('integrity', `not read through: ${bytes(size)}; hkq verify does`)]
  const damage = await damageOf(path)
  if (damage.length === 0) return [ok('integrity', 'read through, nothing damaged')]
  return [
    failure('integrity', 'E_STORAGE', damage.join('; '), 'keep a copy and try sqlite3 .recover, or restore a backup'),
  ]
}

function checkLog(path: string, { logSize, held }: StoreState): Check {
  if (logSize <= LOG_LIMIT) return ok('log', `${bytes(logSize)} of changes wait beside the store`)
  const remedy = held
    ? 'a program reads the store in one long transaction: end or close that'
    : 'record into it, or open it with hkq, once: that empties it'
  return warning('log', `"${path}-wal" has grown to ${bytes(logSize)}`, remedy)
}

/** What a day takes is told by the days that are there. */
function checkRoom(path: string, { size, first, last }: StoreState, sessions: Sessions): Check {
  const days = first === null || last === null ? 0 : sessions.days(first, last + 1).length
  return checkSpace(path, days === 0 ? UNKNOWN_DAY : Math.max(LEAST_DAY, size / days))
}

function checkSpace(path: string, day: number): Check {
  const free = freeSpace(existsSync(path) ? realpathSync(path) : `${realpathSync(dirname(path))}/x`)
  const detail = `${bytes(free)} free, a day may take ${bytes(day)}`
  if (free < day + LOG_LIMIT) return failure('disk', 'E_STORAGE', detail, 'free some space, or record to another disk')
  if (free < DAYS_AHEAD * day + LOG_LIMIT) return warning('disk', detail, 'free some space soon')
  return ok('disk', detail)
}
