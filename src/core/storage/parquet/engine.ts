import { isAbsolute } from 'node:path'
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api'
import { HkqError, messageOf } from '../../errors.ts'

export type Duck = typeof import('@duckdb/node-api')

/** Most memory that reading and writing Parquet may use. */
const MEMORY = '1GB'

/** How far DuckDB's threads read ahead of whoever takes the rows. */
const AHEAD = '32MB'

/** DuckDB in memory: it reads and writes Parquet files, and nothing of it stays. */
export class Engine {
  readonly duck: Duck
  readonly #instance: DuckDBInstance

  private constructor(duck: Duck, instance: DuckDBInstance) {
    this.duck = duck
    this.#instance = instance
  }

  /** Loads DuckDB when first asked for. @throws HkqError E_STORAGE where its native part is missing */
  static async open(): Promise<Engine> {
    try {
      const duck = await import('@duckdb/node-api')
      const settings = {
        memory_limit: MEMORY,
        temp_directory: '',
        // nothing is fetched from a network, whatever a file asks for
        autoinstall_known_extensions: 'false',
        // a file that was replaced within the second is not told from the one before
        enable_external_file_cache: 'false',
      }
      return new Engine(duck, await duck.DuckDBInstance.create(':memory:', settings))
    } catch (cause) {
      const message = `DuckDB, which reads and writes Parquet, does not load (${messageOf(cause)}): run npm ci --include=optional`
      throw new HkqError('E_STORAGE', message, { cause })
    }
  }

  /** Works with a connection of its own, which is closed after it. */
  async connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#instance.connect()
    try {
      return await work(connection)
    } finally {
      connection.closeSync()
    }
  }

  /** A connection, to be closed by whoever asked for it. */
  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect()
  }

  /** What a query gives, chunk by chunk in order; the next one is fetched while one is worked on. */
  async *stream(sql: string): AsyncGenerator<DuckDBDataChunk> {
    const connection = await this.#instance.connect()
    let next: Promise<DuckDBDataChunk | null> | undefined
    try {
      await connection.run(`SET streaming_buffer_size = '${AHEAD}'`)
      const result = await connection.stream(sql)
      next = result.fetchChunk()
      while (true) {
        const chunk = await next
        if (!chunk || chunk.rowCount === 0) return
        next = result.fetchChunk()
        next.catch(() => {})
        yield chunk
      }
    } finally {
      await next?.catch(() => {})
      connection.closeSync()
    }
  }

  close(): void {
    this.#instance.closeSync()
  }
}

/** A text as SQL writes it, where a NUL would end the statement. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll('\0', `' || chr(0) || '`)}'`
}

/** A file's name as SQL writes it. DuckDB takes a `~` or `file:` at its beginning for more than a name. */
export function quotedFile(file: string): string {
  return quoted(isAbsolute(file) ? file : `./${file}`)
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/no space left|ENOSPC|disk.*full/i, 'the disk is full; free some space'],
  [/permission denied|EACCES|EPERM|EROFS/i, 'it may not be read or written; check its permissions'],
  [/ENOENT.*, mkdir '/, 'a folder cannot be made there; name another place'],
  [/no files found|No such file|ENOENT/i, 'a file is missing; put it back, or name the folder it moved to'],
  [
    /magic bytes|not a parquet|too small|deserializ|snappy|zstd|corrupt|Invalid Input|metadata/i,
    'a file is damaged; restore a copy',
  ],
]

/** E_STORAGE for whatever reading or writing in `place` threw, with the remedy for it. */
export function lakeError(place: string, error: unknown): HkqError {
  if (error instanceof HkqError) return error
  const [line] = messageOf(error).split('\n')
  const remedy = REMEDIES.find(([pattern]) => pattern.test(line!))?.[1] ?? 'it cannot be used'
  return new HkqError('E_STORAGE', `"${place}": ${remedy} (${line})`, { cause: error })
}
