import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { attempted, connect, type Db, type Driver, loadDriver } from './driver.ts'
import { isLocked } from './lock.ts'
import { identify, type Kind, schemaVersion } from './migrate.ts'
import { STEPS } from './schema.ts'

/** How a store stands. Sizes in bytes, times in epoch ms. */
export interface StoreState {
  readonly kind: Kind
  readonly schema: number
  /** The newest schema this program knows. */
  readonly newest: number
  readonly size: number
  readonly logSize: number
  /** Whether a recorder holds it, and the process of the last one. */
  readonly held: boolean
  readonly recorder: number | null
  /** First and last minute with ticks; null where there is none. */
  readonly first: number | null
  readonly last: number | null
}

/** Looks at a store without changing it. @throws HkqError E_STORAGE where there is none, or it cannot be read */
export async function examineStore(path: string): Promise<StoreState> {
  const driver = await loadDriver()
  return reading(driver, path, (db) => {
    const kind = identify(db, path)
    const isOurs = kind === 'hkq'
    return {
      kind,
      schema: schemaVersion(db),
      newest: STEPS.length,
      size: statSync(path).size,
      logSize: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      held: isLocked(driver, path),
      recorder: isOurs ? (db.prepare<[], number>('SELECT pid FROM recorder').pluck().get() ?? null) : null,
      first: isOurs ? edge(db, 'min') : null,
      last: isOurs ? edge(db, 'max') : null,
    }
  })
}

/** One look at the index for each symbol, not at every minute. */
function edge(db: Db, which: 'min' | 'max'): number | null {
  const each = `SELECT ${which}(start) FROM minute WHERE symbol = id`
  return db.prepare<[], number | null>(`SELECT ${which}((${each})) FROM symbol`).pluck().get() ?? null
}

/** What SQLite finds wrong when it reads the whole file, a few lines at most; none as a rule. */
export async function damageOf(path: string): Promise<readonly string[]> {
  return reading(await loadDriver(), path, (db) => {
    const lines = db.prepare<[], string>('PRAGMA quick_check(3)').pluck().all()
    return lines.filter((line) => line !== 'ok')
  })
}

function reading<T>(driver: Driver, path: string, look: (db: Db) => T): T {
  const db = connect(driver, path, 'read')
  try {
    return attempted(path, () => look(db))
  } finally {
    db.close()
  }
}

/** Bytes that the disk of this file still takes from its user. */
export function freeSpace(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize
}
