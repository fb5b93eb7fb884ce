import { realpathSync, statSync } from 'node:fs'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Db } from './driver.ts'

/** Size the write-ahead log is cut back to after a burst; SQLite's own checkpoint, every 4 MiB, keeps commits shortest. */
export const LOG_LIMIT = 64 * 2 ** 20

/** Least time between two tries to empty a log above the limit, ms: each may hold a commit up as long as it waits for a lock. */
const TRY_EVERY = 5_000
/** Tries in a row that fail before somebody is told: a reader may be at work for a moment. */
const TOLERATED = 2
/** Time between two commits while the log can only grow, ms: each adds whole pages, so a few large ones add least. */
const SPACING = 250
/** Events from which a commit is a large one: what comes fast is not held up. */
const LARGE = 1_000

/** What a keeper needs beside its database. */
export interface KeeperOptions {
  readonly clock: Clock
  /** Told one line when the log cannot be emptied, and one when it was. */
  readonly tell: (line: string) => void
  /** Bytes above which the log is emptied; default LOG_LIMIT. */
  readonly limit?: number
}

/**
 * Keeps the write-ahead log of a store small. A program that reads in one transaction for hours keeps every page written
 * since: then somebody is told, recording goes on with fewer and larger commits, and the log is emptied as soon as
 * that reader has left.
 */
export class LogKeeper {
  readonly #path: string
  readonly #log: string
  readonly #empty
  readonly #options: KeeperOptions
  readonly #limit: number
  #triedAt = Number.NEGATIVE_INFINITY
  #failures = 0

  /** @param db open for writing, its log made already */
  constructor(db: Db, path: string, options: KeeperOptions) {
    this.#path = path
    this.#log = `${realpathSync(path)}-wal`
    this.#empty = db.prepare<[], [busy: number]>('PRAGMA wal_checkpoint(TRUNCATE)').raw()
    this.#options = options
    this.#limit = options.limit ?? LOG_LIMIT
  }

  /**
   * To be called after each commit of so many events; resolves when the next one may come. Never rejects: what was
   * committed stays so.
   */
  async committed(events: number): Promise<void> {
    const size = this.#size()
    if (size === null) return
    if (size > this.#limit && this.#options.clock.monotonic() - this.#triedAt >= TRY_EVERY) this.#try(size)
    else if (size <= this.#limit && this.#failures > 0) this.#small()
    if (this.#failures >= TOLERATED && events < LARGE) await this.#options.clock.sleep(SPACING)
  }

  #try(size: number): void {
    this.#triedAt = this.#options.clock.monotonic()
    const hindrance = this.#hindrance()
    if (hindrance === null) {
      this.#small()
      return
    }
    this.#failures++
    if (this.#failures !== TOLERATED) return
    const grown = `the write-ahead log of "${this.#path}" has grown to ${Math.round(size / 2 ** 20)} MB`
    this.#options.tell(`${grown} and cannot be emptied: ${hindrance}. Recording goes on, in larger commits`)
  }

  /** Why the log cannot be emptied; null when it was. */
  #hindrance(): string | null {
    try {
      const [busy] = this.#empty.get()!
      return busy === 0 ? null : 'another program reads the store in one long transaction; end or close that'
    } catch (error) {
      return messageOf(error)
    }
  }

  #small(): void {
    if (this.#failures >= TOLERATED) this.#options.tell(`the write-ahead log of "${this.#path}" is small again`)
    this.#failures = 0
  }

  /** Null where a disk that fails does not tell. */
  #size(): number | null {
    try {
      return statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0
    } catch {
      return null
    }
  }
}
