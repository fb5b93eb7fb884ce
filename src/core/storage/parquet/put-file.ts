import { existsSync } from 'node:fs'
import { open, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { HkqError } from '../../errors.ts'
import { makeFolder } from '../../make-folder.ts'

interface Put<T> {
  /** Writes the records into a new file; how many. */
  write: (aside: string) => Promise<number>
  /** Reads them again, each as its cells. */
  read: (aside: string) => AsyncIterable<readonly (readonly unknown[])[]>
  records: () => AsyncIterable<readonly T[]>
  /** All that a record holds, for the comparison. */
  cells: (record: T) => readonly unknown[]
}

/**
 * Puts records in a file: written aside under a name that engines leave out, compared one by one with the records, brought
 * to the disk, renamed. Whoever reads meanwhile finds the whole old file or the whole new one.
 * @returns how many; of none no file is made, and one that is there stays
 * @throws HkqError E_STORAGE where the file does not hold what it must
 */
export async function putFile<T>(file: string, { write, read, records, cells }: Put<T>): Promise<number> {
  const folder = dirname(file)
  const parents = missing(folder)
  makeFolder(folder)
  const aside = join(folder, `_${basename(file)}.new`)
  await rm(aside, { force: true })
  try {
    const count = await write(aside)
    if (count === 0) {
      await removeEmpty(folder, parents.length)
      return 0
    }
    await compare(file, cells, records(), read(aside))
    await synced(aside)
    await rename(aside, file)
    for (const parent of [folder, ...parents]) await synced(parent)
    return count
  } finally {
    await rm(aside, { force: true })
  }
}

/** Folders that must be told of new ones in them, the deepest first. */
function missing(folder: string): string[] {
  const parent = dirname(folder)
  return existsSync(folder) || parent === folder ? [] : [parent, ...missing(parent)]
}

/** Takes away a folder and those above it that were made for it. */
async function removeEmpty(folder: string, depth: number): Promise<void> {
  for (let path = folder, i = 0; i < depth; path = dirname(path), i++) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}

async function compare<T>(
  file: string,
  cells: (record: T) => readonly unknown[],
  given: AsyncIterable<readonly T[]>,
  written: AsyncIterable<readonly (readonly unknown[])[]>,
): Promise<void> {
  const others = written[Symbol.asyncIterator]()
  let [chunk, at, row]: [readonly (readonly unknown[])[], number, number] = [[], 0, 0]
  const advance = async (): Promise<boolean> => {
    while (at === chunk.length) {
      const next = await others.next()
      if (next.done) return false
      chunk = next.value
      at = 0
    }
    return true
  }
  for await (const batch of given) {
    for (const record of batch) {
      row++
      if (at === chunk.length && !(await advance())) throw differs(file, row)
      if (!isSame(cells(record), chunk[at++]!)) throw differs(file, row)
    }
  }
  if (await advance()) throw differs(file, row + 1)
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return a.length === b.length
}

function differs(file: string, row: number): HkqError {
  const message = `"${file}": row ${row} read back is not what was written: nothing was deleted; check the disk, then try again`
  return new HkqError('E_STORAGE', message)
}

/** Waits until the disk has a file, or the names in a folder; Windows has no way to ask for the latter. */
async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null)
  if (handle === null) return
  try {
    await handle.sync()
  } catch (error) {
    if (process.platform !== 'win32') throw error
  } finally {
    await handle.close()
  }
}
