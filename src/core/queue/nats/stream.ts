import type { StreamInfo } from '@nats-io/jetstream'
import { type Kept, LEASE } from '../queue.ts'
import { type Connection, isAbsent } from './connection.ts'

/** Bytes of a new stream at most. */
const LARGEST = 2 ** 30
/** Within which a message that is sent again is known by its id, ns. */
const REMEMBERED = 120 * 1e9
/** Entries that a group may hold unacknowledged. */
const PENDING = 10_000

/**
 * The stream that keeps a subject, made where there is none: an entry stays until every group has acknowledged it, and what
 * has no room is refused, never put in the place of something unread.
 */
export async function ensureStream(connection: Connection): Promise<StreamInfo> {
  const { name: subject } = connection.target
  const name = await nameOf(connection, `${subject}.>`)
  if (name !== null) return connection.ask(({ streams }) => streams.streams.info(name))
  return connection.ask(({ streams }) =>
    streams.streams.add({
      ...{ name: subject.replaceAll('.', '_'), subjects: [`${subject}.>`], storage: 'file' },
      ...{ retention: 'interest', discard: 'new', max_bytes: LARGEST, duplicate_window: REMEMBERED },
    }),
  )
}

async function nameOf(connection: Connection, subject: string): Promise<string | null> {
  const names = await connection.ask(async ({ streams }) => await streams.streams.names(subject).next())
  return names[0] ?? null
}

/** Says what is wrong with a stream that another program made, null where nothing is. */
export function weaknessOf({ config }: StreamInfo): string | null {
  if (config.max_age > 0) return 'drops unread entries by their age'
  const isBounded = config.max_bytes > 0 || config.max_msgs > 0 || config.max_msgs_per_subject > 0
  return isBounded && config.discard === 'old' ? 'drops the oldest entries, read or not, when it is full' : null
}

/** Makes the groups that are kept: a stream that keeps entries for its groups alone would drop them otherwise. */
export async function ensureKept(connection: Connection, stream: string, groups: Kept): Promise<void> {
  const names = 'named' in groups ? groups.named : (await hasGroup(connection, stream)) ? [] : [groups.elseGroup]
  for (const name of names) await ensureGroup(connection, stream, name)
}

function hasGroup(connection: Connection, stream: string): Promise<boolean> {
  return connection.ask(async ({ streams }) => {
    for await (const { config } of streams.consumers.list(stream)) if (config.durable_name) return true
    return false
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
