import { appendFile, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { HkqError, messageOf } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'

const compress = promisify(gzip)

/**
 * Appends text to a file, as a gzip member of its own when the name ends in `.gz`. The file is made if it is not there.
 * @throws HkqError E_STORAGE
 */
export async function appendText(path: string, text: string): Promise<void> {
  if (text === '') return
  try {
    await appendFile(path, path.endsWith('.gz') ? await compress(text) : text)
  } catch (error) {
    throw unwritable(path, error)
  }
}

/**
 * Whether the file at `path` is new or empty; makes it, and the directories it lies in, so that a place where nothing
 * can be written is known before there is anything to write.
 * @throws HkqError E_STORAGE
 */
export async function prepareFile(path: string): Promise<boolean> {
  try {
    makeFolder(dirname(path))
    const file = await open(path, 'a')
    const { size } = await file.stat()
    await file.close()
    return size === 0
  } catch (error) {
    throw unwritable(path, error)
  }
}

function unwritable(path: string, error: unknown): HkqError {
  const remedy =
    (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'free some space' : 'check the path and its rights'
  return new HkqError('E_STORAGE', `cannot write "${path}" (${messageOf(error)}): ${remedy}`, { cause: error })
}
