import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import { HkqError } from '../../errors.ts'
import { type Kept, LEASE } from '../queue.ts'
import { away } from '../refusal.ts'
import type { Target } from '../target.ts'
import { type Connection, isAbsent, isFull } from './connection.ts'

/** Bytes of a new stream at most. */
export const LARGEST = 2 ** 30
/** Within which a message that is sent again is known by its id, ns. */
const REMEMBERED = 120 * 1e9
/** Entries that a group may hold unacknowledged. */
const PENDING = 10_000

/**
 * The stream that keeps a subject, made where there is none: what has no room is refused, never put in the place of
 * something unread. Entries stay when they are acknowledged, until the room is needed (`makeRoom`): a stream that keeps
 * entries for its consumers alone (`interest`) accepts and drops what comes while its server stops or starts, since streams
 * then take messages before, or after, their consumers are there.
 * @throws HkqError E_STORAGE for another program's that does not keep all of the subject
 */
export async function ensureStream(connection: Connection): Promise<StreamInfo> {
  const stream = await findStream(connection)
  if (stream !== null) return stream
  try {
    return await connection.ask(({ streams, target }) =>
      streams.streams.add({
        ...{ name: newName(target), subjects: [`${target.name}.>`], storage: 'file' },
        ...{ retention: 'limits', discard: 'new', max_bytes: LARGEST, duplicate_window: REMEMBERED },
      }),
    )
  } catch (error) {
    throw isFull(error) ? noRoom(connection.target, error) : error
  }
}

/** For a new stream, of which there is nothing to read that would make room. */
function noRoom({ name, label }: Target, error: unknown): HkqError {
  const size = `${LARGEST / 2 ** 30} GiB`
  const remedy = `free its disk or allow JetStream more (max_file_store), or make a smaller stream of ${name}.> yourself`
  return away(`"${label}": the server has no room for a new stream of ${size}: ${remedy}`, error)
}

/** What a stream is called that is made for a queue. */
export function newName({ name }: Target): string {
  return name.replaceAll('.', '_')
}

/** The stream that keeps a subject, null where there is none. @throws HkqError E_STORAGE for one that does not keep all of it */
export async function findStream(connection: Connection): Promise<StreamInfo | null> {
  const { name: subject, label } = connection.target
  const name = await nameOf(connection, `${subject}.>`)
  if (name === null) return null
  const stream = await connection.ask(({ streams }) => streams.streams.info(name))
  const { subjects = [] } = stream.config
  const lacking = KINDS.map((kind) => `${subject}.${kind}`).find((each) => !subjects.some((of) => matches(of, each)))
  if (lacking === undefined) return stream
  const message = `"${label}": the stream "${name}" keeps ${subjects.join(', ')}, not ${lacking}: have it keep ${subject}.>, or name another`
  throw new HkqError('E_STORAGE', message)
}

/** What stands behind the name of a queue: all symbols, an index, a security. */
const KINDS = ['_', 'HSI', '00700.HK']

/** Whether a pattern of subjects, `*` for one token and `>` for the rest, takes one in. */
function matches(pattern: string, subject: string): boolean {
  const [wanted, tokens] = [pattern.split('.'), subject.split('.')]
  const isRest = wanted.at(-1) === '>'
  if (isRest ? tokens.length < wanted.length : tokens.length !== wanted.length) return false
  return wanted.every((token, i) => token === '>' || token === '*' || token === tokens[i])
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

/** @returns whether the group was not there @throws HkqError E_STORAGE for another program's, as `findGroup` */
export async function ensureGroup(connection: Connection, stream: string, group: string): Promise<boolean> {
  if ((await findGroup(connection, stream, group)) !== null) return false
  await connection.ask(({ streams, target }) =>
    streams.consumers.add(stream, {
      ...{ durable_name: group, filter_subject: `${target.name}.>`, ack_policy: 'explicit', deliver_policy: 'all' },
      ...{ ack_wait: LEASE * 1e6, max_ack_pending: PENDING },
    }),
  )
  return true
}

/**
 * The consumer that a group is, null where there is none.
 * @throws HkqError E_STORAGE for another program's, which would lose or leave out entries without a word
 */
export async function findGroup(connection: Connection, stream: string, group: string): Promise<ConsumerInfo | null> {
  const { name, label } = connection.target
  const info = await connection.ask(({ streams }) => streams.consumers.info(stream, group)).catch(absent)
  const weakness = info === null ? null : weaknessOfGroup(info, `${name}.>`)
  if (weakness === null) return info
  const message = `"${label}": the group "${group}" is a consumer of another program that ${weakness}: name another (?group=NAME)`
  throw new HkqError('E_STORAGE', message)
}

function absent(error: unknown): null {
  if (isAbsent(error)) return null
  throw error
}

function weaknessOfGroup({ config }: ConsumerInfo, all: string): string | null {
  if (config.deliver_subject) return 'is pushed its entries'
  if (config.ack_policy !== 'explicit') return `does not acknowledge each entry (ack policy ${config.ack_policy})`
  if ((config.max_deliver ?? -1) > 0) return `gives an entry up after ${config.max_deliver} deliveries`
  const filters = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : [all])
  return filters.some((filter) => filter === all || filter === '>') ? null : `reads ${filters.join(', ')} alone`
}
