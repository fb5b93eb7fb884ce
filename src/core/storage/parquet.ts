import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Summary } from '../bars/summary.ts'
import { HkqError } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'
import { dayNumber } from '../market/time.ts'
import { lakeError } from './parquet/engine.ts'
import { Lake } from './parquet/lake.ts'
import { PARTS } from './parquet/layout.ts'
import { readLists } from './parquet/lists.ts'
import { type Moving, moveDays } from './parquet/move.ts'
import { ParquetStore } from './parquet/store.ts'
import { openSqlite, openToArchive, type SqliteOptions } from './sqlite.ts'
import type { Store } from './store.ts'

/** Events on their way into a lake: a store of its own, gone when all of them are in. */
const STAGE = '_staging.db'

/** Every day that has a name of four digits' year. */
const ALL = dayNumber(Date.UTC(9999, 11, 30))

/**
 * Opens a folder of Parquet files as a store. What is written waits in `_staging.db` in it, as safe as in any store, and
 * goes into the files when the store is closed; after a crash it goes with the next writing, and readers see it till then.
 * @throws HkqError E_STORAGE for what cannot be used, E_LOCKED while another one writes
 */
export async function openParquet(directory: string, options: SqliteOptions): Promise<Store> {
  const stage = join(directory, STAGE)
  if (options.mode === 'record') return openStaged(directory, stage, options)
  if (existsSync(stage)) return openSqlite(stage, options)
  const lake = new Lake(directory)
  const store = new ParquetStore(lake)
  if (PARTS.every((part) => lake.days(part).size === 0)) {
    const what = existsSync(directory) ? 'holds no Parquet of hkq' : 'is not there'
    throw new HkqError('E_STORAGE', `"${directory}" ${what}: hkq archive and hkq export --to parquet:DIR make it`)
  }
  return store
}

async function openStaged(directory: string, stage: string, { mode: _, ...options }: SqliteOptions): Promise<Store> {
  const lake = new Lake(directory)
  try {
    makeFolder(directory)
  } catch (cause) {
    throw lakeError(directory, cause)
  }
  if (!existsSync(stage)) await makeStage(lake, stage)
  const moving = await openToArchive(stage, options)
  return closingInto(moving, lake, stage)
}

/** A store that knows what the lake has; under its name once it is whole. */
async function makeStage(lake: Lake, stage: string): Promise<void> {
  const aside = `${stage}.new`
  await removeStage(aside)
  const { store } = await openToArchive(aside)
  try {
    const minutes: Summary[] = []
    for (const [symbol, days] of lake.days('minutes')) {
      for await (const some of lake.minutes({ symbol, days })) minutes.push(...some)
    }
    store.restore({ directory: lake.directory, days: await daysOf(lake), minutes, ...(await readLists(lake)) })
  } finally {
    await store.close()
  }
  await rename(aside, stage)
  await removeStage(aside)
  await rm(`${aside}-lock`, { force: true })
}

async function daysOf(lake: Lake): Promise<{ symbol: string; day: number; ticks: number; quotes: number }[]> {
  const [ticks, quotes, minutes] = PARTS.map((part) => lake.days(part))
  const has = (of: Map<string, number[]>, symbol: string, day: number) => (of.get(symbol)?.includes(day) ? 1 : 0)
  const symbols = new Set([...ticks!.keys(), ...quotes!.keys(), ...minutes!.keys()])
  return [...symbols].flatMap((symbol) => {
    const days = new Set([ticks, quotes, minutes].flatMap((of) => of!.get(symbol) ?? []))
    return [...days].map((day) => ({
      ...{ symbol, day },
      ticks: has(ticks!, symbol, day),
      quotes: has(quotes!, symbol, day),
    }))
  })
}

/** The store, whose days go into the lake when it is closed; the health of a recorder would not. */
function closingInto(moving: Moving, lake: Lake, stage: string): Store {
  const { shelf } = moving
  const store: Store = moving.store
  const closeStore = store.close.bind(store)
  store.putMetrics = store.metrics = undefined
  store.close = async () => {
    try {
      for await (const _ of moveDays(moving, lake, ALL));
      // while the lock is held: nobody else may have begun to use it
      if (shelf.isEmpty()) await removeStage(stage)
    } finally {
      await closeStore()
      await shelf.archived.close()
      await lake.close()
    }
  }
  return store
}

async function removeStage(path: string): Promise<void> {
  for (const end of ['', '-wal', '-shm']) await rm(`${path}${end}`, { force: true })
}
