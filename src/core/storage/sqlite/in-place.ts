import { realpathSync, statSync } from 'node:fs'
import { HkqError } from '../../errors.ts'

/**
 * The files of a store that is written to. SQLite goes on in files that were removed, moved or replaced, where nobody
 * looks for what it stores.
 */
export class InPlace {
  readonly #path: string
  readonly #files: readonly { readonly path: string; readonly identity: string | null }[]

  /** @param path of a store that is open for writing, its log made already */
  constructor(path: string) {
    this.#path = path
    const file = realpathSync(path)
    this.#files = [file, `${file}-wal`].map((path) => ({ path, identity: identityOf(path) }))
  }

  /** @throws HkqError E_STORAGE where a file is not there any more, or is another one */
  check(): void {
    if (this.#files.every(({ path, identity }) => isSame(path, identity))) return
    const what = `"${this.#path}" or its -wal was removed, moved or replaced while it was recorded into`
    throw new HkqError('E_STORAGE', `${what}: nothing more is stored; leave both in their place, and start again`)
  }
}

/** A disk that fails does not tell. */
function isSame(path: string, identity: string | null): boolean {
  try {
    return identityOf(path) === identity
  } catch {
    return true
  }
}

/** What tells a file from any other that comes to bear its name; null where there is none. */
function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev} ${stat.ino}`
}
