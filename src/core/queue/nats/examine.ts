import type { JetStreamAccountStats, StreamInfo } from '@nats-io/jetstream'
import { type Check, failed, failure, ok, warning } from '../../check.ts'
import type { Kept } from '../queue.ts'
import type { Target } from '../target.ts'
import { Connection, isAbsent } from './connection.ts'
import { findGroup, findStream, LARGEST, newName, weaknessOf } from './stream.ts'

/** Streams that a first recording makes: the entries, and how far recorders came. */
const MADE = 2

/**
 * Looks at a server that is recorded into, and changes nothing: its version, whose the stream and its groups are, where and
 * how long it keeps entries, and whether the account has room.
 * @throws HkqError E_STORAGE where it is away, refuses, has no JetStream, or another program's stream keeps some of the subject
 */
export async function examineNats(target: Target, groups: Kept): Promise<readonly Check[]> {
  const connection = await Connection.open(target)
  try {
    const server = `"${target.label}", NATS ${connection.version}`
    const stream = await findStream(connection)
    const account = await connection.ask(({ streams }) => streams.getAccountInfo())
    if (stream !== null) {
      const checks = [...checkStream(server, stream), ...(await checkGroups(connection, stream, groups))]
      return [...checks, checkLimits(account, null)]
    }
    return [await checkName(connection, server), checkLimits(account, LARGEST)]
  } finally {
    await connection.close()
  }
}

/** A stream is called after its queue, unless another program's is already. */
async function checkName(connection: Connection, server: string): Promise<Check> {
  const name = newName(connection.target)
  try {
    const { config } = await connection.ask(({ streams }) => streams.streams.info(name))
    const detail = `${server}: another program has a stream "${name}", of ${config.subjects?.join(', ') || 'no subject'}`
    return failure('queue', 'E_STORAGE', detail, 'name another queue')
  } catch (error) {
    if (!isAbsent(error)) throw error
    return ok('queue', `${server}: the first recording makes the stream`)
  }
}

function checkStream(server: string, stream: StreamInfo): readonly Check[] {
  const { config, state } = stream
  const most = config.max_bytes > 0 ? ` of ${mebibytes(config.max_bytes)}` : ''
  const size = `${state.messages} entries, ${mebibytes(state.bytes)}${most}`
  return [ok('queue', `${server}, stream "${config.name}", ${size}`), checkDurability(stream), checkRetention(stream)]
}

function checkGroups(connection: Connection, { config }: StreamInfo, groups: Kept): Promise<readonly Check[]> {
  const names = 'named' in groups ? groups.named : [groups.elseGroup]
  return Promise.all(
    names.map(async (group) => {
      try {
        const info = await findGroup(connection, config.name, group)
        if (info === null) return ok('group', `"${group}" is made when it is first used`)
        return ok('group', `"${group}", ${info.num_pending + info.num_ack_pending} entries to acknowledge`)
      } catch (error) {
        return failed('group', error)
      }
    }),
  )
}

/** No server tells its clients how often it brings a stream to the disk. */
function checkDurability({ config }: StreamInfo): Check {
  const detail = `storage ${config.storage}, replicas ${config.num_replicas}`
  if (config.storage === 'memory')
    return warning('durability', detail, 'make the stream with storage file: the end of the server loses this one')
  const synced =
    'a power cut may lose what came since the last sync (sync_interval of the server, which it does not tell)'
  return ok('durability', config.num_replicas > 1 ? detail : `${detail}: ${synced}`)
}

function checkRetention(stream: StreamInfo): Check {
  const { retention, discard } = stream.config
  const detail = `retention ${retention}, discard ${discard}`
  const weakness = weaknessOf(stream)
  if (weakness === null) return ok('retention', detail)
  return warning('retention', `${detail}: the stream ${weakness}`, 'have it keep entries: limits, discard new, no age')
}

/** @param needed bytes that a first recording reserves, null where the stream is there. An account of tiers tells none as a whole */
function checkLimits(account: JetStreamAccountStats, needed: number | null): Check {
  const { limits, storage, streams } = account
  const [most, count] = [limits.max_storage, limits.max_streams]
  const isBounded = !('tiers' in account) && most >= 0
  const used = `${streams} streams, ${mebibytes(storage)}`
  const detail = `the account has ${used}; it may have ${isBounded ? mebibytes(most) : 'as much as the server allows'}`
  if (needed === null) return ok('limits', detail)
  if (isBounded && most - storage < needed) {
    const remedy = `allow it more: a new stream reserves ${mebibytes(needed)}`
    return failure('limits', 'E_STORAGE', detail, remedy)
  }
  if (!('tiers' in account) && count >= 0 && count - streams < MADE)
    return failure('limits', 'E_STORAGE', `${detail}, ${count} streams at most`, `allow it ${MADE} more`)
  return ok('limits', detail)
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`
}
