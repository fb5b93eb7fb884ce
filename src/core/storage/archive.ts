import { HkqError } from '../errors.ts'
import type { Moved } from './parquet/move.ts'
import { openToArchive, type SqliteOptions } from './sqlite.ts'

/** What an archiving came to. */
export interface Archiving {
  readonly days: number
  readonly symbols: number
  readonly ticks: number
  readonly quotes: number
  /** Size of the files of these days. */
  readonly bytes: number
  /** Bytes that the store's file gave back. */
  readonly freed: number
}

/**
 * Moves the days before day `until` (since 1970-01-01, Hong Kong) of the SQLite store at `path` into a folder of Parquet
 * files. The store's readers see them as before. Ended anywhere and run again it goes on.
 * @param onDay told each day of a symbol as it has been moved
 * @throws HkqError E_LOCKED while a recorder holds the store; E_STORAGE, with nothing deleted that the folder lacks
 */
export async function archive(
  path: string,
  directory: string,
  until: number,
  options: Omit<SqliteOptions, 'mode'> & { signal?: AbortSignal; onDay?: (moved: Moved) => void } = {},
): Promise<Archiving> {
  const { signal, onDay, ...opening } = options
  const { Lake } = await import('./parquet/lake.ts')
  const { moveDays } = await import('./parquet/move.ts')
  const lake = new Lake(directory)
  const moving = await openToArchive(path, opening).catch((error: unknown) => {
    throw error instanceof HkqError && error.code === 'E_LOCKED' ? held(error) : error
  })
  const symbols = new Set<string>()
  const sums = { days: 0, ticks: 0, quotes: 0, bytes: 0 }
  try {
    for await (const moved of moveDays(moving, lake, until)) {
      symbols.add(moved.symbol)
      sums.days++
      sums.ticks += moved.ticks
      sums.quotes += moved.quotes
      sums.bytes += moved.bytes
      onDay?.(moved)
      if (signal?.aborted) break
    }
    const freed = signal?.aborted ? 0 : moving.shelf.shrink()
    const { days, ...amounts } = sums
    return { days, symbols: symbols.size, ...amounts, freed }
  } finally {
    await moving.store.close()
    await moving.shelf.archived.close()
    await lake.close()
  }
}

function held(error: HkqError): HkqError {
  const [who] = error.message.split(':')
  return new HkqError('E_LOCKED', `${who}: archive when it has ended, as after record --until close`, { cause: error })
}
