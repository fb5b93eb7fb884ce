import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { HkqError, messageOf } from '../errors.ts'

const CSV = /\.csv(?:\.gz)?$/i

/**
 * The CSV files at `path`: itself, or those in the directory and below it, by name (the day), then by directory (the
 * symbol).
 * @throws HkqError E_STORAGE when there are none
 */
export async function csvFilesIn(path: string): Promise<string[]> {
  const found = await listed(path)
  if (found === null) return [path]
  const files = found.filter((file) => CSV.test(file)).map((file) => join(path, file))
  if (files.length === 0) throw new HkqError('E_STORAGE', `no CSV file in "${path}": check the name`)
  return files.sort((a, b) => compare(basename(a), basename(b)) || compare(a, b))
}

/** Whether events for `path` go into one file for each symbol and day: a directory, or a name that can only be one. */
export async function isDirectory(path: string): Promise<boolean> {
  const known = await stat(path).catch(() => null)
  if (known !== null) return known.isDirectory()
  return path.endsWith('/') || (!CSV.test(path) && !/\.[a-z]+$/i.test(basename(path)))
}

async function listed(path: string): Promise<string[] | null> {
  try {
    return (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : null
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const what = missing ? `no such file "${path}": check the name` : `cannot read "${path}": ${messageOf(error)}`
    throw new HkqError('E_STORAGE', what, { cause: error })
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
