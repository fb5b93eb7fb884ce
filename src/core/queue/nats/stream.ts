import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import { type Kept, LEASE } from '../queue.ts'
import { type Connection, isAbsent } from './connection.ts'

/** Bytes of a new stream at most. */
const LARGEST = 2 ** 30
/** Within which a message that is sent again is known by its id, ns. */
const REMEMBERED = 120 * 1e9
/** Entries that a group may hold unacknowledged. */
const PENDING = 10_000

/**
 * The stream that keeps a subject, made where there is none: what has no room is refused, never put in the place of
 * something unread. Entries stay when they are acknowledged, until the room is needed (`makeRoom`): a stream that keeps
 * entries for its consumers alone (`interest`) accepts and drops what comes while its server stops or starts, since streams
 * then take messages before, or after, their consumers are there.
 */
export async function ensureStream(connection: Connection): Promise<StreamInfo> {
  const { name: subject } = connection.target
  const name = await nameOf(connection, `${subject}.>`)
  if (name !== null) return connection.ask(({ streams }) => streams.streams.info(name))
  return connection.ask(({ streams }) =>
    streams.streams.add({
      ...{ name: subject.replaceAll('.', '_'), subjects: [`${subject}.>`], storage: 'file' },
      ...{ retention: 'limits', discard: 'new', max_bytes: LARGEST, duplicate_window: REMEMBERED },
    }),
  )
}

async function nameOf(connection: Connection, subject: string): Promise<string | null> {
  const names = await connection.ask(async ({ streams }) => await streams.streams.names(subject).next())
  return names[0] ?? null
}

/** Says what is wrong with a stream that another program made, null where nothing is. */
export function weaknessOf({ config }: StreamInfo): string | null {
  if (config.retention === 'interest') return 'drops what comes while the server stops or starts (retention interest)'
  if (config.max_age > 0) return 'drops unread entries by their age'
  const isBounded = config.max_bytes > 0 || config.max_msgs > 0 || config.max_msgs_per_subject > 0
  return isBounded && config.discard === 'old' ? 'drops the oldest entries, read or not, when it is full' : null
}

/** Makes the groups that are kept. */
export async function ensureKept(connection: Connection, stream: string, groups: Kept): Promise<void> {
  const names =
    'named' in groups ? groups.named : (await groupsOf(connection, stream)).length > 0 ? [] : [groups.elseGroup]
  for (const name of names) await ensureGroup(connection, stream, name)
}

/** Removes the entries that every group has acknowledged. @returns whether there were any */
export async function makeRoom(connection: Connection, stream: string): Promise<boolean> {
  const acknowledged = (await groupsOf(connection, stream)).map(({ ack_floor }) => ack_floor.stream_seq)
  const seq = Math.min(...acknowledged) + 1
  // to the server a purge before the first entry is one of all entries
  if (acknowledged.length === 0 || seq <= 1) return false
  const { purged } = await connection.ask(({ streams }) => streams.streams.purge(stream, { seq }))
  return purged > 0
}

function groupsOf(connection: Connection, stream: string): Promise<ConsumerInfo[]> {
  return connection.ask(async ({ streams }) => {
    const groups: ConsumerInfo[] = []
    for await (const info of streams.consumers.list(stream)) if (info.config.durable_name) groups.push(info)
    return groups
  })
}

/** @returns whether the group was not there */
export async function ensureGroup(connection: Connection, stream: string, group: string): Promise<boolean> {
  try {
    await connection.ask(({ streams }) => streams.consumers.info(stream, group))
    return false
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
  const filter_subject = `${connection.target.name}.>`
  await connection.ask(({ streams }) =>
    streams.consumers.add(stream, {
      ...{ durable_name: group, filter_subject, ack_policy: 'explicit', deliver_policy: 'all' },
      ...{ ack_wait: LEASE * 1e6, max_ack_pending: PENDING },
    }),
  )
  return true
}
