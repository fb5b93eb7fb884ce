import type { Client, QueryResult } from 'pg'
import { isContention, LOST, storageError } from './errors.ts'
import type { Place } from './place.ts'
import { parserOf } from './values.ts'

/** Times of a connection, ms: until it is made, until an answer, until the server frees what a lost client held. */
const CONNECTING = 10_000
const IDLE_IN_TRANSACTION = 20_000
/** How often a transaction is tried that meets others. Each time it sees what they have committed meanwhile. */
const TRIES = 50

export interface ConnectionOptions {
  /** Nothing is written: the server is told to refuse it. */
  readonly readOnly: boolean
  /** How long an answer may take, ms; after that the connection counts as lost. */
  readonly answerMs: number
  /** A commit waits for the server's disk, whatever the server's default is. */
  readonly waitsForDisk: boolean
}

/** Parameters go as text: numbers as they print, arrays as `numbers` and `texts` of values.ts write them. */
export type Value = string | number | bigint | null

/** Asks the server one thing; the rows come as arrays. Several asked at once go out at once and are answered in order. */
export type Ask = <R extends readonly unknown[]>(text: string, values?: readonly Value[]) => Promise<R[]>

/** One connection to a server. Who asks has it alone, statement or transaction; the others wait for their turn. */
export class Connection {
  readonly place: Place
  readonly #client: Client
  #turn: Promise<unknown> = Promise.resolve()
  /** Why the connection is gone. */
  #lost: unknown
  readonly #names = new Map<string, string>()

  private constructor(place: Place, client: Client) {
    this.place = place
    this.#client = client
    client.on('error', (error) => {
      this.#lost ??= error
    })
    client.on('end', () => {
      this.#lost ??= new Error('the connection has ended')
    })
  }

  /** @throws HkqError E_STORAGE */
  static async open(place: Place, options: ConnectionOptions): Promise<Connection> {
    const { default: pg } = await import('pg')
    const { host, port, user, password, database, ssl } = place
    const client = new pg.Client({
      ...{ database, ...(host && { host }), ...(port && { port }), ...(user && { user }) },
      ...(password && { password }),
      ssl: ssl === 'disable' ? false : { rejectUnauthorized: ssl === 'verify-full' },
      connectionTimeoutMillis: Math.min(CONNECTING, options.answerMs),
      query_timeout: options.answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'hkq',
      pipeline: true,
      types: { getTypeParser: parserOf as never },
    } as ConstructorParameters<typeof pg.Client>[0])
    const connection = new Connection(place, client)
    try {
      await client.connect().catch((error: unknown) => {
        throw storageError(place, lostIf(isTimeout(error) || isCut(error), error))
      })
      await connection.#ask(settings(options))
      return connection
    } catch (error) {
      void connection.close()
      throw error
    }
  }

  /** One statement by itself. @throws HkqError E_STORAGE */
  ask: Ask = (text, values) => this.#alone(() => this.#ask(text, values))

  /**
   * Does `work` in one transaction, and again from its beginning where it met another one.
   * @throws HkqError E_STORAGE; then nothing of it was done, unless the answer to the commit was lost
   */
  transaction<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const ask: Ask = (text, values) => this.#ask(text, values)
    return this.#alone(async () => {
      for (let attempt = 1; ; attempt++) {
        // not waited for: what is asked next goes out with it
        const begun = this.#ask('BEGIN')
        begun.catch(() => {})
        try {
          const done = await work(ask)
          await begun
          await this.#ask('COMMIT')
          return done
        } catch (error) {
          if (this.#lost === undefined) await this.#ask('ROLLBACK').catch(() => {})
          if (attempt === TRIES || !isContention(error)) throw error
        }
      }
    })
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const end = this.#client.end().catch(() => {})
    const cut = setTimeout(() => streamOf(this.#client).destroy(), 1_000)
    await end
    clearTimeout(cut)
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #ask<R extends readonly unknown[]>(text: string, values?: readonly Value[]): Promise<R[]> {
    try {
      const name = values && this.#nameOf(text)
      const query = {
        text,
        rowMode: 'array',
        ...(values && { name, values: values.map((value) => (typeof value === 'bigint' ? String(value) : value)) }),
      }
      return ((await this.#client.query(query)) as unknown as QueryResult<never>).rows as R[]
    } catch (error) {
      if (isTimeout(error)) streamOf(this.#client).destroy()
      throw storageError(this.place, lostIf(this.#lost !== undefined || isTimeout(error), error))
    }
  }

  /** A name under which the server keeps a statement parsed. */
  #nameOf(text: string): string {
    const name = this.#names.get(text) ?? `hkq${this.#names.size}`
    this.#names.set(text, name)
    return name
  }
}

function settings({ readOnly, waitsForDisk }: ConnectionOptions): string {
  return [
    `SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION}`,
    // a client that a power cut took must not hold its locks for two hours, the system's default
    'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3',
    // everything is read by its key; before statistics exist the server would guess otherwise
    'SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; SET extra_float_digits = 1',
    "SET timezone = 'UTC'; SET standard_conforming_strings = on",
    readOnly ? 'SET default_transaction_read_only = on' : '',
    waitsForDisk
      ? "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
      : '',
  ]
    .filter(Boolean)
    .join('; ')
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout/i.test(error.message) && !('code' in error)
}

/** Whether the connection ended before it was made: the client says so in words alone. */
function isCut(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Connection terminated') && !('code' in error)
}

/** The error as one that tells of a lost connection, unless it says why itself. */
function lostIf(isLost: boolean, error: unknown): unknown {
  if (!isLost || !(error instanceof Error) || 'code' in error) return error
  return Object.assign(new Error(error.message, { cause: error }), { code: LOST })
}

/** The client knows no other way to let a connection go at once. */
function streamOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream
}
