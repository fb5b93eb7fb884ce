import { type Entry, MOST, type Reader, WAIT } from '../queue.ts'
import type { Target } from '../target.ts'
import { Connection } from './connection.ts'
import { entryOf } from './reader.ts'

/** How far a reader without a group has come, over all its connections. */
export interface Place {
  last: string | null
}

/** Reads a stream from here on, without a group: it takes nothing from anybody, and nothing waits for it. */
export class RedisFollower implements Reader {
  readonly isNew: boolean
  readonly #connection: Connection
  readonly #key: string
  readonly #place: Place

  private constructor(connection: Connection, key: string, place: Place, isNew: boolean) {
    this.#connection = connection
    this.#key = key
    this.#place = place
    this.isNew = isNew
  }

  static async open(target: Target, db: number, place: Place): Promise<RedisFollower> {
    const connection = await Connection.open(target, db)
    try {
      const isGone = place.last !== null && (await connection.call('EXISTS', target.name)) === 0
      if (place.last === null || isGone) place.last = await newest(connection, target.name)
      return new RedisFollower(connection, target.name, place, isGone)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async take(): Promise<readonly Entry[]> {
    const how = ['COUNT', MOST, 'BLOCK', WAIT, 'STREAMS', this.#key, this.#place.last!]
    const answer = (await this.#connection.call('XREAD', ...how)) as [string, [string, string[]][]][] | null
    const entries = answer?.[0]?.[1] ?? []
    this.#place.last = entries.at(-1)?.[0] ?? this.#place.last
    return entries.map(([id, fields]) => entryOf(id, fields))
  }

  async acknowledge(): Promise<void> {}

  async renew(): Promise<void> {}

  async floor(): Promise<null> {
    return null
  }

  async close(): Promise<void> {
    this.#connection.close()
  }
}

async function newest(connection: Connection, key: string): Promise<string> {
  const [last] = (await connection.call('XREVRANGE', key, '+', '-', 'COUNT', 1)) as [string, string[]][]
  return last?.[0] ?? '0-0'
}
