import { ANSWER, type Check, failure, ok, warning } from '../../check.ts'
import { isAway } from '../refusal.ts'
import type { Target } from '../target.ts'
import { Connection } from './connection.ts'

/** What `INFO` tells, by its names. */
type Info = ReadonlyMap<string, string>

/**
 * Looks at a server that is recorded into, and changes nothing: its version and role, whose the key is, what an
 * acknowledged write survives, and whether a full memory loses any.
 * @throws HkqError E_STORAGE where it is away or refuses
 */
export async function examineRedis(
  target: Target,
  { db, isChannel }: { db: number; isChannel: boolean },
): Promise<readonly Check[]> {
  const connection = await Connection.open(target, db, ANSWER)
  try {
    const info = fieldsIn(String(await connection.call('INFO')))
    const server = `"${target.label}", Redis ${info.get('redis_version')}`
    if (isChannel) return [ok('queue', `${server}: a channel, which keeps nothing for who is not listening`)]
    const found = await checkKey(connection, target.name, server)
    return [found, ...checkRole(info), await checkDurability(connection, info), checkMemory(info)]
  } finally {
    connection.close()
  }
}

function fieldsIn(text: string): Info {
  return new Map(text.split(/\r?\n/).flatMap((line) => (/^[^#].*?:/.test(line) ? [pairIn(line)] : [])))
}

function pairIn(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}

async function checkKey(connection: Connection, key: string, server: string): Promise<Check> {
  for (const [name, ours] of [[key, 'stream'] as const, [`${key}:checkpoints`, 'hash'] as const]) {
    const kind = await connection.call('TYPE', name)
    if (kind === 'none' || kind === ours) continue
    const detail = `${server}: another program keeps a ${kind} under "${name}"`
    return failure('queue', 'E_STORAGE', detail, 'name another key')
  }
  const length = Number(await connection.call('XLEN', key))
  const [newest] = (await connection.call('XREVRANGE', key, '+', '-', 'COUNT', 1)) as [string, string[]][]
  if (newest === undefined) return ok('queue', `${server}: the first recording begins the stream`)
  if (!newest[1].some((name, i) => i % 2 === 0 && name === 'events')) {
    const remedy = 'name another key: what is no event of hkq is quarantined by its readers'
    return warning('queue', `${server}: another program writes into this stream`, remedy)
  }
  const left = Number(await connection.call('PTTL', key))
  if (left < 0) return ok('queue', `${server}, ${length} entries`)
  const detail = `${server}: the stream expires in ${Math.ceil(left / 1_000)} s, read or not`
  return failure('queue', 'E_STORAGE', detail, `PERSIST ${key}`)
}

function checkRole(info: Info): readonly Check[] {
  if (info.get('role') !== 'slave') return []
  const primary = `${info.get('master_host')}:${info.get('master_port')}`
  return [failure('role', 'E_STORAGE', `a replica of ${primary}, which takes no entries`, 'name the primary')]
}

async function checkDurability(connection: Connection, info: Info): Promise<Check> {
  if (info.get('aof_enabled') !== '1') {
    const remedy = 'set appendonly yes: else a crash loses what came since the last snapshot'
    return warning('durability', 'appendonly no', remedy)
  }
  const sync = await syncOf(connection)
  const detail = `appendonly yes, appendfsync ${sync ?? 'not told'}`
  if (sync === 'always') return ok('durability', detail)
  if (sync === 'no') return warning('durability', detail, 'set it to everysec or always: a power cut loses more')
  return ok('durability', `${detail}: a power cut may lose the last second`)
}

/** When the log is brought to the disk; null where the user may not ask, or nobody may. */
async function syncOf(connection: Connection): Promise<string | null> {
  try {
    const answer = (await connection.call('CONFIG', 'GET', 'appendfsync')) as string[]
    return answer[1] ?? null
  } catch (error) {
    if (isAway(error)) throw error
    return null
  }
}

/** Streams have no time to live, so that a policy that evicts what has one leaves them alone. */
function checkMemory(info: Info): Check {
  const policy = info.get('maxmemory_policy') ?? 'not told'
  const most = info.get('maxmemory') === '0' ? 'none' : info.get('maxmemory_human')
  const detail = `maxmemory ${most}, policy ${policy}, ${info.get('used_memory_human')} used`
  if (!policy.startsWith('allkeys-')) return ok('memory', detail)
  const remedy = 'set maxmemory-policy noeviction: this one may drop the queue as a whole'
  return failure('memory', 'E_STORAGE', detail, remedy)
}
