import { appendFile, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { HkqError, messageOf } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'

const compress = promisify(gzip)
const LINE_FEED = 0x0a

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
 * @throws HkqError E_STORAGE, also for a named pipe: opening one waits for its reader, and each write would end what he reads.
 *   The process's own pipes (/dev/stdout, /dev/fd/N) are open as long as it runs
 */
export async function prepareFile(path: string): Promise<boolean> {
  if (!path.startsWith('/dev/') && (await stat(path).catch(() => null))?.isFIFO()) {
    throw new HkqError('E_STORAGE', `"${path}" is a named pipe: use --to - and send standard output there`)
  }
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

/**
 * Ends the last line of the file at `path` where a crash or a full disk has torn it, so that what is appended next begins a
 * line of its own. A compressed file is left as it is.
 * @throws HkqError E_STORAGE
 */
export async function endTornLine(path: string): Promise<void> {
  if (path.endsWith('.gz')) return
  try {
    const file = await open(path, 'a+')
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
      if (buffer[0] !== LINE_FEED) await file.appendFile('\n')
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unwritable(path, error)
  }
}

function unwritable(path: string, error: unknown): HkqError {
  const remedy =
    (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'free some space' : 'check the path and its rights'
  return new HkqError('E_STORAGE', `cannot write "${path}" (${messageOf(error)}): ${remedy}`, { cause: error })
}
