import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Checkpoint, Durability } from '../../pipeline/source.ts'

/**
 * The checkpoints of a store that may be away when the next run begins, in a file beside its journal: replaced as a whole,
 * CRC-32 of the rest in its first line. It may be behind, never ahead; lost or damaged, nothing is known.
 */
export class CheckpointFile {
  readonly #path: string
  readonly #durability: Durability

  constructor(directory: string, durability: Durability) {
    this.#path = join(directory, 'checkpoints')
    this.#durability = durability
  }

  /** Null where nothing is known. */
  read(): readonly Checkpoint[] | null {
    try {
      const text = readFileSync(this.#path, 'utf8')
      const end = text.indexOf('\n')
      const body = text.slice(end + 1)
      if (text.slice(0, end) !== String(crc32(body))) return null
      return (JSON.parse(body) as readonly (Omit<Checkpoint, 'seq'> & { seq: number | string | null })[]).map(
        (row) => ({
          ...row,
          seq: typeof row.seq === 'string' ? BigInt(row.seq) : row.seq,
        }),
      )
    } catch {
      return null
    }
  }

  /** A disk that refuses leaves the file as it was: what it holds stays true. */
  write(checkpoints: readonly Checkpoint[]): void {
    const body = JSON.stringify(checkpoints, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    const bytes = Buffer.from(`${crc32(body)}\n${body}`)
    try {
      const file = openSync(`${this.#path}.new`, 'w', 0o600)
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
        if (this.#durability === 'power') fdatasyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(`${this.#path}.new`, this.#path)
    } catch {}
  }
}
