import { type Entry, MOST, type Reader, WAIT } from '../queue.ts'
import type { Target } from '../target.ts'
import { Connection } from './connection.ts'
import { entryOf, positionOf } from './reader.ts'

/** How far a reader without a group has come, over all its connections. */
export interface Place {
  last: string | null
}

/** Reads a stream from here on, without a group: it takes nothing from anybody, and nothing waits for it. */
export class RedisFollower implements Reader {
  readonly isNew: boolean
  isDrained = false
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
      const isNew = place.last === null || !(await isThere(connection, target.name, place.last))
      const last = isNew ? await newest(connection, target.name) : place.last!
      if (place.last === null) place.last = last
      else if (positionOf(last) < positionOf(place.last)) place.last = START
      return new RedisFollower(connection, target.name, place, isNew)
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
    this.isDrained = entries.length < MOST
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

/** Before the first entry. */
const START = '0-0'

/** Whether a stream still holds an entry: without it, what came behind it may be gone too. */
async function isThere(connection: Connection, key: string, id: string): Promise<boolean> {
  return id === START || ((await connection.call('XRANGE', key, id, id)) as unknown[]).length > 0
}

async function newest(connection: Connection, key: string): Promise<string> {
  const [last] = (await connection.call('XREVRANGE', key, '+', '-', 'COUNT', 1)) as [string, string[]][]
  return last?.[0] ?? START
}
