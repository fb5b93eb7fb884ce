import { type Entry, LEASE, MOST, type Reader, WAIT } from '../queue.ts'
import type { Target } from '../target.ts'
import { createGroup } from './appender.ts'
import { Connection } from './connection.ts'
import type { Place } from './follower.ts'

export interface Membership {
  readonly db: number
  readonly group: string
  /** Name of this member. */
  readonly consumer: string
  /** Whether the name is this process's alone, and goes with it. */
  readonly isOwn: boolean
  /** How far it has come, over all its connections. */
  readonly place: Place
}

type Raw = readonly [id: string, fields: readonly string[] | null]

/** Least time between two looks for what dead members have left, ms. */
const CLAIM_EVERY = 1_000

/** Drops a member that holds nothing: dropping one that does would lose what it holds. KEYS: stream. ARGV: group, member. */
const LEAVE = `
for _, member in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local fields = {}
  for i = 1, #member, 2 do fields[member[i]] = member[i + 1] end
  if fields.name == ARGV[2] and fields.pending == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
end
return 0`

/** A member of a group of readers of a stream. */
export class RedisReader implements Reader {
  readonly isNew: boolean
  isDrained = false
  readonly #key: string
  readonly #member: Membership
  /** Waits for entries. */
  readonly #waiting: Connection
  /** Never waits. */
  readonly #prompt: Connection
  /** Where this member's own pending entries are read on; null when all have been read. */
  #own: string | null = '0'
  #claimedAt = Number.NEGATIVE_INFINITY

  private constructor(key: string, member: Membership, connections: readonly [Connection, Connection], isNew: boolean) {
    this.#key = key
    this.#member = member
    ;[this.#waiting, this.#prompt] = connections
    this.isNew = isNew
  }

  static async open(target: Target, member: Membership): Promise<RedisReader> {
    const waiting = await Connection.open(target, member.db)
    try {
      const prompt = await Connection.open(target, member.db)
      await createGroup(prompt, target.name, member.group)
      const isNew = await isUnknown(prompt, target.name, member)
      return new RedisReader(target.name, member, [waiting, prompt], isNew)
    } catch (error) {
      waiting.close()
      throw error
    }
  }

  async take(): Promise<readonly Entry[]> {
    if (this.#own !== null) {
      const own = await this.#read(this.#own)
      this.#own = own.at(-1)?.[0] ?? null
      if (own.length > 0) return this.#entries(own)
    }
    const left = await this.#claim()
    const fresh = await this.#read('>', left.length === 0 ? WAIT : undefined)
    this.isDrained = fresh.length < MOST
    this.#member.place.last = fresh.at(-1)?.[0] ?? this.#member.place.last
    return this.#entries([...left, ...fresh])
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const { group } = this.#member
    for (const some of inParts(ids)) await this.#prompt.call('XACK', this.#key, group, ...some)
  }

  async renew(ids: readonly string[]): Promise<void> {
    const { group, consumer } = this.#member
    for (const some of inParts(ids)) await this.#prompt.call('XCLAIM', this.#key, group, consumer, 0, ...some, 'JUSTID')
  }

  async floor(): Promise<bigint | null> {
    const [, first] = (await this.#prompt.call('XPENDING', this.#key, this.#member.group)) as [number, string | null]
    return first === null ? null : positionOf(first)
  }

  async close(leaves: boolean): Promise<void> {
    const { group, consumer, isOwn } = this.#member
    if (leaves && isOwn) await this.#prompt.call('EVAL', LEAVE, 1, this.#key, group, consumer).catch(() => {})
    this.#waiting.close()
    this.#prompt.close()
  }

  /** @param wait for an entry, ms; absent: not at all */
  async #read(from: string, wait?: number): Promise<readonly Raw[]> {
    const { group, consumer } = this.#member
    const how = ['GROUP', group, consumer, 'COUNT', MOST, ...(wait === undefined ? [] : ['BLOCK', wait])]
    const answer = await this.#waiting.call('XREADGROUP', ...how, 'STREAMS', this.#key, from)
    return (answer as [string, Raw[]][] | null)?.[0]?.[1] ?? []
  }

  /** What members have not renewed for a lease: they are dead, or cut off. */
  async #claim(): Promise<readonly Raw[]> {
    const now = performance.now()
    if (now - this.#claimedAt < CLAIM_EVERY) return []
    const { group, consumer } = this.#member
    const answer = await this.#prompt.call('XAUTOCLAIM', this.#key, group, consumer, LEASE, '0', 'COUNT', MOST)
    const [, entries] = answer as [string, Raw[]]
    if (entries.length < MOST) this.#claimedAt = now
    return entries
  }

  /** What was removed from the stream by hand is nothing any more. */
  async #entries(raw: readonly Raw[]): Promise<Entry[]> {
    const gone = raw.filter(([, fields]) => fields === null).map(([id]) => id)
    if (gone.length > 0) await this.acknowledge(gone)
    return raw.flatMap(([id, fields]) => (fields === null ? [] : [entryOf(id, fields)]))
  }
}

/**
 * Whether the group does not know the member, which it does as long as it lives, or has gone back to a time before what the
 * member was given last.
 */
async function isUnknown(
  connection: Connection,
  key: string,
  { group, consumer, place }: Membership,
): Promise<boolean> {
  const isMade = (await connection.call('XGROUP', 'CREATECONSUMER', key, group, consumer)) === 1
  const groups = (await connection.call('XINFO', 'GROUPS', key)) as (string | number | null)[][]
  const fields = groups.find((fields) => fields[1] === group)!
  const delivered = String(fields[fields.indexOf('last-delivered-id') + 1])
  const isBehind = place.last !== null && positionOf(delivered) < positionOf(place.last)
  place.last = delivered
  return isMade || isBehind
}

/** An entry of another program is given as it stands, and cannot be read. */
export function entryOf(id: string, fields: readonly string[]): Entry {
  const at = fields.findIndex((name, i) => i % 2 === 0 && name === 'events')
  return { id, position: positionOf(id), payload: at === -1 ? JSON.stringify(fields) : fields[at + 1]! }
}

/** Milliseconds and number of an id, as one number. */
export function positionOf(id: string): bigint {
  const [ms, number] = id.split('-')
  return (BigInt(ms!) << 64n) | BigInt(number!)
}

function* inParts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += 1_000) yield all.slice(i, i + 1_000)
}
