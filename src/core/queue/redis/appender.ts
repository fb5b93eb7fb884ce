import { HkqError } from '../../errors.ts'
import type { Checkpoint } from '../../pipeline/source.ts'
import { checkpointsIn, textOf } from '../checkpoint-text.ts'
import type { Appender, Kept, Message } from '../queue.ts'
import type { Target } from '../target.ts'
import { type Argument, Connection } from './connection.ts'

/** Messages of one request: the server does nothing else meanwhile. */
const TOGETHER = 256

/**
 * Appends where there is room, all or nothing; room is made of what every group has acknowledged, never of unread entries.
 * KEYS: stream, checkpoints. ARGV: entries at most, count of messages, each one's symbol and payload, each checkpoint's field
 * and value.
 */
const APPEND = `
local function before(a, b)
  local am, as = a:match('(%d+)-(%d+)')
  local bm, bs = b:match('(%d+)-(%d+)')
  if tonumber(am) ~= tonumber(bm) then return tonumber(am) < tonumber(bm) end
  return tonumber(as) < tonumber(bs)
end
local most, count = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('XLEN', KEYS[1]) + count > most then
  local floor, name
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local fields = {}
    for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
    local first = redis.call('XPENDING', KEYS[1], fields.name)[2] or fields['last-delivered-id']
    if not floor or before(first, floor) then floor, name = first, fields.name end
  end
  if floor then redis.call('XTRIM', KEYS[1], 'MINID', floor)
  else redis.call('XTRIM', KEYS[1], 'MAXLEN', math.max(0, most - count)) end
  local length = redis.call('XLEN', KEYS[1])
  if length + count > most then
    return redis.error_reply('HKQFULL the group "' .. tostring(name) .. '" has not read ' .. length .. ' entries: read them, drop the group (XGROUP DESTROY), or allow more (?maxlen=)')
  end
end
for i = 0, count - 1 do
  redis.call('XADD', KEYS[1], '*', 'symbol', ARGV[3 + 2 * i], 'events', ARGV[4 + 2 * i])
end
for i = 3 + 2 * count, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return count`

/** What an appender is opened with. */
export interface Appending {
  readonly db: number
  /** Entries of the stream at most. */
  readonly most: number
  readonly groups: Kept
}

/** Appends to a stream, made with its groups where it is absent. */
export class RedisAppender implements Appender {
  readonly #connection: Connection
  readonly #key: string
  readonly #most: number

  private constructor(connection: Connection, key: string, most: number) {
    this.#connection = connection
    this.#key = key
    this.#most = most
  }

  static async open(target: Target, { db, most, groups }: Appending): Promise<RedisAppender> {
    const connection = await Connection.open(target, db)
    try {
      await refuseEviction(connection, target)
      for (const group of await groupsToMake(connection, target.name, groups)) {
        await createGroup(connection, target.name, group)
      }
      return new RedisAppender(connection, target.name, most)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async append(messages: readonly Message[], checkpoints: readonly Checkpoint[]): Promise<void> {
    for (let i = 0; i < messages.length; i += TOGETHER) {
      const some = messages.slice(i, i + TOGETHER)
      const rows = i + TOGETHER < messages.length ? [] : checkpoints
      const args: Argument[] = some.flatMap(({ symbol, payload }) => [symbol ?? '', payload])
      for (const row of rows) args.push(`${row.source} ${row.symbol}`, textOf(row))
      const head = [APPEND, 2, this.#key, `${this.#key}:checkpoints`, this.#most, some.length]
      await this.#connection.call('EVAL', ...head, ...args)
    }
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    return checkpointsIn((await this.#connection.call('HVALS', `${this.#key}:checkpoints`)) as string[])
  }

  async close(): Promise<void> {
    this.#connection.close()
  }
}

async function groupsToMake(connection: Connection, key: string, groups: Kept): Promise<readonly string[]> {
  if ('named' in groups) return groups.named
  const isThere = (await connection.call('EXISTS', key)) === 1
  const present = isThere ? ((await connection.call('XINFO', 'GROUPS', key)) as readonly unknown[]) : []
  return present.length === 0 ? [groups.elseGroup] : []
}

/** @returns whether the group was not there */
export async function createGroup(connection: Connection, key: string, group: string): Promise<boolean> {
  try {
    await connection.call('XGROUP', 'CREATE', key, group, '0', 'MKSTREAM')
    return true
  } catch (error) {
    if (error instanceof HkqError && /BUSYGROUP/.test(error.message)) return false
    throw error
  }
}

/** A server that evicts any key when its memory is full would drop the queue as a whole. */
async function refuseEviction(connection: Connection, { label }: Target): Promise<void> {
  const info = String(await connection.call('INFO', 'memory'))
  const policy = /maxmemory_policy:(allkeys-\S+)/.exec(info)?.[1]
  if (policy === undefined) return
  throw new HkqError(
    'E_STORAGE',
    `"${label}": the server drops any key when its memory is full (${policy}): set maxmemory-policy noeviction`,
  )
}
